import { randomUUID } from "node:crypto";
import { dataOf, EventReader } from "./event-reader.ts";
import type { Exchange, Reply } from "./http-socket.ts";
import { Lanes, lengthField } from "./lanes.ts";
import { FIRST_ID } from "./rpc.ts";
import { ECHO, judge, type Address, type Call, type Done, type LoadSession } from "./session.ts";

/** A REST caller with a session id of its own choice; the first call opens the session. */
export class RestSession implements LoadSession {
  readonly #lanes: Lanes;
  readonly #server: string;
  readonly #sessionId = randomUUID();
  #lastId = FIRST_ID;

  constructor(address: Address) {
    this.#lanes = new Lanes(address);
    this.#server = address.server;
  }

  /** REST has no handshake: the first call of the tool opens the session. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.prepare(ECHO)(0, ({ failure, text }) =>
        failure === undefined ? resolve() : reject(new Error(`${failure} ${text}`)),
      );
    });
  }

  prepare(call: Call): (lane: number, done: Done) => void {
    const first = `{${call.before}"message":"`;
    const second = `${call.padding}"}`;
    // Notifications are only sent in event streams.
    const accept = (call.notifications ?? 0) > 0 ? "text/event-stream" : "application/json";
    const path = `/api/${this.#server}/${call.tool}?sessionId=${this.#sessionId}`;
    const head = this.#lanes.head("POST", path, ["Content-Type: application/json", `Accept: ${accept}`]);
    const before = head + lengthField(first.length + second.length + String(FIRST_ID).length) + first;
    return (lane, done) => {
      const id = ++this.#lastId;
      this.#lanes.get(lane).send(before + id + second, new RestCall(id, call, done));
    };
  }

  async close(): Promise<void> {
    await this.#lanes.ask(`${this.#lanes.head("DELETE", `/api/sessions/${this.#sessionId}`)}\r\n`);
    this.drop();
  }

  drop(): void {
    this.#lanes.drop();
  }
}

class RestCall implements Exchange {
  readonly #id: number;
  readonly #call: Call;
  readonly #done: Done;
  #events = 0;
  #last = "";

  constructor(id: number, call: Call, done: Done) {
    this.#id = id;
    this.#call = call;
    this.#done = done;
  }

  /** All events but the last are notifications; the last one is the result or a problem. */
  stream(): (piece: string) => void {
    const reader = new EventReader((event) => {
      const data = dataOf(event);
      if (data === "") return;
      this.#events++;
      this.#last = data;
    });
    return (piece) => reader.push(piece);
  }

  reply({ status, body, bodyBytes }: Reply): void {
    if (status !== 200) return this.#done({ failure: `status ${status}`, text: body });
    const isStream = body === "";
    const text = isStream ? this.#last : body;
    const notifications = isStream ? this.#events - 1 : 0;
    this.#done(judge(this.#call, this.#id, { text, bytes: isStream ? text.length : bodyBytes, notifications }));
  }

  failed(why: string): void {
    this.#done({ failure: why, text: "" });
  }
}

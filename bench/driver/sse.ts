import { dataOf, EventReader } from "./event-reader.ts";
import type { Exchange, Reply } from "./http-socket.ts";
import { Lanes, lengthField, withBody } from "./lanes.ts";
import { answeredId, callPieces, FIRST_ID, hello, INITIALIZED } from "./rpc.ts";
import { isError, judge, type Address, type Call, type Done, type LoadSession, type Outcome } from "./session.ts";

const JSON_BODY = ["Content-Type: application/json"];

/** An HTTP+SSE client: one stream, and POSTs whose responses arrive on it. */
export class SseSession implements LoadSession {
  readonly #lanes: Lanes;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  #postHead = "";
  #lastId = FIRST_ID;
  #notifications = 0;

  constructor(address: Address) {
    this.#lanes = new Lanes(address);
    this.#path = `/${address.server}/sse`;
  }

  async open(): Promise<void> {
    const endpoint = await this.#listen();
    this.#postHead = this.#lanes.head("POST", endpoint, JSON_BODY);
    await new Promise<void>((resolve, reject) => {
      const id = ++this.#lastId;
      const done: Done = ({ failure, text }) =>
        failure === undefined ? resolve() : reject(new Error(`${failure} ${text}`));
      this.#send(0, withBody(this.#postHead, hello(id)), new Waiting(id, undefined, done));
    });
    await this.#lanes.ask(withBody(this.#postHead, INITIALIZED));
  }

  prepare(call: Call): (lane: number, done: Done) => void {
    const [first, second, third] = callPieces(call);
    const digits = String(FIRST_ID).length;
    const bytes = first.length + second.length + third.length + 2 * digits;
    const before = this.#postHead + lengthField(bytes) + first;
    return (lane, done) => {
      const id = ++this.#lastId;
      const waiting = new Waiting(id, call, done);
      waiting.notificationsBefore = this.#notifications;
      this.#send(lane, before + id + second + id + third, waiting);
    };
  }

  close(): Promise<void> {
    this.drop();
    return Promise.resolve();
  }

  drop(): void {
    this.#lanes.drop();
  }

  #send(lane: number, request: string, waiting: Waiting): void {
    waiting.forget = () => this.#waiting.delete(waiting.id);
    this.#waiting.set(waiting.id, waiting);
    this.#lanes.get(lane).send(request, waiting);
  }

  /** Opens the stream; resolves with the path for messages. */
  #listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      const reader = new EventReader((event, bytes) => {
        const data = dataOf(event);
        if (event.startsWith("event: endpoint")) resolve(data);
        else if (data !== "") this.#onMessage(data, bytes);
      });
      const lost = (why: string): void => {
        reject(new Error(why));
        for (const waiting of this.#waiting.values()) waiting.failed(why);
      };
      this.#lanes.get("stream").send(`${this.#lanes.head("GET", this.#path, ["Accept: text/event-stream"])}\r\n`, {
        stream: () => (piece) => reader.push(piece),
        reply: ({ status, body }) => lost(status === 200 ? "the stream ended" : `status ${status} ${body}`),
        failed: lost,
      });
    });
  }

  #onMessage(json: string, bytes: number): void {
    const id = answeredId(json);
    if (id === undefined) this.#notifications++;
    else this.#waiting.get(id)?.answer(json, bytes, this.#notifications);
  }
}

/** A call is complete when its POST is accepted and its response has arrived, in either order. */
class Waiting implements Exchange {
  readonly id: number;
  readonly #call: Call | undefined;
  #done: Done | undefined;
  #isAccepted = false;
  #outcome: Outcome | undefined;
  notificationsBefore = 0;
  forget: () => void = () => undefined;

  constructor(id: number, call: Call | undefined, done: Done) {
    this.id = id;
    this.#call = call;
    this.#done = done;
  }

  reply({ status, body }: Reply): void {
    if (status !== 202) return this.#finish({ failure: `status ${status}`, text: body });
    this.#isAccepted = true;
    if (this.#outcome !== undefined) this.#finish(this.#outcome);
  }

  failed(why: string): void {
    this.#finish({ failure: why, text: "" });
  }

  answer(text: string, bytes: number, notifications: number): void {
    const answer = { text, bytes, notifications: notifications - this.notificationsBefore };
    this.#outcome = this.#call === undefined ? handshake(text) : judge(this.#call, this.id, answer);
    if (this.#isAccepted) this.#finish(this.#outcome);
  }

  #finish(outcome: Outcome): void {
    this.forget();
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }
}

const handshake = (text: string): Outcome => ({ failure: isError(text) ? "refused" : undefined, text });

import { dataOf, EventReader } from "./event-reader.ts";
import type { Exchange, Reply } from "./http-socket.ts";
import { Lanes, lengthField, withBody } from "./lanes.ts";
import { answeredId, callPieces, FIRST_ID, hello, INITIALIZED } from "./rpc.ts";
import { isError, judge, type Address, type Call, type Done, type LoadSession } from "./session.ts";

const FIELDS = ["Content-Type: application/json", "Accept: application/json, text/event-stream"];

/** A Streamable HTTP client: each POST is answered in its own response, as JSON or as a stream. */
export class StreamableSession implements LoadSession {
  readonly #lanes: Lanes;
  readonly #path: string;
  #sessionFields: readonly string[] = [];
  #lastId = FIRST_ID;

  constructor(address: Address) {
    this.#lanes = new Lanes(address);
    this.#path = `/${address.server}/mcp`;
  }

  async open(): Promise<void> {
    const head = this.#lanes.head("POST", this.#path, FIELDS);
    let streamed = "";
    // The response of a slowly starting server is a stream.
    const stream = () => (piece: string) => void (streamed += piece);
    const reply = await this.#lanes.ask(withBody(head, hello(++this.#lastId)), stream);
    const text = reply.body + streamed;
    const id = /\r\nmcp-session-id: *([^\r\n]+)/i.exec(reply.head)?.[1];
    if (id === undefined || isError(text)) throw new Error(`status ${reply.status} ${text}`);
    this.#sessionFields = [`Mcp-Session-Id: ${id}`, "MCP-Protocol-Version: 2025-11-25"];
    const { status, body } = await this.#lanes.ask(withBody(this.#postHead(), INITIALIZED));
    if (status !== 202) throw new Error(`status ${status} ${body}`);
  }

  prepare(call: Call): (lane: number, done: Done) => void {
    const [first, second, third] = callPieces(call);
    const digits = String(FIRST_ID).length;
    const bytes = first.length + second.length + third.length + 2 * digits;
    const before = this.#postHead() + lengthField(bytes) + first;
    return (lane, done) => {
      const id = ++this.#lastId;
      this.#lanes.get(lane).send(before + id + second + id + third, new Post(id, call, done));
    };
  }

  async close(): Promise<void> {
    await this.#lanes.ask(`${this.#lanes.head("DELETE", this.#path, this.#sessionFields)}\r\n`);
    this.drop();
  }

  drop(): void {
    this.#lanes.drop();
  }

  #postHead(): string {
    return this.#lanes.head("POST", this.#path, [...FIELDS, ...this.#sessionFields]);
  }
}

/** One POST in flight. */
export class Post implements Exchange {
  readonly #id: number;
  readonly #call: Call;
  readonly #done: Done;
  #notifications = 0;
  #answer = "";
  #bytes = 0;

  constructor(id: number, call: Call, done: Done) {
    this.#id = id;
    this.#call = call;
    this.#done = done;
  }

  stream(): (piece: string) => void {
    const reader = new EventReader((event, bytes) => this.#onMessage(dataOf(event), bytes));
    return (piece) => reader.push(piece);
  }

  reply({ status, body, bodyBytes }: Reply): void {
    if (status !== 200) return this.#done({ failure: `status ${status}`, text: body });
    if (body !== "") this.#onMessage(body, bodyBytes);
    if (this.#answer === "") return this.#done({ failure: "the stream ended without the answer", text: "" });
    const notifications = this.#notifications;
    this.#done(judge(this.#call, this.#id, { text: this.#answer, bytes: this.#bytes, notifications }));
  }

  failed(why: string): void {
    this.#done({ failure: why, text: "" });
  }

  #onMessage(json: string, bytes: number): void {
    if (json === "") return;
    const id = answeredId(json);
    if (id === undefined) this.#notifications++;
    if (id !== this.#id) return;
    this.#answer = json;
    this.#bytes = bytes;
  }
}

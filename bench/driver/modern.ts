import { Lanes, lengthField, withBody } from "./lanes.ts";
import { callPieces, FIRST_ID } from "./rpc.ts";
import { isError, type Address, type Call, type Done, type LoadSession } from "./session.ts";
import { Post } from "./streamable.ts";

const PREFIX = "io.modelcontextprotocol/";
/** With a log level, so that the server's notifications reach a call that is alone. */
const META = `"_meta":{"${PREFIX}protocolVersion":"2026-07-28","${PREFIX}clientCapabilities":{},"${PREFIX}logLevel":"info"}`;
const FIELDS = [
  "Content-Type: application/json",
  "Accept: application/json, text/event-stream",
  "MCP-Protocol-Version: 2026-07-28",
];

/** A client of MCP 2026-07-28: there is no session, and every request says everything. */
export class ModernClient implements LoadSession {
  readonly #lanes: Lanes;
  readonly #path: string;
  #lastId = FIRST_ID;

  constructor(address: Address) {
    this.#lanes = new Lanes(address);
    this.#path = `/${address.server}/mcp`;
  }

  /** Asks the server who it is, which starts a process if there is none. */
  async open(): Promise<void> {
    const id = ++this.#lastId;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"server/discover","params":{${META}}}`;
    let streamed = "";
    const stream = () => (piece: string) => void (streamed += piece);
    const reply = await this.#lanes.ask(withBody(this.#head("server/discover"), body), stream);
    const text = reply.body + streamed;
    if (reply.status !== 200 || isError(text)) throw new Error(`status ${reply.status} ${text}`);
  }

  prepare(call: Call): (lane: number, done: Done) => void {
    const [first, second, third] = callPieces(call, `${META},`);
    const bytes = first.length + second.length + third.length + 2 * String(FIRST_ID).length;
    const before = this.#head("tools/call", `Mcp-Name: ${call.tool}`) + lengthField(bytes) + first;
    return (lane, done) => {
      const id = ++this.#lastId;
      this.#lanes.get(lane).send(before + id + second + id + third, new Post(id, call, done));
    };
  }

  /** There is nothing to close. */
  close(): Promise<void> {
    this.drop();
    return Promise.resolve();
  }

  drop(): void {
    this.#lanes.drop();
  }

  #head(method: string, ...more: readonly string[]): string {
    return this.#lanes.head("POST", this.#path, [...FIELDS, `Mcp-Method: ${method}`, ...more]);
  }
}

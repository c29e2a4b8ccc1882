import { GatewayError } from "../../protocol/errors.ts";
import type { Tools } from "../../protocol/tool.ts";
import type { McpClient } from "../../client/mcp-client.ts";
import { listTools } from "../../client/list-tools.ts";
import type { Caller } from "./caller.ts";
import { Arrival, WaitingRoom } from "./waiting-room.ts";

export interface RestSessionOptions {
  /** The HTTP request that opened it. */
  readonly requestId: string;
  /** Its server takes one call at a time. */
  readonly serial: boolean;
  /** Calls that may wait: for the start, or for their turn. */
  readonly maxWaiting: number;
}

const NO_TOOLS: Tools = new Map();

/** A session that REST calls go through: lets them in when its server has started, and where it is serial one after the other. */
export class RestSession {
  readonly client: McpClient;
  readonly #options: RestSessionOptions;
  readonly #room = new WaitingRoom<void>();
  #isReady = false;
  /** A call is in, and its server takes one at a time. */
  #isTaken = false;
  /** Its own tools, once its server said that they differ from what was listed. */
  #tools: Tools | undefined;
  #listing: Arrival<Tools> | undefined;

  constructor(client: McpClient, options: RestSessionOptions) {
    this.client = client;
    this.#options = options;
    client.initialize(options.requestId).then(
      () => this.#onReady(),
      (error: unknown) => this.#onFailure(error),
    );
  }

  /** May a call go at once? One that may has entered. */
  tryEnter(): boolean {
    if (!this.#isReady || this.#isTaken) return false;
    this.#isTaken = this.#options.serial;
    return true;
  }

  /** Resolves when the call has entered. */
  enter(caller: Caller): Promise<void> {
    const { maxWaiting } = this.#options;
    if (this.#room.size >= maxWaiting) {
      const message = `${maxWaiting} calls of this session are already waiting (limits.inFlight); wait for an answer.`;
      throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
    }
    const doing = this.#isReady ? "earlier calls of its session have not finished" : "its server is still starting";
    return this.#room.enter(caller, doing);
  }

  /** After each call that has entered. */
  leave(): void {
    // The turn goes on from hand to hand, so that nobody who comes now is before those who wait.
    if (this.#isTaken) this.#isTaken = this.#room.callNext();
  }

  /** The tools that differ from what was listed for all, or their arrival; undefined when its server said nothing of that. */
  tools(requestId: string): Tools | Arrival<Tools> | undefined {
    if (this.#isReady && this.client.takeToolsChanged()) this.#listing = new Arrival(this.#list(requestId));
    return this.#listing ?? this.#tools;
  }

  async #list(requestId: string): Promise<Tools> {
    try {
      this.#tools = (await listTools(this.client, requestId)).tools;
      return this.#tools;
    } catch {
      // The session's own events tell the log why. What was known before goes on being used.
      return this.#tools ?? NO_TOOLS;
    } finally {
      this.#listing = undefined;
    }
  }

  #onReady(): void {
    this.#isReady = true;
    if (this.#options.serial) this.#isTaken = this.#room.callNext();
    else this.#room.callAll();
  }

  #onFailure(error: unknown): void {
    this.#room.refuseAll(error);
    // A session without a handshake is of no use to anybody.
    void this.client.session.close("server ended");
  }
}

import { GatewayError } from "../../protocol/errors.ts";
import type { Tools } from "../../protocol/tool.ts";
import type { McpClient } from "../../client/mcp-client.ts";
import { listTools } from "../../client/list-tools.ts";
import type { Caller } from "./caller.ts";
import { SharedResult, WaitingRoom } from "./waiting-room.ts";

export interface RestSessionOptions {
  /** The id of the HTTP request that opened it. */
  readonly requestId: string;
  /** Whether its server runs one call at a time. */
  readonly serial: boolean;
  /** Maximum number of calls that wait for the start or for their turn. */
  readonly maxWaiting: number;
}

const NO_TOOLS: Tools = new Map();

/** A session for REST calls: admits them once its server has started, and one at a time if it is serial. */
export class RestSession {
  readonly client: McpClient;
  readonly #options: RestSessionOptions;
  readonly #room = new WaitingRoom<void>();
  #isReady = false;
  /** The session is serial and a call is running. */
  #isTaken = false;
  /** The session's own tools, once its server has announced that they changed. */
  #tools: Tools | undefined;
  #listing: SharedResult<Tools> | undefined;

  constructor(client: McpClient, options: RestSessionOptions) {
    this.client = client;
    this.#options = options;
    client.initialize(options.requestId).then(
      () => this.#onReady(),
      (error: unknown) => this.#onFailure(error),
    );
  }

  /** Whether a call may run now; if so, it has entered. */
  tryEnter(): boolean {
    if (!this.#isReady || this.#isTaken) return false;
    this.#isTaken = this.#options.serial;
    return true;
  }

  /** Resolves when the call may run. */
  enter(caller: Caller): Promise<void> {
    const { maxWaiting } = this.#options;
    if (this.#room.size >= maxWaiting) {
      const message = `${maxWaiting} calls of this session are already waiting (limits.inFlight); wait for an answer.`;
      throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
    }
    const doing = this.#isReady ? "earlier calls of its session have not finished" : "its server is still starting";
    return this.#room.enter(caller, doing);
  }

  /** Must be called after each call that has entered. */
  leave(): void {
    // Hands over directly to the next waiting call, so that a new call cannot overtake it.
    if (this.#isTaken) this.#isTaken = this.#room.callNext();
  }

  /** The session's own tools, or their pending list; undefined when its server has announced no change. */
  tools(requestId: string): Tools | SharedResult<Tools> | undefined {
    if (this.#isReady && this.client.takeToolsChanged()) this.#listing = new SharedResult(this.#list(requestId));
    return this.#listing ?? this.#tools;
  }

  async #list(requestId: string): Promise<Tools> {
    try {
      this.#tools = (await listTools(this.client, requestId)).tools;
      return this.#tools;
    } catch {
      // The session's own events log the reason. The previous list stays in use.
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
    // A session whose initialization failed is unusable.
    void this.client.session.close("refused");
  }
}

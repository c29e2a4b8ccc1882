import type { JsonObject } from "../lib/json.ts";
import { byteLength } from "../lib/lines.ts";
import { LONGEST_TIMER_MS } from "../lib/units.ts";
import { cancellation } from "../protocol/cancellation.ts";
import { GatewayError } from "../protocol/errors.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import type { Frame, ResponseFrame } from "../protocol/frame.ts";
import { resultLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { CallerHeaders, Connect, Destination, OpenRequest, Upstream } from "../protocol/upstream.ts";
import { startingError } from "../protocol/starting-error.ts";
import { callTimeout, evictedError, goneError, startTimeout, type LinkTimes } from "./link-errors.ts";
import { OpenCalls } from "./open-calls.ts";
import { OwnAsks } from "./own-asks.ts";
import { MemberGreeting, type GreetingFacts } from "./member-greeting.ts";

export interface LinkOptions {
  readonly connect: Connect;
  readonly destination: Destination;
  readonly facts: () => GreetingFacts;
  readonly times: LinkTimes;
  /** How much may be queued while the server is starting. */
  readonly heldBytes: number;
  readonly emit: Emit;
  /** Whether the client is being asked something by this server, so that a person may be thinking. */
  readonly isAsking: () => boolean;
  /** A message for the client. */
  readonly frame: (frame: Frame) => void;
  /** There is no answer to this request. */
  readonly failed: (id: RequestId, error: GatewayError, open?: OpenRequest) => void;
  /** The connection is gone, with an error if it was not closed; what was open has failed. */
  readonly ended: (error: GatewayError | undefined) => void;
}

interface HeldMessage {
  readonly frame: Frame;
  readonly caller: CallerHeaders | undefined;
}

/** The connection of a session to one of the servers behind its endpoint, made when something is first sent to it. */
export class MemberLink {
  readonly server: string;
  readonly #options: LinkOptions;
  readonly #greeting: MemberGreeting;
  #upstream: Upstream | undefined;
  /** What the client has sent during the handshake; undefined afterwards. */
  #held: HeldMessage[] | undefined = [];
  #heldBytes = 0;
  readonly #open = new OpenCalls();
  readonly #own = new OwnAsks();
  #startTimer: NodeJS.Timeout | undefined;
  #activeAt = performance.now();
  #isOver = false;
  /** Why it has ended, unless it was closed. */
  #error: GatewayError | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.server = options.destination.server;
    this.#greeting = new MemberGreeting(this.server, (frame) => this.#upstream?.send(frame));
  }

  /** Throws what `connect` throws. */
  start(): void {
    const { connect, destination, times, facts } = this.#options;
    const upstream = connect(destination, {
      frame: (frame) => this.#read(frame),
      badMessage: (id, error, open) => this.#onBadMessage(id, error, open),
      ended: (error, open) => this.#end(error, open),
    });
    this.#upstream = upstream;
    // It may have ended while it was being connected.
    if (this.#error !== undefined) throw this.#error;
    this.#startTimer = this.#after(times.startMs, () => this.#end(startTimeout(this.server, times)));
    this.#greeting.begin(facts());
  }

  get isReady(): boolean {
    return this.#held === undefined && !this.#isOver;
  }

  has(id: RequestId): boolean {
    return this.#open.has(id);
  }

  /** How long nothing has passed; 0 while something is waited for. */
  idleMs(now: number): number {
    return this.#open.size > 0 || this.#options.isAsking() ? 0 : now - this.#activeAt;
  }

  /** Throws a GatewayError when it cannot be sent. */
  send(frame: Frame, caller: CallerHeaders | undefined): void {
    if (this.#isOver || this.#upstream === undefined) throw goneError(this.server);
    this.#checkRoom(this.#upstream);
    this.#activeAt = performance.now();
    if (frame.kind === "request") {
      const { requestMs } = this.#options.times;
      this.#open.add(
        frame,
        requestMs === undefined ? undefined : this.#after(requestMs, () => this.#onTimeout(frame.id)),
      );
    }
    if (this.#held === undefined) return this.#upstream.send(frame, caller);
    this.#held.push({ frame, caller });
    this.#heldBytes += byteLength(frame.line);
  }

  setLevel(level: string): void {
    if (this.isReady) this.#greeting.setLevel(level);
  }

  /** Resolves with the result of `initialize`; rejects when the connection ends before that. */
  ready(): Promise<JsonObject> {
    if (this.isReady) return Promise.resolve(this.#greeting.result);
    return this.#isOver ? Promise.reject(goneError(this.server)) : this.#own.greeting();
  }

  /** Asks on the session's own account; rejects when the connection ends. */
  ask(method: string, params: JsonObject): Promise<ResponseFrame> {
    if (!this.isReady) return Promise.reject(goneError(this.server));
    return this.#own.answerTo(this.#greeting.ask(method, params));
  }

  /** The client does not wait any more for the answer. */
  forget(id: RequestId): void {
    this.#open.take(id);
  }

  pause(): void {
    this.#upstream?.pause();
  }

  resume(): void {
    this.#upstream?.resume();
  }

  /** Resolves when its process is gone. */
  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#startTimer);
    this.#open.clear();
    this.#held = [];
    this.#own.failAll(goneError(this.server));
    await this.#upstream?.close();
  }

  /** Ends it before its session, because its place is needed or nobody uses it. */
  evict(): void {
    this.#end(evictedError(this.server));
  }

  #checkRoom(upstream: Upstream): void {
    upstream.checkRoom();
    if (this.#heldBytes <= this.#options.heldBytes) return;
    throw startingError(this.server);
  }

  #read(frame: Frame): void {
    if (this.#isOver) return;
    switch (frame.kind) {
      case "response":
        if (this.#greeting.isOpening(frame.id)) return this.#onOpened(frame);
        if (this.#greeting.owns(frame.id)) return this.#own.answered(frame);
        // Late, twice, or the id of a request to another server.
        if (!this.#take(frame.id)) return;
        break;
      case "request":
        // Answered here, as in a session with one server.
        if (frame.method === methods.ping) return this.#pong(frame.id);
        break;
      case "notification":
        // Tokens of requests to other servers are none of its business.
        if (frame.method === methods.progress && !this.#open.progressed(frame.params?.["progressToken"])) return;
    }
    this.#options.frame(frame);
  }

  #onOpened(answer: ResponseFrame): void {
    if (this.#held === undefined) return;
    clearTimeout(this.#startTimer);
    try {
      this.#greeting.opened(answer, this.#options.facts());
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return this.#end(error);
    }
    const held = this.#held;
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const { frame, caller } of held) {
      // A request may have been cancelled meanwhile.
      if (frame.kind !== "request" || this.#open.has(frame.id)) this.#upstream?.send(frame, caller);
    }
    this.#own.greeted(this.#greeting.result);
  }

  #take(id: RequestId): boolean {
    if (!this.#open.take(id)) return false;
    this.#activeAt = performance.now();
    return true;
  }

  #onBadMessage(id: RequestId | undefined, error: GatewayError, open?: OpenRequest): void {
    if (this.#isOver) return;
    // Without an answer to `initialize` the server is unusable.
    if (this.#greeting.isOpening(id) && this.#held !== undefined) return this.#end(error);
    if (id === undefined) return;
    if (this.#greeting.owns(id)) this.#own.failed(id, error);
    else if (this.#take(id)) this.#options.failed(id, error, open);
  }

  #onTimeout(id: RequestId): void {
    const { times, isAsking, failed } = this.#options;
    if (isAsking()) return this.#open.refresh(id);
    if (!this.#take(id)) return;
    failed(id, callTimeout(this.server, times));
    if (typeof id === "bigint" || !this.isReady) return;
    this.#upstream?.send(cancellation(id, "timed out"));
  }

  #end(error: GatewayError, open: readonly OpenRequest[] = []): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    const lost = this.#open.ids;
    // Only a server that has forgotten the session, and is there, may be sent the same again at once.
    const again = error.reason === "session_ended" ? open : [];
    for (const id of lost)
      this.#options.failed(
        id,
        error,
        again.find(({ frame }) => frame.id === id),
      );
    this.#options.ended(error);
  }

  #pong(id: RequestId): void {
    this.#upstream?.send({ kind: "response", id, failed: false, line: resultLine(id, {}) });
  }

  #after(ms: number, run: () => void): NodeJS.Timeout | undefined {
    if (ms > LONGEST_TIMER_MS) return undefined;
    return setTimeout(() => guarded(this.#options.emit, `a clock failed for "${this.server}"`, run), ms);
  }
}

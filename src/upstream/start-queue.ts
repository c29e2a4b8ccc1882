import { GatewayError, toGatewayError } from "../protocol/errors.ts";

export interface StartLimits {
  /** Process starts per second; `burst` is how many may start at once after a quiet period. */
  readonly perSecond: number;
  readonly burst: number;
  /** How many processes of one server may be starting at the same time. */
  readonly startingPerServer: number;
  /** How long a start may wait in the queue. */
  readonly queueMs: number;
}

const RETRY_MS = 50;

interface QueuedStart {
  readonly server: string;
  readonly since: number;
  readonly start: () => void;
  readonly refuse: (error: GatewayError) => void;
}

/**
 * Keeps a flood of `initialize` requests from becoming a fork bomb: a token bucket for all servers, a limit of concurrent starts
 * per server, and a short queue.
 */
export class StartQueue {
  readonly #limits: StartLimits;
  readonly #starting = new Map<string, number>();
  readonly #queue = new Set<QueuedStart>();
  #tokens: number;
  #refilledAt = performance.now();
  #isWaiting = false;
  /** A process was started in this turn of the event loop. */
  #hasStarted = false;

  constructor(limits: StartLimits) {
    this.#limits = limits;
    this.#tokens = limits.burst;
  }

  /** Calls `start` as soon as the limits allow, or `refuse` after `queueMs`. The returned function leaves the queue. */
  enter(server: string, start: () => void, refuse: (error: GatewayError) => void): () => void {
    const waiting: QueuedStart = { server, since: performance.now(), start, refuse };
    this.#queue.add(waiting);
    this.#pump();
    return () => this.#queue.delete(waiting);
  }

  /** Whether one more start is possible without delaying a session. */
  hasRoom(server: string): boolean {
    this.#refill();
    const { burst, startingPerServer } = this.#limits;
    return (
      this.#queue.size === 0 && this.#tokens >= Math.max(1, burst / 2) && this.#startingOf(server) < startingPerServer
    );
  }

  /** A process of `server` has finished starting or has failed to start. */
  leave(server: string): void {
    const starting = (this.#starting.get(server) ?? 1) - 1;
    if (starting > 0) this.#starting.set(server, starting);
    else this.#starting.delete(server);
    this.#pump();
  }

  /**
   * Starts at most one process per event loop turn: a start blocks until the system has created the process, which takes tens of
   * milliseconds under load, and requests must be served in between.
   */
  #pump(): void {
    if (this.#hasStarted) return;
    this.#refill();
    const now = performance.now();
    for (const waiting of this.#queue) {
      if (this.#tokens >= 1 && this.#startingOf(waiting.server) < this.#limits.startingPerServer) {
        this.#queue.delete(waiting);
        this.#tokens -= 1;
        this.#starting.set(waiting.server, this.#startingOf(waiting.server) + 1);
        this.#hasStarted = true;
        setImmediate(() => this.#nextTurn());
        return this.#start(waiting);
      }
      if (now - waiting.since >= this.#limits.queueMs) {
        this.#queue.delete(waiting);
        waiting.refuse(tooManyStarts());
      }
    }
    if (this.#queue.size === 0 || this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => this.#tick(), RETRY_MS).unref();
  }

  #nextTurn(): void {
    this.#hasStarted = false;
    this.#pump();
  }

  /** A failing start must not affect those behind it in the queue. */
  #start({ start, refuse }: QueuedStart): void {
    try {
      start();
    } catch (thrown) {
      refuse(toGatewayError(thrown));
    }
  }

  #tick(): void {
    this.#isWaiting = false;
    this.#pump();
  }

  #refill(): void {
    const now = performance.now();
    const { perSecond, burst } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilledAt) / 1_000) * perSecond);
    this.#refilledAt = now;
  }

  #startingOf(server: string): number {
    return this.#starting.get(server) ?? 0;
  }
}

function tooManyStarts(): GatewayError {
  return new GatewayError("too_many_starts", "Too many MCP servers are starting right now; try again shortly.", {
    retryAfterMs: 2_000,
  });
}

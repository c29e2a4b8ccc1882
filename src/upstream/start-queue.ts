import { GatewayError, toGatewayError } from "../protocol/errors.ts";

export interface StartLimits {
  /** Process starts per second, and how many at once when it was quiet before. */
  readonly perSecond: number;
  readonly burst: number;
  /** How many processes of one server may be starting at the same time. */
  readonly startingPerServer: number;
  /** How long a start may wait for its turn. */
  readonly queueMs: number;
}

const RETRY_MS = 50;

interface Waiting {
  readonly server: string;
  readonly since: number;
  readonly start: () => void;
  readonly refuse: (error: GatewayError) => void;
}

/** Keeps a loop of `initialize` from becoming a fork bomb: a token bucket for all, a few at once per server, a short queue. */
export class StartQueue {
  readonly #limits: StartLimits;
  readonly #starting = new Map<string, number>();
  readonly #queue = new Set<Waiting>();
  #tokens: number;
  #refilledAt = performance.now();
  #isWaiting = false;
  /** In this turn of the event loop. */
  #hasStarted = false;

  constructor(limits: StartLimits) {
    this.#limits = limits;
    this.#tokens = limits.burst;
  }

  /** Calls `start` now or soon, or `refuse` when its turn does not come in time. The returned function gives the place up. */
  enter(server: string, start: () => void, refuse: (error: GatewayError) => void): () => void {
    const waiting: Waiting = { server, since: performance.now(), start, refuse };
    this.#queue.add(waiting);
    this.#pump();
    return () => this.#queue.delete(waiting);
  }

  /** Could one more start without a session having to wait for it, now or soon? */
  hasRoom(server: string): boolean {
    this.#refill();
    const { burst, startingPerServer } = this.#limits;
    return (
      this.#queue.size === 0 && this.#tokens >= Math.max(1, burst / 2) && this.#startingOf(server) < startingPerServer
    );
  }

  /** The process of `server` is up, or will never be. */
  leave(server: string): void {
    const starting = (this.#starting.get(server) ?? 1) - 1;
    if (starting > 0) this.#starting.set(server, starting);
    else this.#starting.delete(server);
    this.#pump();
  }

  /**
   * At most one start in a turn of the event loop: a start lasts until the system has made the process, which takes tens of
   * milliseconds while many others come up, and requests are to be answered in between.
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

  /** What goes wrong with one start is no reason to forget those behind it. */
  #start({ start, refuse }: Waiting): void {
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

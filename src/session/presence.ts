import type { Outlet } from "../protocol/session.ts";
import type { Exchanges } from "./exchanges.ts";
import type { Recorder } from "./recorder.ts";

/** How active the client is: decides when a session may end, hibernate or be evicted. */
export class Presence {
  readonly #outlet: Outlet;
  readonly #exchanges: Exchanges;
  readonly #recorder: Recorder;
  #activeAt = performance.now();
  #connectedAt = performance.now();

  constructor(outlet: Outlet, exchanges: Exchanges, recorder: Recorder) {
    this.#outlet = outlet;
    this.#exchanges = exchanges;
    this.#recorder = recorder;
  }

  /** A request is waiting for its response. */
  get isBusy(): boolean {
    return this.#exchanges.size > 0;
  }

  /** The client has a stream open. */
  get isConnected(): boolean {
    return this.#outlet.isConnected;
  }

  /** Whether the handshake is complete, done by the client or on its behalf. */
  get isInitialized(): boolean {
    return this.#recorder.isInitialized;
  }

  /** The time of the last message. */
  get activeAt(): number {
    return this.#activeAt;
  }

  touch(): void {
    this.#activeAt = performance.now();
  }

  idleMs(now: number): number {
    return this.isBusy ? 0 : now - this.#activeAt;
  }

  /** How long the client has neither sent anything nor had a stream open, as observed by the calls of this method. */
  absentMs(now: number): number {
    if (this.isConnected) this.#connectedAt = now;
    return Math.min(this.idleMs(now), now - this.#connectedAt);
  }
}

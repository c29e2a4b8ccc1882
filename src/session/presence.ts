import type { Outlet } from "../protocol/session.ts";
import type { Exchanges } from "./exchanges.ts";
import type { Recorder } from "./recorder.ts";

/** Is anybody there? When a session may end, hibernate or make room for another one hangs on this. */
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

  /** A request waits for its answer. */
  get isBusy(): boolean {
    return this.#exchanges.size > 0;
  }

  /** The client has a stream open. */
  get isConnected(): boolean {
    return this.#outlet.isConnected;
  }

  /** Was the handshake completed, by the client or in its place? */
  get isInitialized(): boolean {
    return this.#recorder.isInitialized;
  }

  /** When something was said last. */
  get activeAt(): number {
    return this.#activeAt;
  }

  touch(): void {
    this.#activeAt = performance.now();
  }

  idleMs(now: number): number {
    return this.isBusy ? 0 : now - this.#activeAt;
  }

  /** How long the client has neither said anything nor listened, as far as it was asked for meanwhile. */
  absentMs(now: number): number {
    if (this.isConnected) this.#connectedAt = now;
    return Math.min(this.idleMs(now), now - this.#connectedAt);
  }
}

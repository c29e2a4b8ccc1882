import { guarded, type Emit } from "../protocol/events.ts";
import type { Guest } from "../protocol/session.ts";

/** The processes of sessions that have several, because there are several servers behind their endpoint. */
export class Guests {
  readonly #all = new Set<Guest>();

  get all(): readonly Guest[] {
    return [...this.#all];
  }

  add(guest: Guest): void {
    this.#all.add(guest);
  }

  delete(guest: Guest): void {
    this.#all.delete(guest);
  }

  /** Ends those that nobody has used for a long time; their session continues. */
  sweep(idleMs: number, emit: Emit): void {
    const now = performance.now();
    for (const guest of this.#all) {
      const isIdle = guest.presence.idleMs(now) >= idleMs;
      if (isIdle) guarded(emit, `an idle process of "${guest.server}" could not be ended`, () => guest.evict());
    }
  }
}

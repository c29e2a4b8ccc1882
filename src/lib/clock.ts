import { LONGEST_TIMER_MS } from "./units.ts";

/** Calls `tick` for each member every `everyMs`. All members share one timer, which runs only while there are any. */
export class Clock<T> {
  readonly #everyMs: number;
  readonly #tick: (member: T) => void;
  readonly #members = new Set<T>();
  #timer: NodeJS.Timeout | undefined;

  /** `everyMs` may be Infinity (a limit that is switched off): then `tick` is never called. */
  constructor(everyMs: number, tick: (member: T) => void) {
    this.#everyMs = Math.min(everyMs, LONGEST_TIMER_MS);
    this.#tick = tick;
  }

  add(member: T): void {
    this.#members.add(member);
    this.#timer ??= setInterval(() => this.#tickAll(), this.#everyMs);
  }

  delete(member: T): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tickAll(): void {
    for (const member of this.#members) this.#tick(member);
  }
}

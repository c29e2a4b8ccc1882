import { nanoid } from "nanoid";
import { principalKey, type Principal } from "../../protocol/principal.ts";

const MAX_KEPT = 10_000;

/** The session ids that the gateway gave out, each its principal's, kept until unused for as long as a session may idle. */
export class MintedIds {
  readonly #idleMs: number;
  readonly #keptAt = new Map<string, number>();

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  mint(principal: Principal): string {
    const id = nanoid();
    this.#dropOld();
    this.#keptAt.set(keyOf(principal, id), performance.now());
    return id;
  }

  has(principal: Principal, id: string): boolean {
    const key = keyOf(principal, id);
    const at = this.#keptAt.get(key);
    if (at === undefined || performance.now() - at > this.#idleMs) return false;
    // Used just now: to the young end.
    this.#keptAt.delete(key);
    this.#keptAt.set(key, performance.now());
    return true;
  }

  delete(principal: Principal, id: string): void {
    this.#keptAt.delete(keyOf(principal, id));
  }

  #dropOld(): void {
    const now = performance.now();
    for (const [key, at] of this.#keptAt) {
      if (this.#keptAt.size < MAX_KEPT && now - at <= this.#idleMs) return;
      this.#keptAt.delete(key);
    }
  }
}

const keyOf = (principal: Principal, id: string): string => `${principalKey(principal)}\n${id}`;

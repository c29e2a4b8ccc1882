import { nanoid } from "nanoid";
import { FairStore } from "../../lib/fair-store.ts";
import { principalKey, type Principal } from "../../protocol/principal.ts";

const MAX_KEPT = 10_000;
const MAX_PER_PRINCIPAL = 5_000;

/** The session ids issued by the gateway, per principal, kept until they have been unused for the idle time of a session. */
export class MintedIds {
  readonly #kept: FairStore<true>;

  constructor(idleMs: number) {
    this.#kept = new FairStore({ perOwner: MAX_PER_PRINCIPAL, entries: MAX_KEPT, maxAgeMs: idleMs });
  }

  mint(principal: Principal): string {
    const id = nanoid();
    this.#kept.set(principalKey(principal), id, true);
    return id;
  }

  has(principal: Principal, id: string): boolean {
    const owner = principalKey(principal);
    if (this.#kept.get(owner, id) === undefined) return false;
    // Stored again, which makes it the newest entry.
    this.#kept.set(owner, id, true);
    return true;
  }

  delete(principal: Principal, id: string): void {
    this.#kept.delete(principalKey(principal), id);
  }
}

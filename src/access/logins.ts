import { LRUCache } from "lru-cache";
import { isIPv6 } from "node:net";
import { FairStore } from "../lib/fair-store.ts";
import { GatewayError } from "../protocol/errors.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";

const WINDOW_MS = 60_000;
const ADDRESSES = 10_000;
/** Who was admitted from where. */
const ADMITTED = { perOwner: 1_000, entries: 10_000, maxAgeMs: 24 * 3_600_000 };

interface Visits {
  failures: number;
  /** When the first of them was. */
  since: number;
}

/**
 * Counts failed logins per address. At the limit nobody can try credentials from there for the rest of the minute: right and wrong
 * ones get the same answer. Callers who were admitted from there before still are, because behind one address there can be
 * many people, or a proxy.
 */
export class Logins {
  readonly #limit: number;
  readonly #visits = new LRUCache<string, Visits>({ max: ADDRESSES });
  readonly #admitted = new FairStore<true>(ADMITTED);
  /** From which address a caller was admitted last: the next request nearly always comes from there too. */
  readonly #lastAddress = new WeakMap<Principal, string>();

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Throws when the address is over its limit and the caller new there. */
  admit(address: string | undefined, principal: Principal): void {
    if (address === undefined || this.#limit === Number.POSITIVE_INFINITY) return;
    if (this.#lastAddress.get(principal) === address) return;
    const network = networkOf(address);
    const key = principalKey(principal);
    if (this.#admitted.get(network, key) === undefined) {
      this.#refuseOverLimit(this.#of(network), address);
      this.#admitted.set(network, key, true);
    }
    this.#lastAddress.set(principal, address);
  }

  /** Counts a failed login. Throws when the address was already at its limit. */
  fail(address: string | undefined): void {
    if (address === undefined || this.#limit === Number.POSITIVE_INFINITY) return;
    const visits = this.#of(networkOf(address));
    this.#refuseOverLimit(visits, address);
    if (visits.failures === 0) visits.since = performance.now();
    visits.failures++;
  }

  #of(network: string): Visits {
    const known = this.#visits.get(network);
    if (known !== undefined) return known;
    const visits: Visits = { failures: 0, since: 0 };
    this.#visits.set(network, visits);
    return visits;
  }

  #refuseOverLimit(visits: Visits, address: string): void {
    const waitMs = visits.since + WINDOW_MS - performance.now();
    if (waitMs <= 0) visits.failures = 0;
    if (visits.failures < this.#limit) return;
    throw new GatewayError(
      "too_many_failed_logins",
      "Too many failed logins from this address: wait, then check the credentials.",
      { retryAfterMs: waitMs, log: { address } },
    );
  }
}

/** The address itself; of IPv6 its /64, because one host has all of that (RFC 6177 §2). */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ""] = address.split("%");
  if (!isIPv6(plain)) return address;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  // What `::` stands for; a tail of four groups at most is not part of the network.
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - groups.length - behind.length)).fill("0");
  const all = tail === undefined ? groups : [...groups, ...zeros, ...behind];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":")}::/64`;
}

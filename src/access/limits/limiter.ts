import { GatewayError, type Reason } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { Quota } from "../../protocol/quota.ts";
import type { Transport } from "../../protocol/session.ts";
import type { SharedStore } from "../../protocol/shared-store.ts";
import type { RateLimitConfig } from "./config.ts";
import type { Charge, Count, Counters } from "./counters.ts";
import { Limits } from "./limits.ts";
import { subjectOf } from "./subject.ts";

/** The messages of one HTTP body, and who sends them to which server. */
export interface LimitedRequest {
  readonly principal: Principal;
  readonly server: string;
  readonly transport: Transport;
  readonly frames: readonly Frame[];
}

export interface LimiterOptions {
  readonly config: RateLimitConfig;
  readonly keyPrefix: string;
  readonly counters: Counters;
  /** The Redis in which `counters` counts. */
  readonly store?: SharedStore | undefined;
}

const RETRY_MS = 1_000;

/** Decides how often a caller may. Synchronous unless it counts in Redis. */
export class Limiter {
  readonly #config: RateLimitConfig;
  readonly #limits: Limits;
  readonly #counters: Counters;
  readonly #store: SharedStore | undefined;
  readonly #keyPrefix: string;
  /** By principal, because a session has one and the same for all its calls. */
  readonly #beginnings = new WeakMap<Principal, string>();

  constructor({ config, keyPrefix, counters, store }: LimiterOptions) {
    this.#config = config;
    this.#limits = new Limits(config);
    this.#counters = counters;
    this.#store = store;
    this.#keyPrefix = keyPrefix;
  }

  /** How many requests of `limit` remain; undefined when nothing in the body is limited. Throws `rate_limited`. */
  charge(request: LimitedRequest): Quota | undefined | Promise<Quota | undefined> {
    const charges = this.#chargesFor(request);
    if (charges.length === 0) return undefined;
    if (this.#store?.isReady === false) return this.#onFailure(undefined);
    const count = this.#counters.take(charges);
    return count instanceof Promise ? this.#await(count) : granted(count);
  }

  async #await(counting: Promise<Count>): Promise<Quota | undefined> {
    let count: Count;
    try {
      count = await counting;
    } catch (cause) {
      this.#store?.suspect();
      return this.#onFailure(cause);
    }
    return granted(count);
  }

  #onFailure(cause: unknown): undefined {
    if (this.#config.onError === "allow") return undefined;
    throw new GatewayError("limits_unavailable", "Requests cannot be counted at the moment; try again soon.", {
      cause,
      retryAfterMs: RETRY_MS,
    });
  }

  #chargesFor({ principal, server, transport, frames }: LimitedRequest): readonly Charge[] {
    // What the gateway lists for all callers is nobody's request.
    if (principal.kind === "gateway") return NONE;
    const [only] = frames;
    if (frames.length === 1 && only !== undefined) return this.#chargesOf(only, principal, server, transport);
    return merged(frames.flatMap((frame) => this.#chargesOf(frame, principal, server, transport)));
  }

  #chargesOf(frame: Frame, principal: Principal, server: string, transport: Transport): readonly Charge[] {
    if (frame.kind !== "request" || !this.#limits.isLimited(frame.method)) return NONE;
    // On REST all but the calls is the gateway's own work.
    if (transport === "rest" && frame.method !== methods.callTool) return NONE;
    return this.#limits.chargesFor(this.#beginningFor(principal), server, frame.method, frame.params?.["name"]);
  }

  #beginningFor(principal: Principal): string {
    const known = this.#beginnings.get(principal);
    if (known !== undefined) return known;
    const beginning = `${this.#keyPrefix}:rate:${subjectOf(principal)}:`;
    this.#beginnings.set(principal, beginning);
    return beginning;
  }
}

const NONE: readonly Charge[] = [];

/** One charge for each key. */
function merged(charges: readonly Charge[]): Charge[] {
  const byKey = new Map<string, Charge>();
  for (const charge of charges) {
    const points = (byKey.get(charge.key)?.points ?? 0) + charge.points;
    byKey.set(charge.key, { ...charge, points });
  }
  return [...byKey.values()];
}

function granted(count: Count): Quota {
  if (!count.isExceeded) return count;
  const { limit, resetMs } = count;
  const reason: Reason = "rate_limited";
  const seconds = Math.max(1, Math.ceil(resetMs / 1_000));
  throw new GatewayError(reason, `More than ${limit} requests of this kind in a minute; try again in ${seconds} s.`, {
    retryAfterMs: Math.ceil(resetMs),
    data: { limit },
    quota: count,
  });
}

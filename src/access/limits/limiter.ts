import type { AdmissionStep, Submission } from "../../protocol/admission.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { SharedStore } from "../../protocol/shared-store.ts";
import type { RateLimitConfig } from "./config.ts";
import type { Charge, Count, Counters } from "./counters.ts";
import { Charges, Limits } from "./limits.ts";
import { subjectOf } from "./subject.ts";

const RETRY_MS = 1_000;

/** Decides how often a caller may. Synchronous unless it counts in Redis. */
export class Limiter implements AdmissionStep {
  readonly #config: RateLimitConfig;
  readonly #limits: Limits;
  readonly #keyPrefix: string;
  /** A principal that comes again is mostly the same object. */
  readonly #charges = new WeakMap<Principal, Charges>();
  #counters: Counters;
  #store: SharedStore | undefined;

  constructor(config: RateLimitConfig, keyPrefix: string, counters: Counters) {
    this.#config = config;
    this.#limits = new Limits(config);
    this.#keyPrefix = keyPrefix;
    this.#counters = counters;
  }

  /** `counters` count in `store`, which may be lost and come back. */
  countIn(counters: Counters, store: SharedStore): void {
    this.#counters = counters;
    this.#store = store;
  }

  admit(submission: Submission): Promise<void> | void {
    const charges = this.#chargesFor(submission);
    if (charges.length === 0) return;
    if (this.#store?.isReady === false) return this.#onFailure(undefined);
    const count = this.#counters.take(charges);
    if (count instanceof Promise) return this.#await(count, submission);
    this.#judge(count, submission);
  }

  foresee(submission: Submission): void {
    const charges = this.#chargesFor(submission);
    if (charges.length > 0 && this.#store?.isReady === false) return this.#onFailure(undefined);
    const count = this.#counters.foresee(charges);
    if (count !== undefined) this.#judge(count, submission);
  }

  async #await(counting: Promise<Count>, submission: Submission): Promise<void> {
    let count: Count;
    try {
      count = await counting;
    } catch (cause) {
      // What Redis answers with an error concerns this key; only silence concerns everybody.
      if (!(cause instanceof Error && cause.name === "ReplyError")) this.#store?.suspect();
      return this.#onFailure(cause);
    }
    this.#judge(count, submission);
  }

  #judge(count: Count, { reception }: Submission): void {
    if (!count.isExceeded) return reception.onQuota?.(count);
    const { limit, resetMs, rule } = count;
    const seconds = Math.max(1, Math.ceil(resetMs / 1_000));
    throw new GatewayError("rate_limited", `More than ${limit} such requests in a minute; try again in ${seconds} s.`, {
      retryAfterMs: Math.ceil(resetMs),
      data: { limit },
      log: { rule },
      quota: count,
      isAnswer: this.#config.mcpStatus === "jsonrpc",
    });
  }

  #onFailure(cause: unknown): void {
    if (this.#config.onError === "allow") return;
    throw new GatewayError("limits_unavailable", "Requests cannot be counted at the moment; try again soon.", {
      cause,
      retryAfterMs: RETRY_MS,
      isAnswer: this.#config.mcpStatus === "jsonrpc",
    });
  }

  #chargesFor({ principal, server, messages: { frames } }: Submission): readonly Charge[] {
    const [first] = frames;
    if (first !== undefined && frames.length === 1) return this.#chargesOf(first, principal, server);
    return merged(frames.flatMap((frame) => this.#chargesOf(frame, principal, server)));
  }

  #chargesOf(frame: Frame, principal: Principal, server: string): readonly Charge[] {
    if (!this.#isLimited(frame)) return NONE;
    return this.#limits.chargesFor(this.#knownOf(principal), server, frame.method, frame.params?.["name"]);
  }

  #knownOf(principal: Principal): Charges {
    const known = this.#charges.get(principal);
    if (known !== undefined) return known;
    const charges = new Charges(`${this.#keyPrefix}:rate:${subjectOf(principal)}:`);
    this.#charges.set(principal, charges);
    return charges;
  }

  #isLimited(frame: Frame): frame is Extract<Frame, { kind: "request" }> {
    return frame.kind === "request" && this.#limits.isLimited(frame.method);
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

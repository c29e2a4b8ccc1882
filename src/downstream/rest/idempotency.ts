import { hash } from "node:crypto";
import { FairStore } from "../../lib/fair-store.ts";
import { GatewayError } from "../../protocol/errors.ts";
import { principalKey, type Principal } from "../../protocol/principal.ts";
import type { RestAnswer } from "./answer.ts";

export interface IdempotencyLimits {
  readonly maxAgeMs: number;
  readonly bytes: number;
}

/** A call with an idempotency key, which is scoped to its principal, server and tool. */
export interface KeyedCall {
  readonly principal: Principal;
  readonly server: string;
  readonly tool: string;
  readonly key: string;
  /** Everything that the response depends on: a call with other content under the same key is refused. */
  readonly content: readonly (string | boolean | undefined)[];
}

interface StoredAnswer {
  readonly fingerprint: string;
  readonly answer: RestAnswer;
}

/** A call that runs under a key: `finish` it with its response, or `forget` it if it never ran. `forget` has no effect after `finish`. */
export interface RunningCall {
  finish(answer: RestAnswer): void;
  forget(): void;
}

const MAX_KEPT = 2_000;
const MAX_KEPT_PER_PRINCIPAL = 1_000;
const MAX_RUNNING_PER_PRINCIPAL = 256;
/** The memory used by a stored response besides its body. */
const OVERHEAD_BYTES = 512;
const KEY = /^[\u0021-\u007e]{1,255}$/;

/**
 * The responses to calls with an `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header), so that a caller that does
 * not know whether its call arrived can safely repeat it.
 */
export class IdempotencyStore {
  readonly #kept: FairStore<StoredAnswer>;
  /** The fingerprints of running calls, by principal and key: never evicted, because the same call could otherwise run twice. */
  readonly #running = new Map<string, Map<string, string>>();

  constructor({ maxAgeMs, bytes }: IdempotencyLimits) {
    const limits = { perOwner: MAX_KEPT_PER_PRINCIPAL, entries: MAX_KEPT, weight: bytes, maxAgeMs };
    this.#kept = new FairStore(limits);
  }

  /** The stored response, or a new running call. Throws while a call with this key is running, and when its content differs. */
  begin({ principal, server, tool, key, content }: KeyedCall): RestAnswer | RunningCall {
    if (!KEY.test(key))
      throw new GatewayError("invalid_request", "An Idempotency-Key has 1 to 255 visible characters.");
    const owner = principalKey(principal);
    const name = JSON.stringify([server, tool, key]);
    const fingerprint = hash("sha256", JSON.stringify(content));
    const runs = this.#running.get(owner)?.get(name);
    const known = this.#kept.get(owner, name);
    if (runs === undefined && known === undefined) return this.#begin(owner, name, fingerprint);
    if ((runs ?? known?.fingerprint) !== fingerprint) {
      const message =
        "This Idempotency-Key was already used with other arguments, another session or another form of result.";
      throw new GatewayError("key_reused", message);
    }
    if (known === undefined) {
      const message = "The call with this Idempotency-Key is still running.";
      throw new GatewayError("in_progress", message, { retryAfterMs: 1_000 });
    }
    const { headers } = known.answer;
    return { ...known.answer, headers: { ...headers, "Idempotency-Replayed": "true" } };
  }

  #begin(owner: string, name: string, fingerprint: string): RunningCall {
    const running = this.#running.get(owner) ?? new Map<string, string>();
    if (running.size >= MAX_RUNNING_PER_PRINCIPAL) {
      const message = `${running.size} calls with an Idempotency-Key are already running; wait for an answer.`;
      throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
    }
    this.#running.set(owner, running.set(name, fingerprint));
    let isOver = false;
    const over = (): void => {
      isOver = true;
      running.delete(name);
      if (running.size === 0) this.#running.delete(owner);
    };
    return {
      finish: (answer) => {
        if (isOver) return;
        over();
        this.#kept.set(owner, name, { fingerprint, answer }, answer.body.length + OVERHEAD_BYTES);
      },
      forget: () => {
        if (!isOver) over();
      },
    };
  }
}

import { hash } from "node:crypto";
import { GatewayError } from "../../protocol/errors.ts";
import type { RestAnswer } from "./answer.ts";

export interface IdempotencyLimits {
  readonly maxAgeMs: number;
  readonly bytes: number;
}

interface Kept {
  readonly fingerprint: string;
  /** When it began; from its answer on, when that came. */
  at: number;
  /** Undefined while the call runs. */
  answer: RestAnswer | undefined;
}

/** A call that was begun under a key: finish it with its answer, or forget it when it never ran (which does nothing after an answer). */
export interface Begun {
  finish(answer: RestAnswer): void;
  forget(): void;
}

const MAX_KEPT = 1_000;
const KEY = /^[\u0021-\u007e]{1,255}$/;

/**
 * The answers to calls that came with an `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header), so that a caller
 * who does not know whether its call arrived may send it again. A key belongs to its principal, server and tool.
 */
export class IdempotencyStore {
  readonly #limits: IdempotencyLimits;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(limits: IdempotencyLimits) {
    this.#limits = limits;
  }

  /** The answer that was given before, or a call that begins now. Throws while it runs, and on another body. */
  begin(scope: readonly string[], key: string, body: string): RestAnswer | Begun {
    if (!KEY.test(key)) throw new GatewayError("invalid_request", "An Idempotency-Key is 1 to 255 visible characters.");
    this.#dropOld();
    const name = JSON.stringify([...scope, key]);
    const fingerprint = hash("sha256", body);
    const known = this.#kept.get(name);
    if (known === undefined) return this.#begin(name, fingerprint);
    if (known.fingerprint !== fingerprint) {
      throw new GatewayError("key_reused", "This Idempotency-Key came before with other arguments.");
    }
    if (known.answer === undefined) {
      const message = "The call with this Idempotency-Key is still running.";
      throw new GatewayError("call_in_progress", message, { retryAfterMs: 1_000 });
    }
    const { headers } = known.answer;
    return { ...known.answer, headers: { ...headers, "Idempotency-Replayed": "true" } };
  }

  #begin(name: string, fingerprint: string): Begun {
    const kept: Kept = { fingerprint, at: performance.now(), answer: undefined };
    this.#kept.set(name, kept);
    return {
      finish: (answer) => {
        kept.answer = answer;
        kept.at = performance.now();
        this.#bytes += answer.body.length;
        this.#dropOld();
      },
      forget: () => {
        if (kept.answer === undefined && this.#kept.get(name) === kept) this.#kept.delete(name);
      },
    };
  }

  #dropOld(): void {
    const now = performance.now();
    for (const [name, { at, answer }] of this.#kept) {
      const isFull = this.#kept.size > MAX_KEPT || this.#bytes > this.#limits.bytes;
      if (!isFull && now - at < this.#limits.maxAgeMs) return;
      // One that runs stays: without it the same call could run twice.
      if (answer === undefined) continue;
      this.#kept.delete(name);
      this.#bytes -= answer.body.length;
    }
  }
}

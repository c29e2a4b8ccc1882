import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { principalKey, type Principal } from "../principal.ts";

/** What a `requestState` stands for. */
export interface CallState {
  /** The process in which the call waits. */
  readonly process: string;
  /** Which call of that process, and how often it has asked; a state is good for one retry. */
  readonly round: number;
}

/** The call that a `requestState` belongs to: nobody else's, and no other call. */
export interface SealedCall {
  readonly principal: Principal;
  readonly server: string;
  readonly method: string;
  readonly params: JsonObject | undefined;
}

const MAX_LENGTH = 1_024;

/**
 * Seals the states that clients carry (MCP 2026-07-28, multi round-trip requests, server requirements): each names its expiry, and the
 * MAC covers that, the principal and the call.
 */
export class RequestStates {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** `expiresAt` is in milliseconds since the epoch, or Infinity. */
  seal(call: SealedCall, { process, round }: CallState, expiresAt: number): string {
    const until = Math.min(Math.round(expiresAt), Number.MAX_SAFE_INTEGER);
    const body = Buffer.from(JSON.stringify([process, round, until])).toString("base64url");
    return `${body}.${this.#mac(body, call).toString("base64url")}`;
  }

  /** Undefined when the state is not genuine, not for this call, or expired. */
  open(call: SealedCall, state: unknown, now: number): CallState | undefined {
    if (typeof state !== "string" || state.length > MAX_LENGTH) return undefined;
    const [body = "", mac = "", ...more] = state.split(".");
    const given = Buffer.from(mac, "base64url");
    const expected = this.#mac(body, call);
    if (more.length > 0 || given.toString("base64url") !== mac) return undefined;
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const [process, round, expiresAt]: unknown[] = JSON.parse(Buffer.from(body, "base64url").toString());
    if (typeof process !== "string" || typeof round !== "number" || typeof expiresAt !== "number") return undefined;
    return expiresAt > now ? { process, round } : undefined;
  }

  #mac(body: string, { principal, server, method, params }: SealedCall): Buffer {
    const call = JSON.stringify([principalKey(principal), server, method, digestOf(params)]);
    return createHmac("sha256", this.#key).update(body).update("\n").update(call).digest();
  }
}

const VARIABLE: ReadonlySet<string> = new Set(["_meta", "inputResponses", "requestState"]);

/**
 * Of what the call is about: not of its envelope, and not of the answers that a retry adds. The arguments must be written in the same
 * order again, because to sort large ones would cost far more than to read them.
 */
function digestOf(params: JsonObject = {}): string {
  const lasting = Object.entries(params).filter(([key]) => !VARIABLE.has(key));
  const sorted = lasting.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return hash("sha256", JSON.stringify(sorted), "base64url");
}

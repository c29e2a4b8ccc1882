import { hash } from "node:crypto";
import type { ClientMessages } from "../protocol/client-frame.ts";
import { hasBatches } from "../protocol/eras/revisions.ts";
import { GatewayError } from "../protocol/errors.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Transport } from "../protocol/session.ts";
import type { CallerHeaders, ServerSettings } from "../protocol/upstream.ts";
import type { Exchanges } from "./exchanges.ts";

export interface AdmissionState {
  readonly exchanges: Exchanges;
  /** The revision that client and server negotiated; undefined before that. */
  readonly revision: string | undefined;
  /** How many requests may be waiting for a response at once. */
  readonly inFlight: number;
}

/** Throws when the messages of one HTTP body must not be relayed. Checked once for all of them, on every transport. */
export function admit({ frames, isBatch }: ClientMessages, { exchanges, revision, inFlight }: AdmissionState): void {
  if (isBatch) refuseBatch(frames, revision);
  let requests = 0;
  for (const frame of frames) {
    if (frame.kind !== "request") continue;
    requests++;
    if (!exchanges.has(frame.id)) continue;
    throw new GatewayError("invalid_request", "A request with this id is still waiting for its answer.");
  }
  if (requests === 0 || exchanges.size + requests <= inFlight) return;
  const message = `A session may have at most ${inFlight} requests in flight; wait for an answer.`;
  throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
}

function refuseBatch(frames: ClientMessages["frames"], revision: string | undefined): void {
  if (!hasBatches(revision)) {
    const message = "Batches are supported only in sessions of MCP 2025-03-26; send one message at a time.";
    throw new GatewayError("invalid_request", message);
  }
  const ids = frames.flatMap((frame) => (frame.kind === "request" ? [frame.id] : []));
  if (new Set(ids).size === ids.length) return;
  throw new GatewayError("invalid_request", "Two requests of the batch have the same id.");
}

/** Whether a hibernating session gets a process for them: only requests are worth one, because nobody else waits for an answer. */
export const wakes = ({ frames }: ClientMessages): boolean => frames.some(({ kind }) => kind === "request");

/** Whether the client initializes the server itself. `ping` may precede `initialize` (MCP, lifecycle). */
export function greets(transport: Transport, { frames: [first] }: ClientMessages): boolean {
  if (transport === "rest" || transport === "modern") return true;
  return first?.kind === "request" && (first.method === methods.initialize || first.method === methods.ping);
}

/** A session whose server is filled in from the caller belongs to callers with the same values; to others it does not exist. */
export class CallerBinding {
  readonly #keyOf: (caller: CallerHeaders | undefined) => string;
  #digest: string | undefined;

  /** Undefined when nothing is filled in. `digest` is what was recorded when the session was here before. */
  static of(
    { callerKey }: Pick<ServerSettings, "callerKey">,
    principal: Principal,
    digest: string | undefined,
  ): CallerBinding | undefined {
    return callerKey && new CallerBinding((caller) => callerKey(principal, caller), digest);
  }

  private constructor(keyOf: (caller: CallerHeaders | undefined) => string, digest: string | undefined) {
    this.#keyOf = keyOf;
    this.#digest = digest;
  }

  /** Of the values; undefined before the first message. */
  get digest(): string | undefined {
    return this.#digest;
  }

  check(caller: CallerHeaders | undefined): void {
    const digest = hash("sha256", this.#keyOf(caller), "base64url");
    this.#digest ??= digest;
    if (digest === this.#digest) return;
    throw new GatewayError("session_not_found", "No such session; it may have ended. Initialize a new one.");
  }
}

import type { JsonObject } from "../../lib/json.ts";
import { capabilityMissing, isFailure, toModernError, toModernResult } from "../../protocol/eras/from-legacy.ts";
import { mayAsk } from "../../protocol/eras/to-legacy.ts";
import type { RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";

/** The requests that wait for a server of an older revision. */
export class LegacyCalls {
  readonly #methods = new Map<RequestId, string>();
  /** What a running call needs and its client has not declared. */
  readonly #missing = new Map<RequestId, JsonObject>();
  /** The identity of the server, as `identityOf` gives it. */
  identity = "{}";

  add({ id, method }: RequestFrame): void {
    this.#methods.set(id, method);
  }

  get ids(): readonly RequestId[] {
    return [...this.#methods.keys()];
  }

  has(id: RequestId | undefined): boolean {
    return id !== undefined && this.#methods.has(id);
  }

  /** False when there is no such request. */
  delete(id: RequestId): boolean {
    this.#missing.delete(id);
    return this.#methods.delete(id);
  }

  /** The answer as MCP 2026-07-28 has it; undefined when no request waits for it. */
  translate(frame: ResponseFrame): ResponseFrame | undefined {
    const method = this.#methods.get(frame.id);
    if (method === undefined) return undefined;
    const missing = this.#missing.get(frame.id);
    this.delete(frame.id);
    // It has not managed without.
    if (missing !== undefined && isFailure(frame)) return capabilityMissing(frame.id, missing);
    return frame.failed ? toModernError(frame) : toModernResult(frame, method, this.identity);
  }

  /** A server has asked for something that the client has not declared. It does not say for which call; if there is only one, for that. */
  lacks(missing: JsonObject | undefined): void {
    if (missing === undefined) return;
    const askable = [...this.#methods].filter(([, method]) => mayAsk(method));
    const [only] = askable;
    if (only !== undefined && askable.length === 1) this.#missing.set(only[0], missing);
  }
}

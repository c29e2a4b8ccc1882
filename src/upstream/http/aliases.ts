import { randomUUID } from "node:crypto";
import { withRequestId, withResponseId } from "../../protocol/eras/ids.ts";
import type { RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";

/** Requests that have failed and may still run; their ids are remembered until they are sent again. */
const MAX_FAILED = 256;

/**
 * The ids under which requests are sent again, while the first attempt may still run: within a session none is used twice (MCP
 * 2025-11-25, basic, requests).
 */
export class Aliases {
  /** The ids that the client chose, by those in their place. */
  readonly #originals = new Map<RequestId, RequestId>();
  readonly #failed = new Set<RequestId>();

  /** The request under another id. */
  again(frame: RequestFrame): RequestFrame {
    const alias = `again:${randomUUID()}`;
    this.#originals.set(alias, frame.id);
    return withRequestId(frame, alias);
  }

  /** The request as it can be sent: under another id if the server may have it already. */
  sendable(frame: RequestFrame): RequestFrame {
    return this.#failed.size > 0 && this.#failed.delete(frame.id) ? this.again(frame) : frame;
  }

  /** It has failed, and may still run. */
  failed({ id }: RequestFrame): void {
    this.#failed.add(id);
    if (this.#failed.size <= MAX_FAILED) return;
    const [oldest] = this.#failed;
    if (oldest !== undefined) this.#failed.delete(oldest);
  }

  /** The response as the client expects it. */
  restored(frame: ResponseFrame): ResponseFrame {
    const original = this.#originals.size === 0 ? undefined : this.#originals.get(frame.id);
    return original === undefined ? frame : withResponseId(frame, original);
  }

  original(id: RequestId | undefined): RequestId | undefined {
    return id === undefined ? undefined : (this.#originals.get(id) ?? id);
  }

  /** Those of a request. */
  of(id: RequestId): RequestId[] {
    if (this.#originals.size === 0) return [];
    return [...this.#originals].flatMap(([alias, original]) => (original === id ? [alias] : []));
  }

  /** Nobody waits for this request any more. */
  forget(id: RequestId): void {
    for (const alias of this.of(id)) this.#originals.delete(alias);
  }
}

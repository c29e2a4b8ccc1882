import type { SpanContext } from "@opentelemetry/api";

/** Ended requests that are kept, for messages that were queued. */
const MAX_ENDED = 1_000;

interface LiveRequest {
  readonly context: SpanContext | undefined;
  count: number;
}

/**
 * The span of each HTTP request, by request id. Clients may choose that id: while two requests use the same one, neither is the
 * parent of anything, so that no call becomes part of another caller's trace.
 */
export class RequestSpans {
  readonly #live = new Map<string, LiveRequest>();
  readonly #ended = new Map<string, SpanContext>();

  get size(): number {
    return this.#live.size + this.#ended.size;
  }

  begin(requestId: string, context: SpanContext): void {
    const other = this.#live.get(requestId);
    this.#ended.delete(requestId);
    this.#live.set(
      requestId,
      other === undefined ? { context, count: 1 } : { context: undefined, count: other.count + 1 },
    );
  }

  end(requestId: string): void {
    const request = this.#live.get(requestId);
    if (request === undefined || --request.count > 0) return;
    this.#live.delete(requestId);
    if (request.context !== undefined) this.#ended.set(requestId, request.context);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  of(requestId: string | undefined): SpanContext | undefined {
    if (requestId === undefined) return undefined;
    const live = this.#live.get(requestId);
    return live === undefined ? this.#ended.get(requestId) : live.context;
  }
}

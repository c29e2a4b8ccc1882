import { member } from "../lib/json.ts";
import type { GatewayError } from "../protocol/errors.ts";
import { guarded } from "../protocol/events.ts";
import type { Exchange } from "../protocol/exchange.ts";
import type { RequestFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import type { OpenRequest } from "../protocol/upstream.ts";
import type { SessionParts } from "./session-parts.ts";

/** Whether a request of this method does nothing the second time that it has not done the first time. */
export const isHarmless = (method: string): boolean => HARMLESS.has(method);

/** Requests that only read, or set what they set again. */
const HARMLESS: ReadonlySet<string> = new Set([
  methods.ping,
  methods.listTools,
  methods.setLevel,
  methods.subscribe,
  methods.unsubscribe,
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "server/discover",
  "subscriptions/listen",
]);
/** A server that has just broken off a connection may be starting again. */
const PAUSE_MS = 500;
/** A client that only listens gets no new connection sooner than this after the last one. */
const LISTENER_PAUSE_MS = 30_000;

/** Which requests are sent a second time when their server cannot answer them, and when a lost connection is replaced at once. */
export class Renewal {
  readonly #parts: SessionParts;
  readonly #repeated = new WeakSet<Exchange>();
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Those that are still waited for and have not run, or do no harm if they run again. Each is returned once. */
  again(open: readonly OpenRequest[]): RequestFrame[] {
    return open.flatMap(({ frame, mayHaveRun }) => {
      const exchange = this.#parts.exchanges.get(frame.id);
      if (exchange === undefined || this.#repeated.has(exchange)) return [];
      if (frame.method === methods.initialize || (mayHaveRun && !this.#isHarmless(frame))) return [];
      this.#repeated.add(exchange);
      return [frame];
    });
  }

  /** Whether a server that has forgotten the session gets a new one now, and not with the next request. */
  renews({ reason }: GatewayError, again: readonly RequestFrame[]): boolean {
    const { recorder, settings, outlet, session } = this.#parts;
    if (reason !== "session_ended" || recorder.record === undefined || settings.isStateful) return false;
    const now = performance.now();
    const isListener = session.transport !== "rest" && outlet.isConnected && now - this.#renewedAt > LISTENER_PAUSE_MS;
    if (again.length === 0 && !isListener) return false;
    this.#renewedAt = now;
    return true;
  }

  /** Runs it a little later. */
  later(run: () => void): void {
    const { context, session } = this.#parts;
    const what = `a request to "${session.server}" could not be repeated`;
    setTimeout(() => guarded(context.events.emit, what, run), PAUSE_MS).unref();
  }

  #isHarmless({ method, params }: RequestFrame): boolean {
    if (method !== methods.callTool) return HARMLESS.has(method);
    const name = member(params, "name");
    const { context, session } = this.#parts;
    return typeof name === "string" && context.mayRepeat?.(session.server, name) === true;
  }
}

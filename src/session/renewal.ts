import { member } from "../lib/json.ts";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import { guarded } from "../protocol/events.ts";
import type { Exchange } from "../protocol/exchange.ts";
import type { RequestFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { CallerHeaders, OpenRequest, Upstream } from "../protocol/upstream.ts";
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

/** What the session does for it. */
export interface RenewalHost {
  /** The connection to the server, while there is one. */
  readonly upstream: () => Upstream | undefined;
  /** Replaces the connection by a new one. Throws a GatewayError when it is refused. */
  readonly reopen: (caller: CallerHeaders | undefined) => Upstream;
  /** The connection is lost, and not replaced. */
  readonly lost: (error: GatewayError) => void;
}

/** Which requests are sent a second time when their server cannot answer them, and when a lost connection is replaced at once. */
export class Renewal {
  readonly #parts: SessionParts;
  readonly #host: RenewalHost;
  readonly #repeated = new WeakSet<Exchange>();
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SessionParts, host: RenewalHost) {
    this.#parts = parts;
    this.#host = host;
  }

  /** A request cannot be answered: it is sent once more if that does no harm. */
  badMessage(id: RequestId | undefined, error: GatewayError, open?: OpenRequest, caller?: CallerHeaders): void {
    const { exchanges } = this.#parts;
    const [again] = open === undefined ? [] : this.#again([open]);
    if (again === undefined) return exchanges.fail(id, error);
    this.#later(() => {
      const upstream = this.#host.upstream();
      if (upstream === undefined) exchanges.fail(id, error);
      else if (exchanges.has(again.id)) upstream.send(again, caller);
    });
  }

  /** A server that has forgotten the session is told of it again, and the client does not notice. */
  ended(error: GatewayError, open: readonly OpenRequest[], caller: CallerHeaders | undefined): void {
    const { exchanges } = this.#parts;
    const again = this.#again(open);
    if (!this.#renews(error, again)) return this.#host.lost(error);
    const kept = new Set(again.map(({ id }) => id));
    for (const { id } of exchanges.all()) if (!kept.has(id)) exchanges.fail(id, error);
    try {
      const upstream = this.#host.reopen(caller);
      for (const frame of again) upstream.send(frame, caller);
    } catch (thrown) {
      this.#host.lost(toGatewayError(thrown));
    }
  }

  /** Those that are still waited for and have not run, or do no harm if they run again. Each is returned once. */
  #again(open: readonly OpenRequest[]): RequestFrame[] {
    return open.flatMap(({ frame, mayHaveRun }) => {
      const exchange = this.#parts.exchanges.get(frame.id);
      if (exchange === undefined || this.#repeated.has(exchange)) return [];
      if (frame.method === methods.initialize || (mayHaveRun && !this.#isHarmless(frame))) return [];
      this.#repeated.add(exchange);
      return [frame];
    });
  }

  /** Whether a server that has forgotten the session gets a new one now, and not with the next request. */
  #renews({ reason }: GatewayError, again: readonly RequestFrame[]): boolean {
    const { recorder, settings, outlet, session } = this.#parts;
    if (reason !== "session_ended" || recorder.record === undefined || settings.isStateful) return false;
    const now = performance.now();
    const isListener = session.transport !== "rest" && outlet.isConnected && now - this.#renewedAt > LISTENER_PAUSE_MS;
    if (again.length === 0 && !isListener) return false;
    this.#renewedAt = now;
    return true;
  }

  /** Runs it a little later. */
  #later(run: () => void): void {
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

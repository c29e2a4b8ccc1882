import type { IncomingHttpHeaders } from "node:http";
import type { ParsedEvent } from "../../lib/event-parser.ts";
import { toGatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import { brokenError, outcomeError, parsed, statusError } from "./failure.ts";
import { HttpCall, type CallListener, type HttpRequest, type Outcome } from "./http-call.ts";
import type { JsonBody } from "./json-body.ts";
import type { Dispatchers } from "./network.ts";
import type { Patient } from "./patience.ts";
import type { Remote } from "./remote.ts";

export interface WireRequest {
  /** Which of the connections it goes over. */
  readonly lane: keyof Dispatchers;
  readonly method: HttpRequest["method"];
  /** Defaults to the URL of the server. */
  readonly path?: string | undefined;
  /** Besides the credential; names and values in turn. */
  readonly headers: readonly string[];
  readonly body?: string | Buffer;
  /**
   * Whether it may wait while the server is away and be sent again: if it was certainly not processed, or always, because a second
   * one does no harm.
   */
  readonly waits?: "unprocessed" | "always" | undefined;
  /** Instead of those of the server; 0 = no limit. */
  readonly headersMs?: number;
  readonly bodyMs?: number;
}

/** Redirects within the origin that are followed, such as from `/mcp` to `/mcp/`. */
const MAX_REDIRECTS = 3;
/** What a proxy answers for a server that it cannot reach (RFC 9110 §15.6): the request may have been processed. */
const GATEWAY_ERRORS: readonly number[] = [502, 504];

/** The HTTP requests of one connection to a remote server. */
export class Wire {
  readonly remote: Remote;
  readonly #calls = new Set<WireCall>();
  /** Where the server is within its origin, as it says itself. */
  path: string;
  #isPaused = false;

  constructor(remote: Remote) {
    this.remote = remote;
    this.path = `${remote.url.pathname}${remote.url.search}`;
  }

  /** The network must be open. */
  start(request: WireRequest, listener: CallListener): WireCall {
    const call = new WireCall(this, request, listener);
    this.#calls.add(call);
    if (this.#isPaused) call.pause();
    call.begin();
    return call;
  }

  pause(): void {
    this.#isPaused = true;
    for (const call of this.#calls) call.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const call of this.#calls) call.resume();
  }

  abort(): void {
    for (const call of this.#calls) call.abort();
  }

  finished(call: WireCall): void {
    this.#calls.delete(call);
  }
}

/**
 * One request, with the credential of the gateway; repeated when that was renewed, when the server has moved within its origin, and
 * when the server is away and the request may wait.
 */
export class WireCall implements CallListener, Patient {
  readonly startedAt = performance.now();
  tries = 0;
  readonly #wire: Wire;
  readonly #request: WireRequest;
  readonly #listener: CallListener;
  #call: HttpCall | undefined;
  #isPaused = false;
  #isOver = false;
  #wasRenewed = false;
  #redirects = 0;

  constructor(wire: Wire, request: WireRequest, listener: CallListener) {
    this.#wire = wire;
    this.#request = request;
    this.#listener = listener;
  }

  get wasSent(): boolean {
    return this.#call?.wasSent === true;
  }

  get hasBegun(): boolean {
    return this.#call?.hasBegun === true;
  }

  begin(): void {
    const credential = this.#wire.remote.credential.headers();
    if (!(credential instanceof Promise)) return this.#send(credential);
    credential.then(
      (headers) => this.#guard(() => this.#send(headers)),
      (thrown: unknown) => this.#guard(() => this.#refuse(thrown)),
    );
  }

  again(): void {
    if (!this.#isOver) this.begin();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#end();
    this.#call?.abort();
  }

  /** Control messages go on: their responses have nothing in them for the client that is waited for. */
  pause(): void {
    if (this.#request.lane === "controls") return;
    this.#isPaused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#call?.resume();
  }

  begun(headers: IncomingHttpHeaders): void {
    const { circuit, patience } = this.#wire.remote;
    circuit.succeeded();
    patience?.back();
    this.#listener.begun?.(headers);
  }

  event(event: ParsedEvent): void {
    this.#listener.event(event);
  }

  json(body: JsonBody): void {
    this.#listener.json(body);
  }

  tooLong(head: string, tail: string, bytes: number): void {
    this.#listener.tooLong(head, tail, bytes);
  }

  over(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#account(outcome);
    if (outcome.kind === "status" && (this.#follows(outcome) || this.#renews(outcome))) return;
    if (this.#waits(outcome)) return;
    this.#end();
    this.#listener.over(outcome);
  }

  #send(credential: readonly string[]): void {
    if (this.#isOver) return;
    const { url, network, limits, circuit, emit } = this.#wire.remote;
    const { lane, method, path = this.#wire.path, headers, body = null, headersMs, bodyMs } = this.#request;
    const { dispatchers } = network;
    if (dispatchers === undefined) throw new Error("the network is not open");
    circuit.enter();
    this.#call = new HttpCall({
      origin: url.origin,
      dispatcher: dispatchers[lane],
      request: {
        method,
        path,
        headers: [...headers, ...credential],
        body,
        headersTimeout: headersMs ?? limits.headersMs,
        bodyTimeout: bodyMs ?? limits.bodyMs,
      },
      messageBytes: limits.messageBytes,
      listener: this,
      emit,
    });
    if (this.#isPaused) this.#call.pause();
  }

  #refuse(thrown: unknown): void {
    this.over({ kind: "refused", error: toGatewayError(thrown) });
  }

  /** Whether the origin could be reached. What it says of one request says nothing of the others. */
  #account(outcome: Outcome): void {
    const { circuit, server, heartbeat, patience } = this.#wire.remote;
    if (outcome.kind === "refused" || (outcome.kind === "broken" && outcome.wasSent)) return;
    const error = absence(server, outcome);
    if (error === undefined) {
      circuit.succeeded();
      return patience?.back();
    }
    patience?.away(error);
    const wasOpen = circuit.isOpen;
    circuit.failed(error);
    if (circuit.isOpen && !wasOpen) heartbeat.hurry();
  }

  /** Only 307 and 308 keep the method and the body (RFC 9110 §15.4). Another origin gets neither message nor credential. */
  #follows({ status, headers }: Extract<Outcome, { kind: "status" }>): boolean {
    const { location } = headers;
    if ((status !== 307 && status !== 308) || location === undefined || this.#request.path !== undefined) return false;
    const { origin } = this.#wire.remote.url;
    const target = URL.canParse(location, `${origin}${this.#wire.path}`)
      ? new URL(location, `${origin}${this.#wire.path}`)
      : undefined;
    if (target?.origin !== origin || ++this.#redirects > MAX_REDIRECTS) return false;
    this.#wire.path = `${target.pathname}${target.search}`;
    this.begin();
    return true;
  }

  #renews({ status, headers }: Extract<Outcome, { kind: "status" }>): boolean {
    if (status !== 401 || this.#wasRenewed) return false;
    this.#wasRenewed = true;
    const challenge = headers["www-authenticate"];
    const { credential } = this.#wire.remote;
    const refused: Outcome = { kind: "status", status, headers, body: "" };
    credential.renew(challenge).then(
      (isNew) => this.#guard(() => (isNew ? this.begin() : this.over(refused))),
      (thrown: unknown) => this.#guard(() => this.#refuse(thrown)),
    );
    return true;
  }

  /** Whether it is sent again later. A response that has begun is not asked for a second time. */
  #waits(outcome: Outcome): boolean {
    const { patience, server } = this.#wire.remote;
    const { waits } = this.#request;
    if (patience === undefined || waits === undefined) return false;
    if (outcome.kind !== "broken" && outcome.kind !== "status") return false;
    if (outcome.kind === "broken" && this.hasBegun) return false;
    const error = outcomeError(server, outcome);
    const isUnprocessed = outcome.kind === "broken" ? !outcome.wasSent : error.reason === "upstream_busy";
    const isRepeatable = waits === "always" && (outcome.kind === "broken" || GATEWAY_ERRORS.includes(outcome.status));
    return (isUnprocessed || isRepeatable) && patience.hold(this, error);
  }

  #end(): void {
    this.#isOver = true;
    this.#wire.remote.patience?.forget(this);
    this.#wire.finished(this);
  }

  #guard(run: () => void): void {
    const { emit, server } = this.#wire.remote;
    guarded(emit, `a request to "${server}" failed`, run);
  }
}

/** Undefined when the server itself has answered. A proxy answers for one that is gone with 502, or with a page and 503. */
function absence(server: string, outcome: Outcome): ReturnType<typeof brokenError> | undefined {
  if (outcome.kind === "broken") return brokenError(server, outcome);
  if (outcome.kind !== "status") return undefined;
  const { status, body } = outcome;
  const isAbsent = status === 502 || (status === 503 && parsed(body) === undefined);
  return isAbsent ? statusError(server, outcome) : undefined;
}

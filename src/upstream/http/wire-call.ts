import type { IncomingHttpHeaders } from "node:http";
import type { ParsedEvent } from "../../lib/event-parser.ts";
import { toGatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import type { CallListener, Outcome, Refused } from "./call-listener.ts";
import { absence, outcomeError } from "./failure.ts";
import { HttpCall, type HttpRequest } from "./http-call.ts";
import type { JsonBody } from "./json-body.ts";
import type { Dispatchers } from "./network.ts";
import type { Patience, Patient } from "./patience.ts";
import type { Remote } from "./remote.ts";

export interface WireRequest {
  /** Which of the connections it goes over. */
  readonly lane: keyof Dispatchers;
  readonly method: HttpRequest["method"];
  /** Defaults to the URL of the server. */
  readonly path?: string | undefined;
  /** Besides the credential; names and values in turn. */
  readonly headers: string[];
  readonly body?: string | Buffer;
  /** Lets it wait while the server is away, and be sent again. */
  readonly patience?: Patience | undefined;
  /** Instead of those of the server; 0 = no limit. */
  readonly headersMs?: number;
  readonly bodyMs?: number;
}

/** What the response to a request is for that may be sent again. */
export interface WireListener extends CallListener {
  /** The request with which to repeat one that the server may have processed; undefined when it must not be repeated. */
  again?(request: WireRequest, outcome: Outcome): WireRequest | undefined;
}

/** The connection that a request belongs to. */
export interface WireHost {
  readonly remote: Remote;
  /** Where the server is within its origin, as it says itself. */
  path: string;
  finished(call: WireCall): void;
}

/** Redirects within the origin that are followed, such as from `/mcp` to `/mcp/`. */
const MAX_REDIRECTS = 3;
/** What a proxy answers for a server that it cannot reach (RFC 9110 §15.6): the request may have been processed. */
const GATEWAY_ERRORS: readonly number[] = [502, 504];

/**
 * One request, with the credential of the gateway; repeated when that was renewed, when the server has moved within its origin, and
 * when the server is away and the request may wait.
 */
export class WireCall implements CallListener, Patient {
  readonly startedAt = performance.now();
  tries = 0;
  readonly #wire: WireHost;
  #request: WireRequest;
  readonly #listener: WireListener;
  #call: HttpCall | undefined;
  #isPaused = false;
  #isOver = false;
  /** Of an earlier attempt. */
  #wasSent = false;
  #wasRenewed = false;
  #redirects = 0;

  constructor(wire: WireHost, request: WireRequest, listener: WireListener) {
    this.#wire = wire;
    this.#request = request;
    this.#listener = listener;
  }

  get wasSent(): boolean {
    return this.#wasSent || this.#call?.wasSent === true;
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
    this.#wasSent ||= outcome.kind === "broken" && outcome.wasSent;
    if (outcome.kind === "status" && (this.#follows(outcome) || this.#renews(outcome))) return;
    if (this.#waits(outcome)) return;
    this.#end();
    this.#listener.over(outcome);
  }

  #send(credential: readonly string[]): void {
    if (this.#isOver) return;
    const { origin, network, limits, circuit, emit } = this.#wire.remote;
    const { lane, method, path = this.#wire.path, headers, body = null, headersMs, bodyMs } = this.#request;
    const { dispatchers } = network;
    if (dispatchers === undefined) throw new Error("the network is not open");
    circuit.enter();
    this.#call = new HttpCall({
      dispatcher: dispatchers[lane],
      request: {
        origin,
        method,
        path,
        headers: credential.length === 0 ? headers : [...headers, ...credential],
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
  #follows({ status, headers }: Refused): boolean {
    const { location } = headers;
    if ((status !== 307 && status !== 308) || location === undefined || this.#request.path !== undefined) return false;
    const { origin } = this.#wire.remote;
    const target = URL.canParse(location, `${origin}${this.#wire.path}`)
      ? new URL(location, `${origin}${this.#wire.path}`)
      : undefined;
    if (target?.origin !== origin || ++this.#redirects > MAX_REDIRECTS) return false;
    this.#wire.path = `${target.pathname}${target.search}`;
    this.begin();
    return true;
  }

  #renews({ status, headers }: Refused): boolean {
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

  /** Whether it is sent again later. */
  #waits(outcome: Outcome): boolean {
    const { patience } = this.#request;
    if (patience === undefined || (outcome.kind !== "broken" && outcome.kind !== "status")) return false;
    const error = outcomeError(this.#wire.remote.server, outcome);
    const isUnprocessed = outcome.kind === "broken" ? !this.wasSent : error.reason === "upstream_busy";
    const mayBeProcessed = outcome.kind === "broken" || GATEWAY_ERRORS.includes(outcome.status);
    if (!isUnprocessed && !mayBeProcessed) return false;
    const next = isUnprocessed ? this.#request : this.#listener.again?.(this.#request, outcome);
    if (next === undefined || !patience.hold(this, error)) return false;
    this.#request = next;
    return true;
  }

  #end(): void {
    this.#isOver = true;
    this.#request.patience?.forget(this);
    this.#wire.finished(this);
  }

  #guard(run: () => void): void {
    const { emit, server } = this.#wire.remote;
    guarded(emit, `a request to "${server}" failed`, run);
  }
}

import type { ParsedEvent } from "../../lib/event-parser.ts";
import { toGatewayError, type GatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import type { Frame, RequestFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { CallerHeaders, OpenRequest, Upstream } from "../../protocol/upstream.ts";
import { Aliases } from "./aliases.ts";
import { ConnectionReport } from "./connection-report.ts";
import { isLostSession, outcomeError, sessionLost, unfitError } from "./failure.ts";
import { costOf, HeldMessages } from "./held-messages.ts";
import type { Outcome } from "./call-listener.ts";
import { Inbox } from "./inbox.ts";
import { oneLine } from "./json-body.ts";
import type { Outgoing } from "./post.ts";
import { ignoring, sendPing } from "./ping.ts";
import { PostHeaders } from "./post-headers.ts";
import { RemoteSession } from "./remote-session.ts";
import { checkRemoteRoom, type RemoteOptions } from "./remote.ts";
import { isRepeatable, messageRequest, pingRequest, streamHeaders, withBody } from "./requests.ts";
import type { WireCall, WireListener, WireRequest } from "./wire-call.ts";
import { Wire } from "./wire.ts";

interface SentRequest {
  readonly frame: RequestFrame;
  readonly call: WireCall;
}

/**
 * The client side of HTTP+SSE (MCP 2024-11-05, transports): the server speaks on one event stream, and its first event names the
 * address to POST to. The session lasts as long as the stream.
 */
export class SseClient implements Upstream, WireListener {
  readonly #options: RemoteOptions;
  readonly #report: ConnectionReport;
  readonly #wire: Wire;
  readonly #headers: PostHeaders;
  readonly #inbox: Inbox;
  readonly #session = new RemoteSession();
  readonly #held = new HeldMessages();
  /** The requests that are not answered. */
  readonly #open = new Map<RequestId, SentRequest>();
  readonly #aliases = new Aliases();
  /** What of the messages is on its way. */
  #postedBytes = 0;
  #endpoint: string | undefined;
  #greetingId: RequestId | undefined;
  /** Messages wait: for the address, for the answer to `initialize`, until `initialized` has arrived, or for the end. */
  #isHolding = true;
  #isOver = false;
  heardAt = performance.now();

  /** Throws `circuit_open`. */
  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#report = new ConnectionReport(options);
    const { remote, sessionId, listener } = options;
    remote.circuit.check(remote.server);
    this.#inbox = new Inbox({ ...remote, sessionId, listener, aliases: this.#aliases });
    this.#wire = new Wire(remote);
    this.#headers = new PostHeaders(options);
    remote.network.open().then(
      () => this.#guard(() => this.#listen()),
      (thrown: unknown) => this.#guard(() => this.#end(toGatewayError(thrown))),
    );
  }

  checkRoom(): void {
    checkRemoteRoom(this.#options.remote, this.#held.bytes + this.#postedBytes);
  }

  send(frame: Frame, caller?: CallerHeaders): void {
    if (this.#isOver) return;
    if (this.#isHolding) this.#held.push({ frame, caller });
    else this.#post({ frame, caller });
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#options.remote.heartbeat.remove(this);
    this.#wire.abort();
    this.#open.clear();
    return Promise.resolve();
  }

  /** The answer comes on the stream and means nothing to the session. */
  ping(): void {
    if (this.#isOver || this.#endpoint === undefined) return;
    const request = { ...pingRequest(this.#options, this.#session), path: this.#endpoint };
    sendPing(this.#wire, request, { heard: () => undefined, lost: () => this.#lose() });
  }

  event({ type, data }: ParsedEvent): void {
    this.heardAt = performance.now();
    if (type === "endpoint") this.#onEndpoint(data.toString());
    else if (type === "message") this.#take(data);
  }

  json(): void {
    this.#end(unfitError(this.#options.remote.server, "its answer is JSON instead of an event stream"));
  }

  tooLong(head: string, tail: string, bytes: number): void {
    const id = this.#inbox.tooLong(head, tail, bytes);
    this.#forget(id);
  }

  /** Of the stream: until the server has named its address, there is no session that could be lost. */
  again(request: WireRequest): WireRequest | undefined {
    return this.#endpoint === undefined ? request : undefined;
  }

  /** Of the stream: the session is over with it. */
  over(outcome: Outcome): void {
    const { server } = this.#options.remote;
    if (this.#endpoint !== undefined) return this.#lose();
    const isEnd = outcome.kind === "complete";
    this.#end(
      isEnd ? unfitError(server, "its stream ended before it named its address") : outcomeError(server, outcome),
    );
  }

  #listen(): void {
    if (this.#isOver) return;
    const { remote } = this.#options;
    const headers = streamHeaders(this.#options, this.#session);
    this.#wire.start({ lane: "streams", method: "GET", headers, bodyMs: 0, patience: remote.patience }, this);
  }

  /** Messages and the credential go to no other origin than the one of the URL. */
  #onEndpoint(reference: string): void {
    if (this.#endpoint !== undefined) return;
    const { url, server } = this.#options.remote;
    const target = URL.canParse(reference, url.href) ? new URL(reference, url) : undefined;
    if (target?.origin !== url.origin) {
      return this.#end(unfitError(server, "the address that it names for messages is at another origin"));
    }
    this.#endpoint = `${target.pathname}${target.search}`;
    this.#release();
  }

  #release(): void {
    this.#isHolding = false;
    while (!this.#isHolding && !this.#isOver) {
      const next = this.#held.shift();
      if (next === undefined) return;
      this.#post(next);
    }
  }

  #post(outgoing: Outgoing): void {
    const { frame } = outgoing;
    const isFirst = frame.kind === "request" && frame.method === methods.initialize;
    const isSecond = frame.kind === "notification" && frame.method === methods.initialized;
    // Nothing may overtake these two (MCP 2024-11-05, lifecycle, initialization).
    if (isFirst || isSecond) this.#isHolding = true;
    if (isFirst) this.#greetingId = frame.id;
    this.#postedBytes += costOf(frame);
    const sendable = frame.kind === "request" ? this.#aliases.sendable(frame) : frame;
    const headers = this.#headers.of(outgoing.caller, this.#session.headers);
    const request = messageRequest(sendable, headers, this.#options.remote);
    const ended = ignoring((outcome) => {
      this.#postedBytes -= costOf(frame);
      if (this.#isOver) return;
      if (isSecond) this.#release();
      if (outcome.kind !== "complete") this.#onRefused(frame, outcome);
    });
    const call = this.#wire.start(
      { ...request, lane: "controls", path: this.#endpoint },
      { ...ended, again: (sent) => this.#postedAgain(frame, sent) },
    );
    if (frame.kind === "request") this.#open.set(frame.id, { frame, call });
    if (frame.kind === "notification" && frame.method === methods.cancelled) this.#forget(frame.params?.["requestId"]);
  }

  #postedAgain(frame: Frame, sent: WireRequest): WireRequest | undefined {
    if (!isRepeatable(frame, this.#options.remote)) return undefined;
    if (frame.kind !== "request") return sent;
    return this.#open.has(frame.id) ? withBody(sent, this.#aliases.again(frame)) : undefined;
  }

  #forget(id: unknown): boolean {
    if (typeof id !== "string" && typeof id !== "number" && typeof id !== "bigint") return false;
    this.#aliases.forget(id);
    return this.#open.delete(id);
  }

  #take(data: ParsedEvent["data"]): void {
    const answer = this.#inbox.take(oneLine(data));
    if (answer?.kind !== "response") return;
    this.#forget(answer.id);
    if (answer.id === this.#greetingId && !this.#isOver) this.#greeted(answer);
  }

  #greeted(answer: Frame): void {
    this.#greetingId = undefined;
    this.#session.agreed(answer);
    this.#report.works();
    this.#options.remote.heartbeat.add(this);
    this.#release();
  }

  #onRefused(frame: Frame, outcome: Exclude<Outcome, { kind: "complete" }>): void {
    const { remote, listener } = this.#options;
    if (outcome.kind === "status" && isLostSession(outcome)) return this.#lose();
    const error = outcomeError(remote.server, outcome);
    if (frame.kind !== "request") {
      const what = `"${remote.server}" did not take a message`;
      return remote.emit({ type: "trouble", what, cause: error });
    }
    if (!this.#forget(frame.id)) return;
    if (frame.method === methods.initialize) return this.#end(error);
    const mayHaveRun = outcome.kind === "broken" && outcome.wasSent;
    if (mayHaveRun) this.#aliases.failed(frame);
    listener.badMessage(frame.id, error, outcome.kind === "broken" ? { frame, mayHaveRun } : undefined);
  }

  #lose(): void {
    if (this.#isOver) return;
    this.#report.forgotten();
    this.#end(sessionLost(this.#options.remote.server));
  }

  #end(error: GatewayError): void {
    if (this.#isOver) return;
    const { listener } = this.#options;
    const sent = [...this.#open.values()].map(({ frame, call }): OpenRequest => ({ frame, mayHaveRun: call.wasSent }));
    const open = [...sent, ...this.#held.takeRequests()];
    void this.close();
    this.#report.failed(error);
    listener.ended(error, open);
  }

  #guard(run: () => void): void {
    const { emit, server } = this.#options.remote;
    guarded(emit, `a connection to "${server}" failed`, run);
  }
}

import type { IncomingHttpHeaders } from "node:http";
import { toGatewayError, type GatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import type { Frame, ResponseFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import { notificationLine } from "../../protocol/jsonrpc.ts";
import type { CallerHeaders, OpenRequest, Upstream } from "../../protocol/upstream.ts";
import { ConnectionReport } from "./connection-report.ts";
import { sessionLost } from "./failure.ts";
import type { Outcome } from "./call-listener.ts";
import { HeldMessages } from "./held-messages.ts";
import { Inbox } from "./inbox.ts";
import { ModernHeaders } from "./modern-headers.ts";
import { Post, type Outgoing } from "./post.ts";
import { sendPing } from "./ping.ts";
import { PostHeaders } from "./post-headers.ts";
import { Posts } from "./posts.ts";
import { RemoteSession } from "./remote-session.ts";
import { checkRemoteRoom, type RemoteOptions } from "./remote.ts";
import { deleteSession, isRepeatable, messageRequest, pingRequest, withBody } from "./requests.ts";
import { SessionLoss } from "./session-loss.ts";
import { Streams, type StreamsHost } from "./streams.ts";
import { Unanswered, type UnansweredHost } from "./unanswered.ts";
import type { WireRequest } from "./wire-call.ts";
import { Wire } from "./wire.ts";

/** So often a session is begun anew whose `initialize` the server has forgotten before it was answered. */
const MAX_BEGINNINGS = 5;

/**
 * The client side of Streamable HTTP (MCP 2025-11-25, transports): sends each message with POST, reads the answers, and listens
 * with GET. Messages are relayed as they come, both ways. Revision 2026-07-28 has no session and no GET.
 */
export class StreamableClient implements Upstream, StreamsHost, UnansweredHost {
  readonly inbox: Inbox;
  readonly options: RemoteOptions;
  readonly #report: ConnectionReport;
  readonly wire: Wire;
  readonly session = new RemoteSession();
  readonly #held = new HeldMessages();
  readonly #modern: ModernHeaders;
  readonly #headers: PostHeaders;
  readonly #posts = new Posts((run) => this.#guard(run));
  readonly #streams: Streams;
  readonly #loss: SessionLoss;
  readonly #unanswered: Unanswered;
  /** Messages wait: for the network, for the answer to `initialize`, until `initialized` has arrived, or for the end. */
  #isHolding = true;
  #isOver = false;
  #beginnings = 0;
  #closing: Promise<void> | undefined;
  heardAt = performance.now();

  /** Throws `circuit_open`. */
  constructor(options: RemoteOptions) {
    this.options = options;
    this.#report = new ConnectionReport(options);
    const { remote, sessionId, listener } = options;
    remote.circuit.check(remote.server);
    this.inbox = new Inbox({ ...remote, sessionId, listener, aliases: this.#posts.aliases });
    this.wire = new Wire(remote);
    this.#streams = new Streams(this);
    this.#unanswered = new Unanswered(this, this.#posts, this.#streams);
    this.#loss = new SessionLoss(
      this.#posts,
      (run) => this.#guard(run),
      (refused) => this.#finishLoss(refused),
    );
    this.#modern = new ModernHeaders(remote.mirrored);
    this.#headers = new PostHeaders(options);
    remote.network.open().then(
      () => this.#guard(() => this.#release()),
      (thrown: unknown) => this.#guard(() => this.end(toGatewayError(thrown), [])),
    );
  }

  checkRoom(): void {
    checkRemoteRoom(this.options.remote, this.#held.bytes + this.#posts.controlBytes);
  }

  send(frame: Frame, caller?: CallerHeaders): void {
    if (this.#isOver) return;
    if (this.#isHolding) this.#held.push({ frame, caller });
    else this.#post({ frame, caller });
  }

  pause(): void {
    this.wire.pause();
  }

  resume(): void {
    this.wire.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Asks whether the server is there, and still knows the session. */
  ping(): void {
    if (this.#isOver || this.#isHolding) return;
    const request = pingRequest(this.options, this.session);
    sendPing(this.wire, request, { heard: () => this.heard(), lost: () => this.lost(undefined) });
  }

  begun(post: Post, headers: IncomingHttpHeaders): void {
    this.heard();
    if (post.is(methods.initialize)) this.session.begun(headers);
  }

  answered(post: Post, answer: Frame | undefined): void {
    this.#posts.answered(post);
    if (post.isModern && post.request !== undefined) this.#modern.listed(post.request, answer);
    if (post.isModern && answer !== undefined) this.#report.works();
    if (post.is(methods.initialize)) this.#greeted(answer);
  }

  over(post: Post, outcome: Outcome): void {
    this.#posts.settle(post);
    if (this.#isOver) return;
    if (post.is(methods.initialized)) {
      this.#streams.open();
      this.#release();
    }
    if (!post.isAnswered) this.#unanswered.take(post, outcome);
    this.#loss.settled();
  }

  /** No request of the session will be answered, and those that follow belong to a new one. */
  lost(post: Post | undefined): void {
    if (this.#isOver) return;
    if (post?.is(methods.initialize) === true && ++this.#beginnings <= MAX_BEGINNINGS) return this.#beginAgain(post);
    this.#isHolding = true;
    this.#loss.found(post);
  }

  heard(): void {
    this.heardAt = performance.now();
  }

  repeats(...event: Parameters<Streams["repeats"]>): boolean {
    return this.#streams.repeats(...event);
  }

  stray(answer: ResponseFrame): void {
    this.#posts.waiting(answer.id)?.answer(answer);
  }

  again(post: Post, request: WireRequest, outcome: Outcome): WireRequest | undefined {
    const { frame } = post;
    if (frame === undefined || post.isAnswered || !isRepeatable(frame, this.options.remote)) return undefined;
    // The rest of the answer can be fetched instead.
    if (outcome.kind === "broken" && outcome.lastEventId !== undefined && !post.isModern) return undefined;
    if (frame.kind !== "request" || post.is(methods.initialize)) return request;
    return withBody(request, this.#posts.aliases.again(frame));
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
    const isCancellation = frame.kind === "notification" && frame.method === methods.cancelled;
    // To end the response is to cancel the request in revision 2026-07-28, which has no notification for it.
    if (isCancellation && this.#posts.endModern(frame.params?.["requestId"])) return;
    const modern = this.#modern.of(frame);
    const post = new Post(frame, this, modern !== undefined);
    // Nothing may overtake these two (MCP 2025-11-25, lifecycle, initialization).
    if (post.is(methods.initialize) || post.is(methods.initialized)) this.#isHolding = true;
    this.#posts.add(post);
    const headers = this.#headers.of(outgoing.caller, modern ?? this.session.headers);
    const sendable = frame.kind === "request" ? this.#posts.aliases.sendable(frame) : frame;
    post.call = this.wire.start(messageRequest(sendable, headers, this.options.remote), post);
    if (isCancellation) this.#cancelled(outgoing);
  }

  /** The server has ended the session before its client had the answer to `initialize`. */
  #beginAgain(post: Post): void {
    this.#posts.drop(post);
    this.session.forget();
    if (post.request !== undefined) this.#post({ frame: post.request, caller: this.options.caller });
  }

  #cancelled({ frame, caller }: Outgoing): void {
    if (frame.kind !== "notification") return;
    const { method, params } = frame;
    const id = params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    this.#posts.cancelled(id);
    // What was sent again under other ids is no longer wanted either.
    for (const alias of this.#posts.aliases.of(id)) {
      const again = { ...params, requestId: alias };
      this.#post({ frame: { ...frame, params: again, line: notificationLine(method, again) }, caller });
    }
  }

  #greeted(answer: Frame | undefined): void {
    this.session.agreed(answer);
    if (this.#isOver) return;
    this.#report.works();
    this.options.remote.heartbeat.add(this);
    this.#release();
  }

  #finishLoss(refused: readonly OpenRequest[]): void {
    if (this.#isOver) return;
    const open = [...refused, ...this.#posts.openRequests, ...this.#held.takeRequests()];
    this.session.forget();
    this.#report.forgotten();
    this.end(sessionLost(this.options.remote.server), open);
  }

  /** `status` is that with which `initialize` was refused. */
  end(error: GatewayError, open: readonly OpenRequest[], status?: number): void {
    if (this.#isOver) return;
    const { listener, onRefused } = this.options;
    const unsent = this.#held.takeRequests();
    void this.close();
    if (status !== undefined && onRefused?.(status, error) === true) return;
    this.#report.failed(error);
    listener.ended(error, [...open, ...unsent]);
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    const { remote } = this.options;
    remote.heartbeat.remove(this);
    this.#streams.close();
    this.#posts.close();
    this.wire.abort();
    if (this.session.id !== undefined) await deleteSession(this.wire, this.options, this.session);
  }

  #guard(run: () => void): void {
    const { emit, server } = this.options.remote;
    guarded(emit, `a connection to "${server}" failed`, run);
  }
}

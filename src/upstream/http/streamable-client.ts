import type { IncomingHttpHeaders } from "node:http";
import { toGatewayError, type GatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import type { Frame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import type { CallerHeaders, OpenRequest, Upstream } from "../../protocol/upstream.ts";
import { ConnectionReport } from "./connection-report.ts";
import { brokenError, isLostSession, outcomeError, sessionLost, statusError, unansweredError } from "./failure.ts";
import type { Outcome } from "./http-call.ts";
import { HeldMessages } from "./held-messages.ts";
import { Inbox } from "./inbox.ts";
import { Listening } from "./listening.ts";
import { ModernHeaders } from "./modern-headers.ts";
import { Post, type Outgoing, type PostHost } from "./post.ts";
import { sendPing } from "./ping.ts";
import { Posts } from "./posts.ts";
import { RemoteSession } from "./remote-session.ts";
import { checkRemoteRoom, type RemoteOptions } from "./remote.ts";
import { deleteSession, messageRequest, pingRequest, streamHeaders } from "./requests.ts";
import { Wire } from "./wire.ts";

/** When a session is lost, the other requests on their way are waited for this long: they are told the same. */
const LOSS_MS = 1_000;
/** The longest time that a server may have an answer waited for before the rest of it is fetched. */
const LONGEST_RETRY_MS = 30_000;

/**
 * The client side of Streamable HTTP (MCP 2025-11-25, transports): sends each message with POST, reads the answers, and listens
 * with GET. Messages are relayed as they come, both ways. Revision 2026-07-28 has no session and no GET.
 */
export class StreamableClient implements Upstream, PostHost {
  readonly inbox: Inbox;
  readonly #options: RemoteOptions;
  readonly #report: ConnectionReport;
  readonly #wire: Wire;
  readonly #session = new RemoteSession();
  readonly #held = new HeldMessages();
  readonly #modern: ModernHeaders;
  readonly #posts = new Posts((run) => this.#guard(run));
  #listening: Listening | undefined;
  /** Messages wait: for the network, for the answer to `initialize`, until `initialized` has arrived, or for the end. */
  #isHolding = true;
  /** Requests that a server which has lost the session has refused; undefined while it has not. */
  #refused: OpenRequest[] | undefined;
  #isOver = false;
  #closing: Promise<void> | undefined;
  heardAt = performance.now();

  /** Throws `circuit_open`. */
  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#report = new ConnectionReport(options);
    const { remote, sessionId, listener } = options;
    remote.circuit.check(remote.server);
    this.inbox = new Inbox({ ...remote, sessionId, listener });
    this.#wire = new Wire(remote);
    this.#modern = new ModernHeaders(remote.mirrored);
    remote.network.open().then(
      () => this.#guard(() => this.#release()),
      (thrown: unknown) => this.#guard(() => this.#end(toGatewayError(thrown), [])),
    );
  }

  checkRoom(): void {
    checkRemoteRoom(this.#options.remote, this.#held.bytes + this.#posts.controlBytes);
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
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Asks whether the server is there, and still knows the session. */
  ping(): void {
    if (this.#isOver || this.#isHolding) return;
    const request = pingRequest(this.#options, this.#session);
    sendPing(this.#wire, request, { heard: () => this.#heard(), lost: () => this.#lose(undefined) });
  }

  begun(post: Post, headers: IncomingHttpHeaders): void {
    this.#heard();
    if (post.is(methods.initialize)) this.#session.begun(headers);
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
    if (post.is(methods.initialized)) this.#listen();
    if (post.request === undefined) return this.#onControlOver(post, outcome);
    if (!post.isAnswered) this.#unanswered(post, outcome);
    if (this.#refused !== undefined && !this.#posts.hasOpen) this.#finishLoss();
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
    post.call = this.#wire.start(messageRequest(outgoing, this.#options, modern ?? this.#session.headers), post);
    if (isCancellation) this.#posts.cancelled(frame.params?.["requestId"]);
  }

  #greeted(answer: Frame | undefined): void {
    this.#session.agreed(answer);
    if (this.#isOver) return;
    this.#report.works();
    this.#options.remote.heartbeat.add(this);
    this.#release();
  }

  #listen(): void {
    const { remote } = this.#options;
    this.#listening ??= new Listening({
      wire: this.#wire,
      headers: () => streamHeaders(this.#options, this.#session),
      isLasting: true,
      ...this.#reading(undefined),
      lost: () => this.#lose(undefined),
      failed: (error) => {
        if (error !== undefined)
          remote.emit({ type: "trouble", what: `no stream of "${remote.server}"`, cause: error });
      },
    });
    this.#release();
  }

  #unanswered(post: Post, outcome: Outcome): void {
    const { server } = this.#options.remote;
    switch (outcome.kind) {
      case "complete":
        if (outcome.form !== "events") return this.#fail(post, unansweredError(server, outcome.form));
        return this.#resumeOr(post, outcome, unansweredError(server, outcome.form));
      case "broken":
        return this.#resumeOr(post, outcome, brokenError(server, outcome));
      case "status":
        return this.#onStatus(post, outcome);
      default:
        return this.#fail(post, outcomeError(server, outcome));
    }
  }

  #onStatus(post: Post, outcome: Extract<Outcome, { kind: "status" }>): void {
    if (this.#session.id !== undefined && !post.isModern && isLostSession(outcome)) return this.#lose(post);
    // A refusal may be a JSON-RPC response, which is relayed like any other.
    if (post.takeRefusal(outcome.body)) return;
    this.#fail(post, statusError(this.#options.remote.server, outcome), outcome.status);
  }

  /** The rest of an answer can be fetched when its events had ids (MCP 2025-11-25, transports, resumability). */
  #resumeOr(
    post: Post,
    place: { readonly lastEventId?: string; readonly retryMs?: number },
    error: GatewayError,
  ): void {
    if (place.lastEventId === undefined || post.isModern) return this.#fail(post, error);
    this.#posts.add(post);
    post.rest = new Listening({
      wire: this.#wire,
      headers: () => streamHeaders(this.#options, this.#session),
      isLasting: false,
      lastEventId: place.lastEventId,
      waitMs: Math.min(place.retryMs ?? 0, LONGEST_RETRY_MS),
      ...this.#reading(post),
      lost: () => this.#lose(post),
      failed: (reason) => this.#fail(post, reason ?? error),
    });
  }

  #reading(post: Post | undefined): Pick<ConstructorParameters<typeof Listening>[0], "event" | "json" | "tooLong"> {
    const reader = post ?? new Post(undefined, this);
    return {
      event: (event) => {
        this.#heard();
        reader.event(event);
      },
      json: (body) => reader.json(body),
      tooLong: (head, tail, bytes) => reader.tooLong(head, tail, bytes),
    };
  }

  #fail(post: Post, error: GatewayError, status?: number): void {
    const { request } = post;
    if (request === undefined || this.#isOver) return;
    this.#posts.drop(post);
    const open = { frame: request, mayHaveRun: post.mayHaveRun };
    // Without an answer to `initialize` there is nothing to go on with.
    if (request.method === methods.initialize) return this.#end(error, [{ ...open, mayHaveRun: false }], status);
    this.#options.listener.badMessage(
      request.id,
      error,
      // A request of revision 2026-07-28 would need a new id.
      error.reason === "upstream_unreachable" && !post.isModern ? open : undefined,
    );
  }

  #onControlOver(post: Post, outcome: Outcome): void {
    if (outcome.kind === "complete") return;
    if (outcome.kind === "status" && this.#session.id !== undefined && isLostSession(outcome)) {
      return this.#lose(undefined);
    }
    const { emit, server } = this.#options.remote;
    const cause = outcomeError(server, outcome);
    emit({ type: "trouble", what: `"${server}" did not take a message (${post.name})`, cause });
  }

  /** The server does not know the session any more: no request of it will be answered, and those that follow belong to a new one. */
  #lose(post: Post | undefined): void {
    if (this.#isOver) return;
    if (this.#refused === undefined) {
      this.#refused = [];
      this.#isHolding = true;
      setTimeout(() => this.#guard(() => this.#finishLoss()), LOSS_MS).unref();
    }
    if (post?.request !== undefined) {
      this.#posts.drop(post);
      this.#refused.push({ frame: post.request, mayHaveRun: post.rest !== undefined });
    }
    if (!this.#posts.hasOpen) this.#finishLoss();
  }

  #finishLoss(): void {
    if (this.#isOver) return;
    const open = [...(this.#refused ?? []), ...this.#posts.openRequests, ...this.#held.takeRequests()];
    this.#session.forget();
    this.#report.forgotten();
    this.#end(sessionLost(this.#options.remote.server), open);
  }

  #end(error: GatewayError, open: readonly OpenRequest[], status?: number): void {
    if (this.#isOver) return;
    const { listener, onRefused } = this.#options;
    const unsent = this.#held.takeRequests();
    void this.close();
    if (status !== undefined && onRefused?.(status, error) === true) return;
    this.#report.failed(error);
    listener.ended(error, [...open, ...unsent]);
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    const { remote } = this.#options;
    remote.heartbeat.remove(this);
    this.#listening?.close();
    this.#posts.close();
    this.#wire.abort();
    if (this.#session.id !== undefined) await deleteSession(this.#wire, this.#options, this.#session);
  }

  #heard(): void {
    this.heardAt = performance.now();
  }

  #guard(run: () => void): void {
    const { emit, server } = this.#options.remote;
    guarded(emit, `a connection to "${server}" failed`, run);
  }
}

import type { GatewayError } from "../../protocol/errors.ts";
import { methods } from "../../protocol/methods.ts";
import type { OpenRequest } from "../../protocol/upstream.ts";
import type { Outcome, Refused } from "./call-listener.ts";
import { brokenError, isLostSession, outcomeError, statusError, unansweredError } from "./failure.ts";
import { eventIdHeader } from "./listening.ts";
import type { Post } from "./post.ts";
import type { Posts } from "./posts.ts";
import type { RemoteSession } from "./remote-session.ts";
import type { RemoteOptions } from "./remote.ts";
import type { Place, Streams } from "./streams.ts";

export interface UnansweredHost {
  readonly options: RemoteOptions;
  readonly session: RemoteSession;
  /** The server does not know the session any more; `post` is the request that has found out. */
  lost(post: Post | undefined): void;
  /** The connection is over, with these requests unanswered. `status` is that with which `initialize` was refused. */
  end(error: GatewayError, open: readonly OpenRequest[], status?: number): void;
}

/** What becomes of a message whose response is over without an answer: the rest is fetched, or it fails. */
export class Unanswered {
  readonly #host: UnansweredHost;
  readonly #posts: Posts;
  readonly #streams: Streams;

  constructor(host: UnansweredHost, posts: Posts, streams: Streams) {
    this.#host = host;
    this.#posts = posts;
    this.#streams = streams;
  }

  take(post: Post, outcome: Outcome): void {
    if (post.request === undefined) return this.#onControl(post, outcome);
    const { server } = this.#host.options.remote;
    switch (outcome.kind) {
      case "complete":
        if (outcome.form !== "events") return this.#fail(post, unansweredError(server, outcome.form));
        return this.#resumeOr(
          post,
          { lastEventId: outcome.lastEventId, waitMs: outcome.retryMs },
          unansweredError(server, outcome.form),
        );
      case "broken":
        // Only where the server itself has ended the stream it may have the rest waited for.
        return this.#resumeOr(post, { lastEventId: outcome.lastEventId }, brokenError(server, outcome));
      case "status":
        return this.#onStatus(post, outcome);
      default:
        return this.#fail(post, outcomeError(server, outcome));
    }
  }

  #onStatus(post: Post, outcome: Refused): void {
    if (this.#host.session.id !== undefined && !post.isModern && isLostSession(outcome)) return this.#host.lost(post);
    // A refusal may be a JSON-RPC response, which is relayed like any other.
    if (post.takeRefusal(outcome.body)) return;
    this.#fail(post, statusError(this.#host.options.remote.server, outcome), outcome.status);
  }

  #resumeOr(post: Post, place: Place, error: GatewayError): void {
    if (eventIdHeader(place.lastEventId) === undefined || post.isModern) return this.#fail(post, error);
    this.#posts.add(post);
    post.rest = this.#streams.resume(post, place, (reason) => this.#fail(post, reason ?? error));
  }

  #fail(post: Post, error: GatewayError, status?: number): void {
    const { request } = post;
    if (request === undefined) return;
    this.#posts.drop(post);
    const open = { frame: request, mayHaveRun: post.mayHaveRun };
    if (open.mayHaveRun) this.#posts.aliases.failed(request);
    // Without an answer to `initialize` there is nothing to go on with.
    if (request.method === methods.initialize) return this.#host.end(error, [{ ...open, mayHaveRun: false }], status);
    this.#host.options.listener.badMessage(
      request.id,
      error,
      // A request of revision 2026-07-28 would need a new id.
      error.reason === "upstream_unreachable" && !post.isModern ? open : undefined,
    );
  }

  #onControl(post: Post, outcome: Outcome): void {
    if (outcome.kind === "complete") return;
    if (outcome.kind === "status" && this.#host.session.id !== undefined && isLostSession(outcome)) {
      return this.#host.lost(undefined);
    }
    const { emit, server } = this.#host.options.remote;
    const cause = outcomeError(server, outcome);
    emit({ type: "trouble", what: `"${server}" did not take a message (${post.name})`, cause });
  }
}

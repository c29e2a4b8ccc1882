import type { OpenRequest } from "../../protocol/upstream.ts";
import type { Post } from "./post.ts";
import type { Posts } from "./posts.ts";

/** The other requests on their way are waited for this long: they are told the same. */
const LOSS_MS = 1_000;

/** The end of a session that the server does not know any more. */
export class SessionLoss {
  readonly #posts: Posts;
  readonly #guard: (run: () => void) => void;
  readonly #finish: (refused: readonly OpenRequest[]) => void;
  /** The requests that the server has refused; undefined while it knows the session. */
  #refused: OpenRequest[] | undefined;

  /** `guard` runs what a timer sets off; `finish` may be called more than once. */
  constructor(posts: Posts, guard: (run: () => void) => void, finish: (refused: readonly OpenRequest[]) => void) {
    this.#posts = posts;
    this.#guard = guard;
    this.#finish = finish;
  }

  /** `post` is the request that has found out, if it was one. */
  found(post: Post | undefined): void {
    if (this.#refused === undefined) {
      this.#refused = [];
      setTimeout(() => this.#guard(() => this.#finish(this.#refused ?? [])), LOSS_MS).unref();
    }
    if (post?.request !== undefined) {
      this.#posts.drop(post);
      this.#refused.push({ frame: post.request, mayHaveRun: post.rest !== undefined });
    }
    this.settled();
  }

  /** A request is over. */
  settled(): void {
    if (this.#refused !== undefined && !this.#posts.hasOpen) this.#finish(this.#refused);
  }
}

import { DelayQueue } from "../../lib/delay-queue.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import type { OpenRequest } from "../../protocol/upstream.ts";
import { Aliases } from "./aliases.ts";
import { costOf } from "./held-messages.ts";
import type { Post } from "./post.ts";

/** After its answer, or after it was cancelled, the response of a request is given this long to end by itself. */
const LINGER_MS = 1_000;

/** The messages of one connection that are on their way, and the requests among them that are not answered. */
export class Posts {
  readonly aliases = new Aliases();
  readonly #all = new Set<Post>();
  readonly #open = new Map<RequestId, Post>();
  readonly #lingering: DelayQueue<Post>;
  #controlBytes = 0;

  /** `guard` runs what a timer sets off. */
  constructor(guard: (run: () => void) => void) {
    this.#lingering = new DelayQueue(LINGER_MS, (post) => guard(() => this.drop(post)));
  }

  /** What of the messages without an answer is on its way. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  get hasOpen(): boolean {
    return this.#open.size > 0;
  }

  /** The request that waits for this id, unless it is answered. */
  waiting(id: RequestId): Post | undefined {
    return this.#open.get(id);
  }

  add(post: Post): void {
    this.#all.add(post);
    if (post.request !== undefined) this.#open.set(post.request.id, post);
    else if (post.frame !== undefined) this.#controlBytes += costOf(post.frame);
  }

  /** Its response is over, but the rest of the answer may follow elsewhere. */
  settle(post: Post): void {
    this.#lingering.remove(post);
    if (!this.#all.delete(post) || post.frame === undefined || post.request !== undefined) return;
    this.#controlBytes -= costOf(post.frame);
  }

  answered(post: Post): void {
    if (post.request !== undefined) {
      this.#open.delete(post.request.id);
      this.aliases.forget(post.request.id);
    }
    // The server should end the stream now (MCP 2025-11-25, transports, sending messages).
    if (this.#all.has(post)) this.#lingering.add(post);
  }

  /** A cancelled request need not be answered, so its response would be waited for without end. */
  cancelled(id: unknown): void {
    const post = typeof id === "string" || typeof id === "number" ? this.#open.get(id) : undefined;
    if (post !== undefined) this.#lingering.add(post);
  }

  /** Ends a request of revision 2026-07-28; false when there is none with this id. */
  endModern(id: unknown): boolean {
    const post = typeof id === "string" || typeof id === "number" ? this.#open.get(id) : undefined;
    if (post?.isModern !== true) return false;
    this.drop(post);
    return true;
  }

  drop(post: Post): void {
    post.close();
    this.settle(post);
    const { request } = post;
    if (request === undefined || this.#open.get(request.id) !== post) return;
    this.#open.delete(request.id);
    this.aliases.forget(request.id);
  }

  get openRequests(): OpenRequest[] {
    return [...this.#open.values()].flatMap(({ request, mayHaveRun }) =>
      request === undefined ? [] : [{ frame: request, mayHaveRun }],
    );
  }

  close(): void {
    for (const post of [...this.#all, ...this.#open.values()]) {
      post.close();
      this.#lingering.remove(post);
    }
    this.#open.clear();
    this.#all.clear();
  }
}

import type { ServerResponse } from "node:http";
import type { Soon } from "../../lib/soon.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import type { EndReason, Outlet, Session } from "../../protocol/session.ts";
import { Replay, type EventPosition, type ReplayLimits } from "../../session/replay.ts";
import { EventStream } from "../event-stream.ts";
import type { DownstreamContext } from "../context.ts";
import type { AnswerForm } from "./answer-form.ts";
import { PostAnswer } from "./post-answer.ts";

export interface ConversationOptions {
  readonly context: DownstreamContext;
  readonly replayLimits: ReplayLimits;
  readonly undecided: Soon<PostAnswer>;
  /** The client knows events that carry only an id. */
  readonly primes: boolean;
}

export interface Expected {
  readonly response: ServerResponse;
  readonly ids: readonly RequestId[];
  readonly isBatch: boolean;
  readonly form: AnswerForm;
}

/** The name in event ids of the stream that a GET opens. */
const GET_STREAM = "g";
/** How soon a client may come back after a stream ended, for clients that obey `retry`. */
const RETRY_MS = 1_000;
/** These are about the server as a whole, not about what a request is doing. */
const ABOUT_THE_SERVER = /^notifications\/(?:[a-z]+\/list_changed|resources\/updated)$/;

/**
 * Which stream each message of a server goes to (MCP 2025-11-25, transports): answers and progress to the POST that asked,
 * requests and logs to the newest POST in flight, else to the GET stream, else they wait for one.
 */
export class Conversation implements Outlet {
  readonly #session: Session;
  readonly #options: ConversationOptions;
  readonly #replay: Replay;
  readonly #posts = new Map<RequestId, PostAnswer>();
  readonly #clogged = new Set<number>();
  #get: EventStream | undefined;
  #streams = 0;

  constructor(session: Session, options: ConversationOptions) {
    this.#session = session;
    this.#options = options;
    this.#replay = new Replay(options.replayLimits);
  }

  /** Prepares the answer to a POST; `begin` starts it once its requests were accepted. */
  expect({ response, ids, isBatch, form }: Expected): PostAnswer {
    const { undecided, context } = this.#options;
    const post: PostAnswer = new PostAnswer(response, {
      stream: `p${++this.#streams}`,
      requests: ids.length,
      isBatch,
      form,
      stallMs: context.limits.stallMs,
      replay: this.#replay,
      openStream: (target, stream) => this.#openStream(target, this.#replay.now(stream), (closed) => post.lost(closed)),
      onDone: (done) => undecided.remove(done),
    });
    for (const id of ids) this.#posts.set(id, post);
    return post;
  }

  begin(post: PostAnswer): void {
    if (post.form === "stream") post.startStream();
    if (post.form === "either") this.#options.undecided.add(post);
  }

  /** The requests were refused after all. */
  forget(ids: readonly RequestId[]): void {
    for (const id of ids) this.#posts.delete(id);
  }

  /** The server-to-client stream of a GET, or what a client missed of another stream. The newest GET replaces an older one. */
  listen(response: ServerResponse, lastEventId: string | undefined): void {
    const position = lastEventId === undefined ? undefined : this.#replay.positionOf(lastEventId);
    if (position !== undefined && position.stream !== GET_STREAM) return this.#resumePost(response, position);
    this.#get?.end();
    const missed = position === undefined ? this.#replay.unsent(GET_STREAM) : this.#replay.after(position);
    // Before what was missed: who is cut again right here must come back with a position that loses nothing.
    const [first] = missed;
    const before =
      first === undefined ? this.#replay.now(GET_STREAM) : { stream: GET_STREAM, sequence: first.sequence - 1 };
    const stream = this.#openStream(response, position ?? before, (closed) => {
      if (this.#get === closed) this.#get = undefined;
    });
    this.#get = stream;
    for (const { id, line } of missed) stream.send(line, { id });
  }

  deliver(frame: Frame, requestId: RequestId | undefined): void {
    const post = requestId === undefined ? undefined : this.#posts.get(requestId);
    if (frame.kind === "response") {
      this.#posts.delete(frame.id);
      return post?.answer(frame.line);
    }
    const target = post?.keepsMessages === true ? post : this.#targetFor(frame);
    if (target !== undefined) return target.message(frame.line);
    const id = this.#replay.add(GET_STREAM, frame.line, this.#get !== undefined);
    this.#get?.send(frame.line, { id });
  }

  cancelled(requestId: RequestId): void {
    const post = this.#posts.get(requestId);
    this.#posts.delete(requestId);
    post?.withdraw();
  }

  ended(_reason: EndReason, _error: GatewayError | undefined): void {
    this.#get?.end();
  }

  /** Of a message that belongs to no request: undefined is the GET stream. */
  #targetFor(frame: Frame): PostAnswer | undefined {
    const isForAll = this.#get !== undefined && frame.kind === "notification" && ABOUT_THE_SERVER.test(frame.method);
    return isForAll ? undefined : this.#newestPost();
  }

  #newestPost(): PostAnswer | undefined {
    let newest: PostAnswer | undefined;
    for (const post of this.#posts.values()) if (post.takesMessages) newest = post;
    return newest;
  }

  #resumePost(response: ServerResponse, position: EventPosition): void {
    const post = [...this.#posts.values()].find((one) => one.stream === position.stream);
    const events = this.#openStream(response, position, (closed) => post?.lost(closed));
    post?.resume(events);
    const missed = this.#replay.after(position);
    for (const { id, line } of missed) events.send(line, { id });
    // With nothing to say any more it stays open and quiet: ended, the client would come back for it without end.
    if (post === undefined && missed.length > 0) events.end();
  }

  /** `position` is what a client that knows such events is primed with. */
  #openStream(response: ServerResponse, position: EventPosition, onClosed: (stream: EventStream) => void): EventStream {
    const { heartbeats, limits } = this.#options.context;
    const key = ++this.#streams;
    const unclog = (): void => {
      if (this.#clogged.delete(key) && this.#clogged.size === 0) this.#session.resume();
    };
    const stream = new EventStream(response, {
      heartbeats,
      bufferBytes: limits.streamBytes,
      stallMs: limits.stallMs,
      onClogged: () => {
        this.#clogged.add(key);
        this.#session.pause();
      },
      onDrained: unclog,
      onClosed: () => {
        unclog();
        onClosed(stream);
      },
    });
    if (this.#options.primes) stream.prime(this.#replay.idOf(position), RETRY_MS);
    else if (position.stream === GET_STREAM) stream.retry(RETRY_MS);
    return stream;
  }
}

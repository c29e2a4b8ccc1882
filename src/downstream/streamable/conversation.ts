import type { ServerResponse } from "node:http";
import type { DelayQueue } from "../../lib/delay-queue.ts";
import { ASSUMED_REVISION, hasPriming } from "../../protocol/eras/revisions.ts";
import type { Frame, NotificationFrame, RequestFrame } from "../../protocol/frame.ts";
import type { Outlet, Session } from "../../protocol/session.ts";
import type { DownstreamContext } from "../context.ts";
import { EventStream } from "../event-stream.ts";
import { PostAnswer, type PostHost, type PostRequest } from "./post-answer.ts";
import { Replay, type EventPosition } from "./replay.ts";

export interface ConversationOptions {
  readonly context: DownstreamContext;
  readonly undecided: DelayQueue<PostAnswer>;
}

/** The name of the GET stream in event ids. */
const GET_STREAM = "g";
/** The `retry` value: how soon a client should reconnect after a stream ended. */
const RETRY_MS = 1_000;
/** Maximum number of resumed streams of finished POSTs; beyond it the oldest is ended. */
const MAX_QUIET_STREAMS = 8;
/** Notifications about the server as a whole rather than about a request. */
const ABOUT_THE_SERVER = /^notifications\/(?:[a-z]+\/list_changed|resources\/updated)$/;

/**
 * Routes the messages of a server to streams (MCP 2025-11-25, transports): responses and progress to the POST of their request;
 * requests and logs to the newest POST in flight, else to the GET stream, else they are kept until one opens.
 */
export class Conversation implements Outlet, PostHost {
  readonly #session: Session;
  readonly #options: ConversationOptions;
  readonly replay: Replay;
  readonly stallMs: number;
  /** POSTs with open requests, newest last. */
  readonly #posts = new Set<PostAnswer>();
  /** Resumed streams of finished POSTs, which receive nothing more, by name. */
  readonly #quiet = new Map<string, EventStream>();
  readonly #clogged = new Set<number>();
  #get: EventStream | undefined;
  #streams = 0;

  constructor(session: Session, options: ConversationOptions) {
    this.#session = session;
    this.#options = options;
    this.replay = new Replay(options.context.replay);
    this.stallMs = options.context.streams.limits.stallMs;
  }

  get isConnected(): boolean {
    if (this.#get !== undefined || this.#quiet.size > 0) return true;
    for (const post of this.#posts) if (post.isConnected) return true;
    return false;
  }

  /** Prepares the response to a POST; `begin` starts it once its requests were accepted. */
  expect(request: PostRequest, response: ServerResponse): PostAnswer {
    return new PostAnswer(this, `p${++this.#streams}`, request, response);
  }

  begin(post: PostAnswer): void {
    // A batch may cancel its own requests: then the response is complete before it begins.
    if (post.isDone) return;
    this.#posts.add(post);
    if (post.form === "stream") post.startStream();
    if (post.form === "either") this.#options.undecided.add(post);
  }

  openPostStream(post: PostAnswer, response: ServerResponse): EventStream {
    return this.#openStream(response, this.replay.now(post.stream), (closed) => post.lost(closed));
  }

  onStray(frame: NotificationFrame | RequestFrame): void {
    this.deliver(frame);
  }

  onDone(post: PostAnswer): void {
    this.#options.undecided.remove(post);
    this.#posts.delete(post);
  }

  /** Opens the GET stream, or resumes any stream of the session. A new GET stream replaces the previous one. */
  listen(response: ServerResponse, lastEventId: string | undefined): void {
    const position = lastEventId === undefined ? undefined : this.replay.positionOf(lastEventId);
    if (position !== undefined && position.stream !== GET_STREAM) return this.#resumePost(response, position);
    const lost = lastEventId === undefined ? undefined : this.replay.lostPostIn(lastEventId);
    if (lost !== undefined) return this.#openLost(response, lost.replace(".", "-"));
    this.#get?.end();
    const missed = position === undefined ? this.replay.unsent(GET_STREAM) : this.replay.after(position);
    // The position before the first missed event, so that a client which is cut off right here resumes without loss.
    const [first] = missed;
    const before =
      first === undefined ? this.replay.now(GET_STREAM) : { stream: GET_STREAM, sequence: first.sequence - 1 };
    const stream = this.#openStream(response, position ?? before, (closed) => {
      if (this.#get === closed) this.#get = undefined;
    });
    this.#get = stream;
    for (const { id, line } of missed) stream.send(line, { id });
  }

  deliver(frame: Frame): void {
    const isForAll = this.#get !== undefined && frame.kind === "notification" && ABOUT_THE_SERVER.test(frame.method);
    const post = isForAll || frame.kind === "response" ? undefined : this.#newestPost();
    if (post !== undefined && frame.kind !== "response") return post.message(frame);
    const id = this.replay.add(GET_STREAM, frame.line, this.#get !== undefined);
    this.#get?.send(frame.line, { id });
  }

  /** All open requests have failed by then; the remaining streams end with the session. */
  ended(): void {
    this.#get?.end();
    for (const stream of this.#quiet.values()) stream.end();
  }

  #newestPost(): PostAnswer | undefined {
    let newest: PostAnswer | undefined;
    for (const post of this.#posts) if (post.takesMessages) newest = post;
    return newest;
  }

  #resumePost(response: ServerResponse, position: EventPosition): void {
    const { stream: name } = position;
    const post = [...this.#posts].find(({ stream }) => stream === name);
    const events = this.#openStream(response, position, (closed) => {
      post?.lost(closed);
      if (this.#quiet.get(name) === closed) this.#quiet.delete(name);
    });
    post?.resume(events);
    const missed = this.replay.after(position);
    for (const { id, line } of missed) events.send(line, { id });
    if (post !== undefined) return;
    if (missed.length > 0) events.end();
    else this.#keepQuiet(name, events);
  }

  /** The messages of this POST were lost in a restart. Its stream stays silent, and does not replace the GET stream. */
  #openLost(response: ServerResponse, name: string): void {
    const stream = this.#openStream(response, this.replay.now(name), (closed) => {
      if (this.#quiet.get(name) === closed) this.#quiet.delete(name);
    });
    this.#keepQuiet(name, stream);
  }

  /** Keeps a finished stream open, because the client would otherwise reconnect to it endlessly. */
  #keepQuiet(name: string, stream: EventStream): void {
    this.#quiet.get(name)?.end();
    // Deleted first, because setting an existing key would keep its old place in the order.
    this.#quiet.delete(name);
    this.#quiet.set(name, stream);
    if (this.#quiet.size <= MAX_QUIET_STREAMS) return;
    for (const [oldest, quiet] of this.#quiet) {
      this.#quiet.delete(oldest);
      return quiet.end();
    }
  }

  /** `position` is the position of the priming event, for clients that support it. */
  #openStream(response: ServerResponse, position: EventPosition, onClosed: (stream: EventStream) => void): EventStream {
    const key = ++this.#streams;
    const unclog = (): void => {
      if (this.#clogged.delete(key) && this.#clogged.size === 0) this.#session.resume();
    };
    const stream = new EventStream(response, this.#options.context.streams, {
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
    if (hasPriming(this.#session.clientRevision ?? ASSUMED_REVISION))
      stream.prime(this.replay.idOf(position), RETRY_MS);
    else if (position.stream === GET_STREAM) stream.retry(RETRY_MS);
    return stream;
  }
}

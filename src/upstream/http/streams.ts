import type { ParsedEvent } from "../../lib/event-parser.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import { Listening, type ListeningOptions } from "./listening.ts";
import { Post, type PostHost } from "./post.ts";
import type { RemoteSession } from "./remote-session.ts";
import type { RemoteOptions } from "./remote.ts";
import { streamHeaders } from "./requests.ts";
import { SeenEvents } from "./seen-events.ts";
import type { Wire } from "./wire.ts";

export interface StreamsHost extends PostHost {
  readonly options: RemoteOptions;
  readonly wire: Wire;
  readonly session: RemoteSession;
  /** The server has said something. */
  heard(): void;
  /** It does not know the session any more; `post` is the request that has found out. */
  lost(post: Post | undefined): void;
}

/** Where the answer to a request broke off. */
export interface Place {
  readonly lastEventId: string | undefined;
  /** How long the server wants the rest to be waited for. */
  readonly waitMs?: number | undefined;
}

/** The longest time that a server may have an answer waited for before the rest of it is fetched. */
const LONGEST_WAIT_MS = 30_000;

/** The streams of one connection that are opened with GET. */
export class Streams {
  readonly #host: StreamsHost;
  readonly #seen = new SeenEvents();
  #lasting: Listening | undefined;

  constructor(host: StreamsHost) {
    this.#host = host;
  }

  /** Opens the one on which the server speaks unasked. */
  open(): void {
    const { emit, server } = this.#host.options.remote;
    this.#lasting ??= new Listening({
      ...this.#reading(undefined),
      isLasting: true,
      failed: (error) => {
        if (error !== undefined) emit({ type: "trouble", what: `no stream of "${server}"`, cause: error });
      },
    });
  }

  /** Fetches the rest of an answer, whose events had ids (MCP 2025-11-25, transports, resumability). */
  resume(post: Post, { lastEventId, waitMs = 0 }: Place, failed: (error: GatewayError | undefined) => void): Listening {
    this.#seen.resumed();
    return new Listening({
      ...this.#reading(post),
      isLasting: false,
      lastEventId,
      waitMs: Math.min(waitMs, LONGEST_WAIT_MS),
      failed,
    });
  }

  repeats(id: string, data: ParsedEvent["data"]): boolean {
    return this.#seen.repeats(id, data);
  }

  close(): void {
    this.#lasting?.close();
  }

  #reading(post: Post | undefined): Omit<ListeningOptions, "isLasting" | "failed"> {
    const { wire, options, session } = this.#host;
    const reader = post ?? new Post(undefined, this.#host);
    return {
      wire,
      headers: () => streamHeaders(options, session),
      event: (event) => {
        this.#host.heard();
        reader.event(event);
      },
      json: (body) => reader.json(body),
      tooLong: (head, tail, bytes) => reader.tooLong(head, tail, bytes),
      resumed: () => this.#seen.resumed(),
      isDone: () => post?.isAnswered === true,
      lost: () => this.#host.lost(post),
    };
  }
}

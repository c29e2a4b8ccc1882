import type { ServerResponse } from "node:http";
import type { Redactor } from "../../lib/redactor.ts";
import type { Recording } from "../../observability/recording/recording.ts";
import type { SessionLog } from "./console-api.ts";
import { EventStream } from "../event-stream.ts";
import type { StreamCare } from "../stream-care.ts";
import { messagesFrom } from "./session-log.ts";

/** Messages that pass within this time are told together. */
const TOGETHER_MS = 50;

export interface WatcherOptions {
  readonly response: ServerResponse;
  readonly care: StreamCare;
  readonly redactor: Redactor;
  /** The servers that the watcher sees. */
  readonly servers: readonly string[];
  readonly onClosed: (watcher: Watcher) => void;
}

/**
 * Somebody who watches, over an event stream. Nothing is queued for a slow reader but what the stream has taken: messages wait
 * in the recording, and of those that it has forgotten by then only the number is told.
 */
export class Watcher {
  readonly servers: ReadonlySet<string>;
  /** What was told last of the state, in short. */
  told: { readonly signature: string; readonly at: number } | undefined;
  readonly #stream: EventStream;
  readonly #care: StreamCare;
  readonly #redactor: Redactor;
  #recording: Recording | undefined;
  #unwatch: (() => void) | undefined;
  /** The number of the message that is told next. */
  #next = 0;
  #toldEnd = false;
  #timer: NodeJS.Timeout | undefined;
  #isClogged = false;
  #isClosed = false;

  constructor({ response, care, redactor, servers, onClosed }: WatcherOptions) {
    this.servers = new Set(servers);
    this.#redactor = redactor;
    this.#care = care;
    this.#stream = new EventStream(response, care, {
      onClogged: () => (this.#isClogged = true),
      onDrained: () => {
        this.#isClogged = false;
        this.#flush();
      },
      onClosed: () => {
        this.#isClosed = true;
        this.#unwatch?.();
        clearTimeout(this.#timer);
        onClosed(this);
      },
    });
  }

  /** Sends the event, unless the reader does not keep up. */
  send(event: string, data: object): boolean {
    if (this.#isClogged) return false;
    this.#stream.send(JSON.stringify(data), { event });
    return true;
  }

  /** Tells what is kept of a session, and from now on what passes. */
  follow(recording: Recording, session: SessionLog["session"]): void {
    if (this.#isClosed) return;
    const messages = messagesFrom(recording, 0, this.#redactor);
    const log: SessionLog = { session, forgotten: recording.first - 1, messages };
    this.send("backlog", log);
    this.#recording = recording;
    this.#next = recording.next;
    this.#unwatch = recording.watch(() => this.#later());
    this.#tellEnd(recording);
  }

  end(): void {
    this.#stream.end();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#care.guard(() => this.#flush());
    }, TOGETHER_MS);
  }

  #flush(): void {
    const recording = this.#recording;
    if (recording === undefined || this.#isClogged) return;
    const missed = recording.first - this.#next;
    if (missed > 0) this.send("gap", { missed });
    const messages = messagesFrom(recording, this.#next, this.#redactor);
    this.#next = recording.next;
    for (const message of messages) this.send("message", message);
    this.#tellEnd(recording);
  }

  #tellEnd({ over }: Recording): void {
    if (over === undefined) this.#toldEnd = false;
    else if (!this.#toldEnd) this.#toldEnd = this.send("closed", over);
  }
}

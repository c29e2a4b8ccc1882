import { byteLength, type Line } from "../../lib/lines.ts";
import type { Exchange } from "../../protocol/exchange.ts";
import type { Frame, ResponseFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { RecordedSession, SessionRecording } from "../../protocol/recording.ts";
import { keptLine, keptName } from "./kept-line.ts";

const MAX_MESSAGES = 200;
const MAX_BYTES = 1024 * 1024;
/** What a message takes besides its text. */
const ENTRY_BYTES = 256;

/** The length of the whole message. */
export const lengthOf = ({ wholeBytes, kept }: RecordedMessage): number => wholeBytes ?? byteLength(kept);

/** A message as it passed. */
export interface RecordedMessage {
  /** Counts the messages of the session, from 1. */
  readonly n: number;
  /** In ms since 1970. */
  readonly at: number;
  readonly from: "client" | "server";
  readonly kind: Frame["kind"];
  readonly id: RequestId | undefined;
  /** The length of a message of which only the beginning is kept. */
  readonly wholeBytes: number | undefined;
  readonly failed: boolean;
  /** The result of a tool that says it failed. */
  readonly isToolError: boolean;
  /** Written by the gateway. */
  readonly isOwn: boolean;
  readonly kept: Line;
  /** What it counts for in memory: of a text one byte for each character, which is right for ASCII. */
  readonly weight: number;
  /** Of an answer to the client these three are known once its exchange is over, which is the same moment. */
  method: string | undefined;
  tool: string | undefined;
  ms: number | undefined;
}

export interface SessionOver {
  /** In ms since 1970. */
  readonly endedAt: number;
  readonly reason: string;
}

export interface RecordingHost {
  /** Something was kept, or let go: `bytes` more or less. */
  grew(bytes: number): void;
  over(recording: Recording): void;
}

/**
 * The last messages of one session. While nobody looks it only keeps what exists anyway: the lines, and what the relay has read of
 * them.
 */
export class Recording implements SessionRecording {
  readonly session: RecordedSession;
  readonly startedAt = Date.now();
  readonly #host: RecordingHost;
  /** The message `n` is at `n % MAX_MESSAGES`. */
  readonly #slots: (RecordedMessage | undefined)[] = [];
  #first = 1;
  #next = 1;
  #bytes = 0;
  /** The latest answer to the client, until its exchange is over. */
  #answer: RecordedMessage | undefined;
  #calls = 0;
  #over: SessionOver | undefined;
  #watchers: Set<() => void> | undefined;

  constructor(session: RecordedSession, host: RecordingHost) {
    this.session = session;
    this.#host = host;
  }

  /** The number of the oldest message that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The number of the next message. */
  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Undefined as long as the session lives. */
  get over(): SessionOver | undefined {
    return this.#over;
  }

  get(n: number): RecordedMessage | undefined {
    return n >= this.#first && n < this.#next ? this.#slots[n % MAX_MESSAGES] : undefined;
  }

  /** The kept messages from `n` on, oldest first. */
  from(n: number): RecordedMessage[] {
    const found: RecordedMessage[] = [];
    for (let at = Math.max(n, this.#first); at < this.#next; at++) {
      const entry = this.get(at);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  message(from: "client" | "server", frame: Frame): void {
    this.#add(from, frame, frame.kind === "response" && frame.fault !== undefined);
  }

  answered({ id, method, tool }: Pick<Exchange, "id" | "method" | "tool">, answer: ResponseFrame, ms: number): void {
    this.#calls++;
    // Refused by the server's side of the session or by the policy: nothing of it has passed.
    if (this.#answer === undefined || this.#answer.id !== keptId(id)) this.#add("server", answer, true);
    const entry = this.#answer;
    this.#answer = undefined;
    if (entry === undefined) return;
    entry.method = keptName(method);
    entry.tool = tool === undefined ? undefined : keptName(tool);
    entry.ms = ms;
  }

  ended(reason: string): void {
    if (this.#over !== undefined) return;
    this.#over = { endedAt: Date.now(), reason };
    this.#host.over(this);
    this.#tell();
  }

  /** The session goes on: what was kept of it is its beginning. */
  goOn(): void {
    this.#over = undefined;
  }

  /** Forgets the oldest messages until no more than `bytes` are kept. */
  shrinkTo(bytes: number): void {
    const before = this.#bytes;
    while (this.#bytes > bytes && this.#first < this.#next) this.#forgetOldest();
    this.#host.grew(this.#bytes - before);
  }

  /** Calls `changed` after every message, and at the end; returns what stops it. */
  watch(changed: () => void): () => void {
    this.#watchers ??= new Set();
    this.#watchers.add(changed);
    return () => {
      this.#watchers?.delete(changed);
      if (this.#watchers?.size === 0) this.#watchers = undefined;
    };
  }

  #add(from: "client" | "server", frame: Frame, isOwn: boolean): void {
    const { kind, line } = frame;
    const kept = keptLine(line);
    const entry: RecordedMessage = {
      n: this.#next,
      at: Date.now(),
      from,
      kind,
      id: kind === "notification" ? undefined : keptId(frame.id),
      wholeBytes: kept.length < line.length ? byteLength(line) : undefined,
      failed: kind === "response" && frame.failed,
      isToolError: kind === "response" && frame.isError === true,
      isOwn,
      kept,
      weight: ENTRY_BYTES + kept.length,
      method: kind === "response" ? undefined : keptName(frame.method),
      tool: kind === "request" ? toolOf(frame) : undefined,
      ms: undefined,
    };
    if (kind === "response" && from === "server") this.#answer = entry;
    this.#keep(entry);
  }

  #keep(entry: RecordedMessage): void {
    const before = this.#bytes;
    if (this.#next - this.#first === MAX_MESSAGES) this.#forgetOldest();
    this.#slots[this.#next % MAX_MESSAGES] = entry;
    this.#next++;
    this.#bytes += entry.weight;
    while (this.#bytes > MAX_BYTES) this.#forgetOldest();
    this.#host.grew(this.#bytes - before);
    this.#tell();
  }

  #forgetOldest(): void {
    const at = this.#first % MAX_MESSAGES;
    this.#bytes -= this.#slots[at]?.weight ?? 0;
    this.#slots[at] = undefined;
    this.#first++;
  }

  #tell(): void {
    if (this.#watchers === undefined) return;
    for (const changed of this.#watchers) changed();
  }
}

const keptId = (id: RequestId): RequestId => (typeof id === "string" ? keptName(id) : id);

function toolOf({ method, params }: Extract<Frame, { kind: "request" }>): string | undefined {
  const name = method === methods.callTool ? params?.["name"] : undefined;
  return typeof name === "string" ? keptName(name) : undefined;
}

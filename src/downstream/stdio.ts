import type { Readable, Writable } from "node:stream";
import { member } from "../lib/json.ts";
import { byteLength, LineSplitter, type Line } from "../lib/lines.ts";
import { Sampler } from "../lib/sampler.ts";
import { readClientMessages, type ClientMessages } from "../protocol/client-frame.ts";
import { GatewayError, toGatewayError } from "../protocol/errors.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import type { Frame } from "../protocol/frame.ts";
import { errorLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { SessionOpener } from "../protocol/session.ts";
import { Conversation } from "./stdio-conversation.ts";
import { StdioOutput } from "./stdio-output.ts";

export interface StdioOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** The server that the sessions are with. */
  readonly server: string;
  /** For clients of the revisions with sessions, and for those of MCP 2026-07-28. */
  readonly sessions: SessionOpener;
  readonly modernSessions: SessionOpener;
  readonly messageBytes: number;
  /** How much of the client's requests may be unanswered before it is read no further. */
  readonly openBytes: number;
  readonly emit: Emit;
  /** An error as the client is to read it. */
  readonly worded: (error: GatewayError) => GatewayError;
}

/** So many requests may be unanswered before the client is read no further. */
const MOST_OPEN = 512;
const ENVELOPE_KEY = "io.modelcontextprotocol/protocolVersion";
const SAMPLES_PER_SECOND = 5;
const SAMPLE_LENGTH = 200;
/** Where the id of a request is in a long line; every SDK writes the envelope first or last. */
const ID_FIRST = /^\{"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15}),"method":/;
const METHOD_FIRST = /^\{"method":/;
const ID_LAST = /,"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15})\}$/;

/**
 * A client at the other end of a pipe: one message per line in, one per line out, and nothing else (MCP, stdio transport). Both
 * eras may come on it; each has its own session.
 */
export class StdioClient {
  readonly #options: StdioOptions;
  readonly #output: StdioOutput;
  readonly #lines: LineSplitter;
  readonly #samples = new Sampler(SAMPLES_PER_SECOND);
  readonly #legacy: Conversation;
  readonly #modern: Conversation;
  readonly #sizes = new Map<RequestId, number>();
  #openBytes = 0;
  #finish: () => void = () => undefined;
  /** Resolves when the client has closed either pipe. */
  readonly ended: Promise<void>;

  constructor(options: StdioOptions) {
    this.#options = options;
    const { output, input, emit, sessions, modernSessions, server, messageBytes } = options;
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    const listener = { full: () => this.#hold(), drained: () => this.#release(), gone: () => this.#finish() };
    this.#output = new StdioOutput(output, listener, emit);
    const deliver = (frame: Frame): void => this.#deliver(frame);
    this.#legacy = new Conversation(sessions, server, "stdio", deliver);
    this.#modern = new Conversation(modernSessions, server, "modern", deliver);
    this.#lines = new LineSplitter(messageBytes, {
      line: (line) => this.#read(line),
      tooLong: (head, tail, bytes) => this.#refuseLong(head, tail, bytes),
    });
    const what = "the input of the client failed";
    input.on("data", (chunk: Buffer) => guarded(emit, what, () => this.#take(chunk)));
    for (const event of ["end", "close", "error"]) input.on(event, () => this.#finish());
  }

  /** Whether a request waits for its answer. */
  get isBusy(): boolean {
    return this.#sizes.size > 0;
  }

  /** Resolves when the client has, or cannot get, all that was written for it. */
  flushed(): Promise<void> {
    return this.#output.flushed();
  }

  #take(chunk: Buffer): void {
    this.#lines.push(chunk);
    if (this.#output.isFull || this.#isOverfull) this.#options.input.pause();
  }

  get #isOverfull(): boolean {
    return this.#openBytes > this.#options.openBytes || this.#sizes.size >= MOST_OPEN;
  }

  #read(line: Line): void {
    let messages: ClientMessages;
    try {
      messages = readClientMessages(line);
    } catch (thrown) {
      return this.#refuseLine(line.slice(0, SAMPLE_LENGTH).toString(), toGatewayError(thrown), undefined);
    }
    const conversation = this.#conversationOf(messages);
    const ids = messages.frames.flatMap((frame) => (frame.kind === "request" ? [frame.id] : []));
    // An answer to a request that repeats an id would be taken for that of the first one.
    const isRepeated = ids.some((id) => this.#sizes.has(id));
    try {
      if (isRepeated)
        throw new GatewayError("invalid_request", "A request with this id is still waiting for its answer.");
      for (const frame of messages.frames) this.#count(frame);
      conversation.receive(messages);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (ids.length === 0) this.#lost(error);
      for (const id of isRepeated ? [undefined] : ids) this.#refuse(id, error);
    }
  }

  /** What cancels a request goes where the request went. */
  #conversationOf({ frames }: ClientMessages): Conversation {
    const [first] = frames;
    if (first?.kind === "notification" && first.method === methods.cancelled) {
      const id = first.params?.["requestId"];
      const isId = typeof id === "string" || typeof id === "number";
      return isId && this.#modern.waitsFor(id) ? this.#modern : this.#legacy;
    }
    return frames.some(isModern) ? this.#modern : this.#legacy;
  }

  #count(frame: Frame): void {
    if (frame.kind === "request") {
      const bytes = byteLength(frame.line);
      this.#sizes.set(frame.id, bytes);
      this.#openBytes += bytes;
    } else if (frame.kind === "notification" && frame.method === methods.cancelled) {
      const id = frame.params?.["requestId"];
      // It need not be answered.
      if (typeof id === "string" || typeof id === "number") this.#settle(id);
    }
  }

  #settle(id: RequestId): void {
    const bytes = this.#sizes.get(id);
    if (bytes === undefined) return;
    const wasOverfull = this.#isOverfull;
    this.#sizes.delete(id);
    this.#openBytes -= bytes;
    if (wasOverfull && !this.#isOverfull && !this.#output.isFull) this.#options.input.resume();
  }

  #deliver(frame: Frame): void {
    if (frame.kind !== "response") return this.#output.write(frame.line);
    this.#settle(frame.id);
    if (frame.fault === undefined) this.#output.write(frame.line);
    else this.#output.write(errorLine(frame.id, this.#options.worded(frame.fault)));
  }

  #refuse(id: RequestId | undefined, error: GatewayError): void {
    if (id !== undefined) this.#settle(id);
    this.#output.write(errorLine(id, this.#options.worded(error)));
  }

  /** A message that nobody waits for an answer to. */
  #lost(cause: GatewayError): void {
    if (this.#samples.take() === undefined) return;
    this.#options.emit({ type: "trouble", what: "a message of the client was not passed on", cause });
  }

  #refuseLong(head: string, tail: string, bytes: number): void {
    const text = ID_FIRST.exec(head)?.[1] ?? (METHOD_FIRST.test(head) ? ID_LAST.exec(tail)?.[1] : undefined);
    const id = text === undefined ? undefined : idOf(text);
    const most = Math.round(this.#options.messageBytes / 1024 / 1024);
    const why = `The line has ${bytes} bytes; at most ${most} MiB are relayed.`;
    this.#refuseLine(head.slice(0, SAMPLE_LENGTH), new GatewayError("payload_too_large", why), id);
  }

  /** Answered, because the client may wait for it, and logged, because it may not listen to errors without an id. */
  #refuseLine(sample: string, error: GatewayError, id: RequestId | undefined): void {
    const { emit } = this.#options;
    const message = error.message.replace("The body", "The line");
    const dropped = this.#samples.take();
    if (dropped !== undefined) emit({ type: "client.garbage", sample, why: message, dropped });
    const isOpen = id !== undefined && this.#sizes.has(id);
    this.#refuse(isOpen ? undefined : id, new GatewayError(error.reason, message));
  }

  #hold(): void {
    this.#options.input.pause();
    this.#legacy.pause();
    this.#modern.pause();
  }

  #release(): void {
    this.#legacy.resume();
    this.#modern.resume();
    if (!this.#isOverfull) this.#options.input.resume();
  }
}

/** Whether a message is of MCP 2026-07-28, in which each says so itself. */
function isModern(frame: Frame): boolean {
  if (frame.kind === "response") return false;
  return frame.method === "server/discover" || member(frame.params?.["_meta"], ENVELOPE_KEY) !== undefined;
}

const idOf = (text: string): RequestId => (text.startsWith('"') ? text.slice(1, -1) : Number(text));

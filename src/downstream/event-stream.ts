import type { ServerResponse } from "node:http";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";
import type { Beating, Heartbeats } from "./heartbeats.ts";

export interface EventStreamOptions {
  readonly heartbeats: Heartbeats;
  /** Bytes that may wait for a slow reader before the server is made to wait. */
  readonly bufferBytes: number;
  /** How long a reader may take nothing at all before it is cut off. */
  readonly stallMs: number;
  readonly onClogged: () => void;
  readonly onDrained: () => void;
  /** The stream is over, by whoever's will. */
  readonly onClosed: () => void;
}

const HEADERS = {
  "Content-Type": "text/event-stream",
  // no-transform keeps compressing middlemen from holding events back.
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

/** A long message goes out in pieces of this size, so that a reader who takes it slowly is seen to take it. */
const PIECE_BYTES = 256 * 1024;
/** How often within `stallMs` a clogged stream is looked at. */
const LOOKS = 4;

type Piece = readonly (string | Buffer)[];

/** One server-sent event stream (WHATWG HTML §9.2) on a response: gathers what one turn brings, beats, watches its reader. */
export class EventStream implements Beating {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  #text = "";
  #isFlushing = false;
  /** What the response has not taken yet. */
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #isFull = false;
  #isClogged = false;
  #lastTakenAt = 0;
  #watch: NodeJS.Timeout | undefined;
  #isEnding = false;
  #isOver = false;

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
    // HTTP/2 has no such header, and HTTP/1.1 needs none: a proxy may pass on what it is given.
    response.removeHeader("connection");
    response.writeHead(200, HEADERS);
    // At once: the first byte tells proxies and clients that the stream lives.
    this.#write(": ok\n\n");
    response.on("drain", () => this.#onDrain());
    response.once("close", () => this.#onClose());
    // A write that meets a socket already gone: `close` follows and says all there is to say.
    response.on("error", () => undefined);
    options.heartbeats.add(this);
  }

  /** `event` and `id` must hold no line break. */
  send(data: Line, { event = "message", id }: { event?: string; id?: string } = {}): void {
    if (this.#isEnding) return;
    const head = id === undefined ? `event: ${event}\ndata: ` : `id: ${id}\nevent: ${event}\ndata: `;
    if (typeof data === "string") return this.#write(`${head}${data}\n\n`);
    this.#flush();
    for (const piece of pieces(head, data)) this.#enqueue(piece);
    this.#pump();
  }

  /** An event that carries nothing but an id to come back with (MCP 2025-11-25, transports, sending messages). */
  prime(id: string, retryMs: number): void {
    this.#write(`id: ${id}\nretry: ${retryMs}\ndata: \n\n`);
  }

  /** Tells a client that obeys it how soon to come back after a cut. */
  retry(ms: number): void {
    this.#write(`retry: ${ms}\n\n`);
  }

  beat(): void {
    if (!this.#isClogged) this.#write(": hb\n\n");
  }

  /** Ends the stream after what was sent. */
  end(): void {
    if (this.#isEnding) return;
    this.#flush();
    this.#isEnding = true;
    this.#pump();
  }

  #write(text: string): void {
    if (this.#isEnding) return;
    this.#text += text;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // What one read from the server brings becomes one write to the client.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.#enqueue([text]);
    this.#pump();
  }

  #enqueue(piece: Piece): void {
    this.#queue.push(piece);
    for (const part of piece) this.#queuedBytes += part.length;
  }

  #pump(): void {
    while (!this.#isFull && !this.#isOver) {
      const piece = this.#queue.shift();
      if (piece === undefined) break;
      this.#isFull = !this.#take(piece);
    }
    if (this.#isEnding && this.#queue.length === 0 && !this.#isOver) this.#response.end();
    const waiting = this.#queuedBytes + this.#response.writableLength;
    if (!this.#isClogged && waiting > this.#options.bufferBytes) this.#clog();
  }

  #take(piece: Piece): boolean {
    for (const part of piece) this.#queuedBytes -= part.length;
    // Not corked: from Node 22 on, what `write` says of a corked response does not tell whether `drain` will follow.
    let isTaken = true;
    for (const part of piece) isTaken = this.#response.write(part);
    return isTaken;
  }

  #clog(): void {
    this.#isClogged = true;
    this.#lastTakenAt = performance.now();
    this.#options.onClogged();
    const { stallMs } = this.#options;
    if (Number.isFinite(stallMs)) this.#watch = setInterval(() => this.#look(), stallMs / LOOKS);
  }

  #look(): void {
    if (performance.now() - this.#lastTakenAt >= this.#options.stallMs) this.#response.destroy();
  }

  /** The reader has taken all that the response held. */
  #onDrain(): void {
    this.#isFull = false;
    this.#lastTakenAt = performance.now();
    this.#pump();
    if (!this.#isClogged || this.#queue.length > 0 || this.#isFull) return;
    this.#isClogged = false;
    clearInterval(this.#watch);
    this.#options.onDrained();
  }

  #onClose(): void {
    this.#isEnding = true;
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#options.heartbeats.remove(this);
    this.#options.onClosed();
  }
}

function* pieces(head: string, data: Pieces): Generator<Piece> {
  let piece: (string | Buffer)[] = [head];
  let bytes = 0;
  for (const part of data.parts) {
    piece.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    yield piece;
    [piece, bytes] = [[], 0];
  }
  yield [...piece, "\n\n"];
}

import type { ServerResponse } from "node:http";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";
import type { StreamCare, TendedStream } from "./stream-care.ts";

export interface EventStreamListener {
  /** The buffer exceeds its limit: the server must be paused (backpressure). */
  readonly onClogged: () => void;
  readonly onDrained: () => void;
  /** The stream is closed, by either side. Also called, asynchronously, when the client had left before the stream began. */
  readonly onClosed: () => void;
}

const HEADERS = {
  "Content-Type": "text/event-stream",
  // no-transform keeps compressing proxies from holding events back.
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

/** Long messages are written in pieces of this size, so that the progress of a slow reader is visible. */
const PIECE_BYTES = 256 * 1024;

type Piece = readonly (string | Buffer)[];

/**
 * One server-sent event stream (WHATWG HTML §9.2) on a response: batches the events of one turn, sends heartbeats, and detects
 * stalled readers.
 */
export class EventStream implements TendedStream {
  readonly #response: ServerResponse;
  readonly #care: StreamCare;
  readonly #listener: EventStreamListener;
  #text = "";
  #isFlushing = false;
  /** What has not been passed to the response yet. */
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #isFull = false;
  #isClogged = false;
  #isWatched = false;
  /** How many bytes the reader had taken at the last check, and when that number last grew. */
  #takenBytes = 0;
  #lastTakenAt = 0;
  #isEnding = false;
  #isOver = false;

  constructor(response: ServerResponse, care: StreamCare, listener: EventStreamListener) {
    this.#response = response;
    this.#care = care;
    this.#listener = listener;
    // A write to a closed socket; the `close` event that follows handles it.
    response.on("error", () => undefined);
    // `close` is emitted once: on a response that is already closed no listener would be called.
    if (response.destroyed || response.writableEnded) {
      this.#isEnding = true;
      queueMicrotask(() => this.#onClose());
      return;
    }
    // HTTP/2 forbids this header and HTTP/1.1 needs it only for a last response; a proxy may forward the headers to either.
    if (!response.hasHeader("connection")) response.removeHeader("connection");
    response.writeHead(200, HEADERS);
    // Sent immediately: the first byte tells proxies and clients that the stream is alive.
    this.#write(": ok\n\n");
    response.on("drain", () => this.#onDrain());
    response.once("close", () => this.#onClose());
    care.heartbeats.add(this);
  }

  /** `event` and `id` must not contain a line break. */
  send(data: Line, { event = "message", id }: { event?: string; id?: string } = {}): void {
    if (this.#isEnding) return;
    const head = id === undefined ? `event: ${event}\ndata: ` : `id: ${id}\nevent: ${event}\ndata: `;
    if (typeof data === "string") return this.#write(`${head}${data}\n\n`);
    this.#flush();
    for (const piece of pieces(head, data)) this.#enqueue(piece);
    this.#pump();
  }

  /** The endpoint for messages (MCP 2024-11-05, HTTP with SSE), and how soon to reconnect. */
  announce(endpoint: string, retryMs: number): void {
    this.#write(`event: endpoint\nretry: ${retryMs}\ndata: ${endpoint}\n\n`);
  }

  /** An event with nothing but an id to resume from (MCP 2025-11-25, transports, sending messages). */
  prime(id: string, retryMs: number): void {
    this.#write(`id: ${id}\nretry: ${retryMs}\ndata: \n\n`);
  }

  /** Tells the client how long to wait before it reconnects (`retry` field). */
  retry(ms: number): void {
    this.#write(`retry: ${ms}\n\n`);
  }

  beat(): void {
    if (!this.#isClogged) this.#write(": hb\n\n");
  }

  look(): void {
    if (this.#waitingBytes === 0) {
      this.#isWatched = false;
      return this.#care.stalls.delete(this);
    }
    const now = performance.now();
    const taken = this.#countTaken();
    if (taken !== this.#takenBytes) [this.#takenBytes, this.#lastTakenAt] = [taken, now];
    if (now - this.#lastTakenAt >= this.#care.limits.stallMs) this.#response.destroy();
  }

  /** Ends the stream after everything that was sent. */
  end(): void {
    if (this.#isEnding) return;
    this.#flush();
    this.#isEnding = true;
    this.#pump();
  }

  get #waitingBytes(): number {
    return this.#queuedBytes + this.#response.writableLength;
  }

  #write(text: string): void {
    if (this.#isEnding) return;
    this.#text += text;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // All messages of one read from the server become one write to the client.
    process.nextTick(() => this.#flushInTime());
  }

  #flushInTime(): void {
    try {
      this.#flush();
    } catch (cause) {
      this.#care.report(cause);
    }
  }

  #flush(): void {
    this.#isFlushing = false;
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    if (this.#isFull || this.#isOver || this.#queue.length > 0) this.#enqueue([text]);
    else this.#isFull = !this.#response.write(text);
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
    const waiting = this.#waitingBytes;
    if (waiting > 0 && !this.#isWatched) this.#watch();
    if (!this.#isClogged && waiting > this.#care.limits.bufferBytes) this.#clog();
  }

  #take(piece: Piece): boolean {
    for (const part of piece) this.#queuedBytes -= part.length;
    // Not corked: from Node 22 on, the return value of `write` on a corked response does not tell whether `drain` will follow.
    let isTaken = true;
    for (const part of piece) isTaken = this.#response.write(part);
    return isTaken;
  }

  #watch(): void {
    if (this.#isOver || !Number.isFinite(this.#care.limits.stallMs)) return;
    this.#isWatched = true;
    this.#takenBytes = this.#countTaken();
    this.#lastTakenAt = performance.now();
    this.#care.stalls.add(this);
  }

  /** The number of bytes the kernel has accepted. */
  #countTaken(): number {
    const { socket, writableLength } = this.#response;
    return (socket?.bytesWritten ?? 0) - writableLength;
  }

  #clog(): void {
    this.#isClogged = true;
    this.#listener.onClogged();
  }

  /** The response's buffer is empty again. */
  #onDrain(): void {
    this.#isFull = false;
    this.#lastTakenAt = performance.now();
    this.#care.guard(() => {
      this.#pump();
      if (!this.#isClogged || this.#queue.length > 0 || this.#isFull) return;
      this.#isClogged = false;
      this.#listener.onDrained();
    });
  }

  #onClose(): void {
    this.#isEnding = true;
    this.#isOver = true;
    this.#care.stalls.delete(this);
    this.#care.heartbeats.delete(this);
    this.#care.guard(() => this.#listener.onClosed());
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

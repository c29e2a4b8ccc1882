import type { ServerResponse } from "node:http";
import type { Line } from "../lib/lines.ts";
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

/** One server-sent event stream (WHATWG HTML §9.2) on a response: gathers what one turn brings, beats, watches its reader. */
export class EventStream implements Beating {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  #text = "";
  #isFlushing = false;
  #cloggedSince: number | undefined;
  #isOver = false;

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
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
    if (this.#isOver) return;
    const head = id === undefined ? `event: ${event}\ndata: ` : `id: ${id}\nevent: ${event}\ndata: `;
    if (typeof data === "string") return this.#write(`${head}${data}\n\n`);
    this.#flush();
    this.#response.cork();
    this.#response.write(head);
    this.#response.write(data);
    this.#response.write("\n\n");
    this.#response.uncork();
    this.#watchReader();
  }

  /** An event that carries nothing but an id to come back with (MCP 2025-11-25, transports, sending messages). */
  prime(id: string, retryMs: number): void {
    this.#write(`id: ${id}\nretry: ${retryMs}\ndata: \n\n`);
  }

  /** Tells a client that obeys it how soon to come back after a cut. */
  retry(ms: number): void {
    this.#write(`retry: ${ms}\n\n`);
  }

  beat(now: number): void {
    if (this.#cloggedSince === undefined) return this.#write(": hb\n\n");
    if (now - this.#cloggedSince >= this.#options.stallMs) this.#response.destroy();
  }

  end(): void {
    if (this.#isOver) return;
    this.#flush();
    this.#isOver = true;
    this.#response.end();
  }

  #write(text: string): void {
    this.#text += text;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // What one read from the server brings becomes one write to the client.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    const text = this.#text;
    if (text === "" || this.#isOver) return;
    this.#text = "";
    this.#response.write(text);
    this.#watchReader();
  }

  #watchReader(): void {
    if (this.#cloggedSince !== undefined || this.#response.writableLength <= this.#options.bufferBytes) return;
    this.#cloggedSince = performance.now();
    this.#options.onClogged();
  }

  #onDrain(): void {
    if (this.#cloggedSince === undefined) return;
    this.#cloggedSince = undefined;
    this.#options.onDrained();
  }

  #onClose(): void {
    this.#isOver = true;
    this.#options.heartbeats.remove(this);
    this.#options.onClosed();
  }
}

import { connect, type Socket } from "node:net";
import { TextCollector } from "./text-collector.ts";

export interface Reply {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  /** The body, or the two ends of a long one; empty for an event stream. */
  readonly body: string;
  readonly bodyBytes: number;
}

/** The callbacks for the response to a request. */
export interface Exchange {
  reply(reply: Reply): void;
  failed(why: string): void;
  /** Called with the headers of an event stream; returns the function that receives its chunks. Without it a stream is read as a body. */
  stream?(): (piece: string) => void;
}

const EVENT_STREAM = /\r\ncontent-type: *text\/event-stream/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One keep-alive HTTP/1.1 connection, one exchange at a time, on a raw socket: the less CPU time the load driver uses, the more
 * is left for the measured process. Text is latin1, so that its length is in bytes.
 */
export class HttpSocket {
  readonly #port: number;
  #socket: Socket | undefined;
  #exchange: Exchange | undefined;
  #input = "";
  #mode: "head" | "length" | "size" | "chunk" = "head";
  #left = 0;
  #status = 0;
  #head = "";
  #body = new TextCollector();
  #piece: ((piece: string) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get isBusy(): boolean {
    return this.#exchange !== undefined;
  }

  send(request: string, exchange: Exchange): void {
    if (this.#exchange !== undefined) throw new Error("one exchange at a time");
    this.#exchange = exchange;
    this.#socket ??= this.#connect();
    this.#socket.write(request, "latin1");
  }

  destroy(): void {
    this.#exchange = undefined;
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#input = "";
    this.#mode = "head";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#onData(text));
    socket.on("error", (error: Error) => this.#onLost(socket, error.message));
    socket.on("close", () => this.#onLost(socket, "the connection was closed"));
    return socket;
  }

  #onLost(socket: Socket, why: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.failed(why);
  }

  #onData(text: string): void {
    this.#input = this.#input === "" ? text : this.#input + text;
    while (this.#input !== "" && this.#step());
  }

  /** Parses as much as possible; false when more data is needed. */
  #step(): boolean {
    switch (this.#mode) {
      case "head":
        return this.#readHead();
      case "size":
        return this.#readSize();
      case "length":
      case "chunk":
        return this.#readBytes();
    }
  }

  #readHead(): boolean {
    const end = this.#input.indexOf("\r\n\r\n");
    if (end === -1) return false;
    this.#head = this.#input.slice(0, end);
    this.#input = this.#input.slice(end + 4);
    this.#status = Number(this.#head.slice(9, 12));
    this.#piece = undefined;
    if (EVENT_STREAM.test(this.#head)) this.#piece = this.#exchange?.stream?.();
    if (CHUNKED.test(this.#head)) {
      this.#mode = "size";
      return true;
    }
    this.#left = Number(CONTENT_LENGTH.exec(this.#head)?.[1] ?? 0);
    this.#mode = "length";
    if (this.#left === 0) this.#finish();
    return true;
  }

  #readSize(): boolean {
    const end = this.#input.indexOf("\r\n");
    if (end === -1) return false;
    const size = Number.parseInt(this.#input, 16);
    // The last chunk is followed by an empty trailer.
    if (size === 0 && this.#input.length < end + 4) return false;
    this.#input = this.#input.slice(end + (size === 0 ? 4 : 2));
    this.#mode = "chunk";
    // Includes the line break after the chunk, which is not part of the body.
    this.#left = size + 2;
    if (size === 0) this.#finish();
    return true;
  }

  #readBytes(): boolean {
    const bytes = Math.min(this.#left, this.#input.length);
    const framing = this.#mode === "chunk" ? 2 : 0;
    const payload = this.#input.slice(0, Math.max(0, Math.min(bytes, this.#left - framing)));
    this.#input = this.#input.slice(bytes);
    this.#left -= bytes;
    if (payload !== "" && this.#piece === undefined) this.#body.add(payload);
    else if (payload !== "") this.#piece?.(payload);
    if (this.#left > 0) return false;
    if (this.#mode === "length") this.#finish();
    else this.#mode = "size";
    return true;
  }

  #finish(): void {
    this.#mode = "head";
    const exchange = this.#exchange;
    this.#exchange = undefined;
    const bodyBytes = this.#body.length;
    exchange?.reply({ status: this.#status, head: this.#head, body: this.#body.take(), bodyBytes });
  }
}

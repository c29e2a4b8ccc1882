import { LineSplitter, type Line } from "../lib/lines.ts";
import { Sampler } from "../lib/sampler.ts";
import type { Frame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { idInEnds, mayBeMessage, readServerLine } from "../protocol/server-frame.ts";
import { StrayOutput, type StrayListener } from "./stray-output.ts";

export interface OutputListener {
  frame(frame: Frame): void;
  /** A message that cannot be relayed; `id` is the request it responds to, if known. */
  badMessage(id: RequestId | undefined, why: string): void;
  /** The same for the log, a few per second; `dropped` is the number left out since the last one. */
  badSample(why: string, dropped: number): void;
  /** The server prints without end and no longer sends messages. */
  endless(): void;
  /** Receives samples of the lines that are not messages. */
  readonly straySample: StrayListener;
}

/** Longer than what is shown, so that a secret at the end of the sample is complete when it is masked. */
const MASKED_LENGTH = 8_192;
const BAD_SAMPLES_PER_SECOND = 5;
/** A line this much longer than `limits.messageBytes` is assumed to have no end. */
const MAX_EXCESS_BYTES = 64 * 1024 * 1024;

/** Reads a server's stdout: one message per line (MCP, stdio transport), and anything else the server prints there. */
export class ServerOutput {
  readonly #listener: OutputListener;
  readonly #messageBytes: number;
  readonly #lines: LineSplitter;
  readonly #stray: StrayOutput;
  readonly #badSamples = new Sampler(BAD_SAMPLES_PER_SECOND);
  /** Bytes since the last newline. */
  #unfinishedBytes = 0;

  constructor(messageBytes: number, listener: OutputListener) {
    this.#listener = listener;
    this.#messageBytes = messageBytes;
    this.#stray = new StrayOutput(listener.straySample);
    this.#lines = new LineSplitter(messageBytes, {
      line: (line) => this.#onLine(line),
      tooLong: (head, tail, bytes) => this.#onTooLong(head, tail, bytes),
      isWorthReading: mayBeMessage,
      skipped: (bytes, start, end) => this.#onSkipped(bytes, start, end),
    });
  }

  push(chunk: Buffer): void {
    this.#unfinishedBytes += chunk.length;
    this.#lines.push(chunk);
    const hasNoEnd = this.#unfinishedBytes > this.#messageBytes + MAX_EXCESS_BYTES;
    if (hasNoEnd || this.#stray.isOverLimit) this.#listener.endless();
  }

  #onLine(line: Line): void {
    this.#unfinishedBytes = 0;
    const frame = readServerLine(line);
    if (frame === undefined) return this.#stray.addParsed(line.length, () => line.slice(0, MASKED_LENGTH).toString());
    if (frame.kind === "none") {
      this.#stray.addParsed(line.length);
      return this.#onBadMessage(frame.id, frame.why);
    }
    this.#stray.reset();
    this.#listener.frame(frame);
  }

  #onSkipped(bytes: Buffer, start: number, end: number): void {
    this.#unfinishedBytes = 0;
    this.#stray.add(end - start, () => bytes.toString("utf8", start, Math.min(end, start + MASKED_LENGTH)));
  }

  #onTooLong(head: string, tail: string, bytes: number): void {
    this.#unfinishedBytes = 0;
    this.#stray.addLong();
    this.#onBadMessage(idInEnds(head, tail), `a message of ${bytes} bytes is over limits.messageBytes`);
  }

  #onBadMessage(id: RequestId | undefined, why: string): void {
    const dropped = this.#badSamples.take();
    if (dropped !== undefined) this.#listener.badSample(why, dropped);
    this.#listener.badMessage(id, why);
  }
}

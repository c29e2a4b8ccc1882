import { LineSplitter, type Line } from "../lib/lines.ts";
import { Sampler } from "../lib/sampler.ts";
import type { Frame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { idInEnds, mayBeMessage, readServerLine } from "../protocol/server-frame.ts";
import { StrayOutput, type StrayListener } from "./stray-output.ts";

export interface OutputListener {
  frame(frame: Frame): void;
  /** Something that is addressed to request `id`, if to any, and cannot be passed on. */
  badMessage(id: RequestId | undefined, why: string): void;
  /** The same for the log: a few a second; `dropped` were left out since the last one. */
  badSample(why: string, dropped: number): void;
  /** Some of the lines that are no message. */
  readonly straySample: StrayListener;
}

/** More than is shown, so that a secret is whole when it is masked. */
const MASKED_LENGTH = 8_192;
const BAD_SAMPLES_PER_SECOND = 5;
/** A line that is longer than `limits.messageBytes` by this has no end. */
const MAX_EXCESS_BYTES = 64 * 1024 * 1024;

/** Reads what a server writes to its stdout: one message a line (MCP, stdio transport), and whatever else it says there. */
export class ServerOutput {
  readonly #listener: OutputListener;
  readonly #messageBytes: number;
  readonly #lines: LineSplitter;
  readonly #stray: StrayOutput;
  readonly #badSamples = new Sampler(BAD_SAMPLES_PER_SECOND);
  /** Since the last end of a line. */
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
  }

  /** It says nothing that is a message any more. */
  get isHopeless(): boolean {
    return this.#stray.isTooMuch || this.#unfinishedBytes > this.#messageBytes + MAX_EXCESS_BYTES;
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

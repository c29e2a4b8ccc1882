import { addPart, leanPieces, Pieces } from "./pieces.ts";

/** A line without its newline: a string when it is short, bytes when decoding it would be wasted work. */
export type Line = string | Pieces;

/** Whether it is to be written as text. */
export const isText = (line: Line): line is string => typeof line === "string" && line.length <= TEXT_BYTES;

/** The chunks to write to a stream. */
export function partsOf(line: Line): readonly (string | Buffer)[] {
  if (typeof line !== "string") return line.parts;
  return isText(line) ? [line] : [Buffer.from(line)];
}

export function byteLength(line: Line): number {
  return typeof line === "string" ? Buffer.byteLength(line) : line.length;
}

export interface LineReader {
  line(line: Line): void;
  /** A line exceeded the limit. Only its first and last bytes were kept; `bytes` is its full length. */
  tooLong(head: string, tail: string, bytes: number): void;
  /** Whether a line that starts with this byte should be decoded. Other lines are passed to `skipped` as raw bytes. */
  readonly isWorthReading?: (firstByte: number) => boolean;
  skipped?(bytes: Buffer, start: number, end: number): void;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Up to this size a string is cheaper to parse and to write than a Buffer. */
export const TEXT_BYTES = 16 * 1024;
const KEPT_BYTES = 512;

/** Splits a byte stream into lines. Holds at most one unfinished line of `limitBytes`. */
export class LineSplitter {
  readonly #reader: LineReader;
  readonly #limitBytes: number;
  #parts: Buffer[] = [];
  #heldBytes = 0;
  #overflow: { head: Buffer; tail: Buffer; bytes: number } | undefined;

  constructor(limitBytes: number, reader: LineReader) {
    this.#limitBytes = limitBytes;
    this.#reader = reader;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#finish(chunk, start, end);
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  #finish(chunk: Buffer, start: number, end: number): void {
    if (this.#overflow === undefined && this.#heldBytes + end - start > this.#limitBytes) {
      this.#hold(chunk.subarray(start, end));
      start = end;
    }
    if (this.#overflow !== undefined) return this.#finishOverflow(chunk.subarray(start, end));
    if (this.#parts.length === 0) return this.#emit(chunk, start, end);
    addPart(this.#parts, chunk.subarray(start, end));
    const whole = leanPieces(this.#parts);
    this.#forget();
    if (whole.length > TEXT_BYTES) return this.#emitLong(whole);
    this.#emit(whole.join(), 0, whole.length);
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    const stop = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    if (stop === start) return;
    if (this.#reader.isWorthReading?.(bytes[start] ?? 0) === false) return this.#reader.skipped?.(bytes, start, stop);
    if (stop - start > TEXT_BYTES) this.#reader.line(leanPieces([bytes.subarray(start, stop)]));
    else this.#reader.line(bytes.toString("utf8", start, stop));
  }

  #emitLong(line: Pieces): void {
    this.#reader.line(line.tail(1) === "\r" ? line.slice(0, line.length - 1) : line);
  }

  #hold(part: Buffer): void {
    if (this.#overflow !== undefined) return this.#countOverflow(part);
    addPart(this.#parts, part);
    this.#heldBytes += part.length;
    if (this.#heldBytes <= this.#limitBytes) return;
    const held = new Pieces(this.#parts);
    this.#forget();
    // Copied, so that these two ends do not keep the memory of the whole line alive.
    this.#overflow = {
      head: Buffer.from(held.slice(0, KEPT_BYTES).join()),
      tail: Buffer.from(held.slice(held.length - KEPT_BYTES).join()),
      bytes: held.length,
    };
  }

  #countOverflow(part: Buffer): void {
    const overflow = this.#overflow;
    if (overflow === undefined) return;
    overflow.bytes += part.length;
    overflow.tail = Buffer.concat([overflow.tail, part.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }

  #finishOverflow(rest: Buffer): void {
    this.#countOverflow(rest);
    const overflow = this.#overflow;
    this.#overflow = undefined;
    if (overflow === undefined) return;
    this.#reader.tooLong(overflow.head.toString("utf8"), overflow.tail.toString("utf8"), overflow.bytes);
  }

  #forget(): void {
    this.#parts = [];
    this.#heldBytes = 0;
  }
}

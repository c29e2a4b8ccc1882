import { isAscii, isUtf8 } from "node:buffer";

/** Longer than any UTF-8 sequence, so that a character split across two parts is complete in the joined bytes around the split. */
const SEAM = 8;
/** Parts are joined up to this size: many tiny parts, as a slow writer produces, cost more than copying them. */
const PART_BYTES = 32 * 1024;

/** Bytes in the chunks in which they were read, which avoids one large copy of data that is only relayed. Immutable. */
export class Pieces {
  readonly parts: readonly Buffer[];
  /** In bytes. */
  readonly length: number;

  constructor(parts: readonly Buffer[]) {
    this.parts = parts;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** The first `bytes` bytes as latin1. */
  head(bytes: number): string {
    return this.slice(0, bytes).join().toString("latin1");
  }

  /** The last `bytes` bytes as latin1. */
  tail(bytes: number): string {
    return this.slice(Math.max(0, this.length - bytes))
      .join()
      .toString("latin1");
  }

  slice(start: number, end = this.length): Pieces {
    const kept: Buffer[] = [];
    let at = 0;
    for (const part of this.parts) {
      const [from, to] = [Math.max(0, start - at), Math.min(part.length, end - at)];
      if (from < to) kept.push(part.subarray(from, to));
      at += part.length;
    }
    return new Pieces(kept);
  }

  /** `text` must be ASCII. */
  includes(text: string): boolean {
    const reach = text.length - 1;
    let before = "";
    for (const part of this.parts) {
      if (part.includes(text, 0, "latin1")) return true;
      if ((before + part.toString("latin1", 0, reach)).includes(text)) return true;
      before = (before + part.toString("latin1", Math.max(0, part.length - reach))).slice(-reach);
    }
    return false;
  }

  isUtf8(): boolean {
    const [only] = this.parts;
    if (only !== undefined && this.parts.length === 1) return isUtf8(only);
    let unfinished: Buffer = Buffer.alloc(0);
    const isWhole = (bytes: Buffer): boolean => {
      const end = bytes.length - unfinishedBytes(bytes);
      unfinished = bytes.subarray(end);
      return isUtf8(bytes.subarray(0, end));
    };
    for (const part of this.parts) {
      const seam = unfinished.length === 0 ? 0 : Math.min(SEAM, part.length);
      if (seam > 0 && !isWhole(Buffer.concat([unfinished, part.subarray(0, seam)]))) return false;
      if (seam < part.length && !isWhole(part.subarray(seam === 0 ? 0 : seam - unfinished.length))) return false;
    }
    return unfinished.length === 0;
  }

  /** One Buffer; copied only when there are several parts. */
  join(): Buffer {
    const [only] = this.parts;
    return only !== undefined && this.parts.length === 1 ? only : Buffer.concat(this.parts);
  }

  /** Decoded as UTF-8. Of that, ASCII is also Latin-1, which is decoded several times as fast. */
  toString(): string {
    const bytes = this.join();
    return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
  }
}

/** Copies parts that are views of much larger buffers and would keep more than twice their own size alive. */
export function leanPieces(parts: readonly Buffer[]): Pieces {
  const pieces = new Pieces(parts);
  const alive = parts.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return alive > 2 * pieces.length ? new Pieces([Buffer.concat(parts)]) : pieces;
}

/** Appends a part to those of an unfinished line. Parts of similar size are merged, so that each byte is copied only O(log n) times. */
export function addPart(parts: Buffer[], part: Buffer): void {
  let whole = part;
  for (let last = parts.at(-1); last !== undefined && isWorthJoining(last, whole); last = parts.at(-1)) {
    parts.pop();
    whole = Buffer.concat([last, whole]);
  }
  parts.push(whole);
}

function isWorthJoining({ length: before }: Buffer, { length: after }: Buffer): boolean {
  return before + after <= PART_BYTES && before <= 2 * after;
}

/** The number of trailing bytes that form an incomplete UTF-8 sequence. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    // A continuation byte does not tell the length of its sequence.
    if ((byte & 0xc0) === 0x80) continue;
    return byte >= lengthMarks(back) ? back : 0;
  }
  return 0;
}

/** The smallest lead byte of a sequence longer than `bytes` bytes (RFC 3629 §3). */
const lengthMarks = (bytes: number): number => [0xc0, 0xe0, 0xf0][bytes - 1] ?? 0x100;

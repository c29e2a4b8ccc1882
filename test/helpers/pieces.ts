import { Pieces } from "../../src/lib/pieces.ts";

/** As one part. */
export const piecesOf = (bytes: string | Buffer): Pieces =>
  new Pieces([typeof bytes === "string" ? Buffer.from(bytes) : bytes]);

/** The bytes, cut at these places modulo their number; some parts may be empty. */
export function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

/** The bytes, one by one. */
export const singly = (bytes: Buffer): Buffer[] => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

import type { Line } from "../../lib/lines.ts";
import { leanPieces, Pieces } from "../../lib/pieces.ts";

/** Of a long message only so much of its beginning is kept. */
const KEPT_BYTES = 64 * 1024;
/** Up to this length a line is kept as it is: to copy its beginning would cost more than its memory. */
const WHOLE_BYTES = 4 * KEPT_BYTES;

/** What a recording keeps of a line: the line itself if it is short, else a copy of its beginning, so that the rest can be freed. */
export function keptLine(line: Line): Line {
  if (typeof line === "string") {
    return line.length <= KEPT_BYTES ? line : Buffer.from(line.slice(0, KEPT_BYTES)).toString();
  }
  if (line.length <= WHOLE_BYTES) return leanPieces(line.parts);
  return new Pieces([Buffer.concat(line.slice(0, KEPT_BYTES).parts)]);
}

/** The beginning of a kept line as text, and whether there was more. `bytes` is the length of the whole line. */
export function keptText(kept: Line, bytes: number): { readonly text: string; readonly isCut: boolean } {
  const isCut = bytes > KEPT_BYTES;
  if (typeof kept === "string") return { text: kept, isCut: isCut && kept.length >= KEPT_BYTES };
  if (!isCut) return { text: kept.toString(), isCut };
  // A character that is cut in half at the end becomes a replacement character.
  return {
    text: kept
      .slice(0, KEPT_BYTES)
      .toString()
      .replace(/\uFFFD+$/, ""),
    isCut,
  };
}

/** Names and ids come from outside and may be of any length. A part of a text would keep the whole of it in memory. */
export function keptName(name: string): string {
  return name.length <= NAME_LENGTH ? name : Buffer.from(name.slice(0, NAME_LENGTH)).toString();
}

const NAME_LENGTH = 256;

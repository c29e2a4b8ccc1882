import { TEXT_BYTES, type Line } from "./lines.ts";
import { leanPieces, type Pieces } from "./pieces.ts";

/** The lines of a `text/event-stream` (WHATWG HTML §9.2.6), as bytes. */

export const COLON = 0x3a;
export const SPACE = 0x20;
/** What nearly every event has, and means as much as nothing. */
export const MESSAGE = Buffer.from("event: message");

/** `data` alone is a field with an empty value. */
export function isDataField(line: Buffer): boolean {
  return isData(line, 0) && (line.length === 4 || line[4] === COLON);
}

/** The four letters. */
export function isData(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x64 && bytes[at + 1] === 0x61 && bytes[at + 2] === 0x74 && bytes[at + 3] === 0x61;
}

export function isMessageField(bytes: Buffer, start: number): boolean {
  for (let at = 0; at < MESSAGE.length; at++) if (bytes[start + at] !== MESSAGE[at]) return false;
  return true;
}

/** The value of a data field, without the one space that may follow the colon. */
export function contentOf(line: Pieces): Pieces {
  const start = line.slice(5, 6).join()[0] === SPACE ? 6 : 5;
  return line.slice(Math.min(start, line.length));
}

export function lineOf(...parts: readonly Buffer[]): Line {
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && only.length <= TEXT_BYTES) return only.toString("utf8");
  const pieces = leanPieces(parts);
  return pieces.length > TEXT_BYTES ? pieces : pieces.toString();
}

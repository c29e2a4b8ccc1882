import type { Line } from "./lines.ts";
import { Pieces } from "./pieces.ts";

/** The line with `text` in place of `length` of its characters (bytes, if it is in bytes) at `at`. Nothing else is copied or read. */
export function spliced(line: Line, at: number, length: number, text: string): Line {
  if (typeof line === "string") return line.slice(0, at) + text + line.slice(at + length);
  return new Pieces([...line.slice(0, at).parts, Buffer.from(text), ...line.slice(at + length).parts]);
}

import { arrayElements } from "../../lib/json-scan.ts";
import { TEXT_BYTES, type Line } from "../../lib/lines.ts";
import { addPart, leanPieces, Pieces } from "../../lib/pieces.ts";

const ENDS = 512;
/** `{` */
const OBJECT = 0x7b;

/** A body that is JSON, in the chunks in which it arrives. */
export class JsonBody {
  readonly #parts: Buffer[] = [];

  push(chunk: Buffer): void {
    addPart(this.#parts, chunk);
  }

  get isEmpty(): boolean {
    return this.#parts[0]?.[0] !== OBJECT && this.#parts.every((part) => part.toString("latin1").trim() === "");
  }

  /** The first and the last bytes. */
  get ends(): readonly [string, string] {
    const all = new Pieces(this.#parts);
    return [all.head(ENDS), all.tail(ENDS)];
  }

  /** The messages in it, each as one line: one, or those of a batch (MCP 2025-03-26). */
  get lines(): Line[] {
    const [only] = this.#parts;
    // By far the most common: one short message in one read.
    if (this.#parts.length === 1 && only?.[0] === OBJECT && only.length <= TEXT_BYTES)
      return [oneLine(only.toString("utf8"))];
    const whole = leanPieces(this.#parts);
    const line = whole.length > TEXT_BYTES ? whole : whole.toString();
    const first = whole.head(ENDS).trimStart()[0];
    return first === "[" ? elementsOf(whole.toString()) : [oneLine(line)];
  }
}

/**
 * A message is one line here. In JSON a raw line break can only be white space between tokens. A carriage return alone is left to
 * `readServerLine`, which looks for it in any case: in a long message each look takes its time.
 */
export function oneLine(line: Line): Line {
  if (!line.includes("\n")) return line;
  return line
    .toString()
    .trim()
    .replaceAll(/[\r\n]+/g, " ");
}

function elementsOf(text: string): Line[] {
  try {
    JSON.parse(text);
    return arrayElements(text).map((element) => oneLine(element));
  } catch {
    // Not JSON: one line that its reader will refuse.
    return [oneLine(text)];
  }
}

import { member } from "../lib/json.ts";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";
import { readEnvelope, type NoFrame } from "./envelope.ts";
import type { Frame, ResponseFrame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";

/** How far into either end of a long line an id may stand; every SDK writes the envelope first or last. */
const ENDS = 160;
const HEAD = /^\{"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15}),"result":\{/;
const HEAD_RESULT = /^\{"result":\{/;
const TAIL = /\},"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15})\}$/;

/** May a line that begins with this byte be a message? All but an object, white space and a byte order mark can only be garbage. */
export function mayBeMessage(firstByte: number): boolean {
  return firstByte === 0x7b || firstByte <= 0x20 || firstByte >= 0x80;
}

/** One line that a server wrote: a frame, something addressed that is no frame, or garbage (undefined), as all is that is no JSON-RPC 2.0. */
export function readServerLine(line: Line): Frame | NoFrame | undefined {
  if (typeof line === "string") return readText(line, line);
  if (!line.isUtf8() || line.includes("\r")) return readText(line.toString());
  return readEnds(line) ?? readText(line.toString(), line);
}

function readText(text: string, line: Line = text): Frame | NoFrame | undefined {
  const clean = cleaned(text);
  // A banner is the commonest garbage: do not pay for an exception on each line of it.
  if (!clean.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(clean);
    // What does not even say that it is JSON-RPC 2.0 answers nothing, whatever id it has: some servers log JSON to stdout.
    if (member(value, "jsonrpc") !== "2.0") return undefined;
    return readEnvelope(value, clean, clean === text ? line : clean);
  } catch {
    // Not JSON: a server that prints to stdout. The caller counts it.
    return undefined;
  }
}

/** Without a byte order mark, and without a bare carriage return, which is white space to JSON but ends a field in SSE. */
function cleaned(text: string): string {
  const unmarked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return unmarked.includes("\r") ? unmarked.replaceAll("\r", " ") : unmarked;
}

/**
 * A long answer is not parsed: its id stands in the first or last bytes of what every SDK writes. Both shapes end where the
 * outermost object ends, so a look-alike inside a string of the payload cannot be taken for it.
 */
function readEnds(line: Pieces): ResponseFrame | undefined {
  const head = line.head(ENDS);
  const tail = line.tail(ENDS);
  const inHead = HEAD.exec(head)?.[1];
  if (inHead !== undefined && tail.endsWith("}}")) return response(inHead, line);
  const inTail = HEAD_RESULT.test(head) ? TAIL.exec(tail)?.[1] : undefined;
  return inTail === undefined ? undefined : response(inTail, line);
}

function response(idText: string, line: Pieces): ResponseFrame {
  const id = idText.startsWith('"') ? Buffer.from(idText.slice(1, -1), "latin1").toString("utf8") : Number(idText);
  return { kind: "response", id, failed: false, line };
}

const TOO_LONG_HEAD = /^\{"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15}),"(?:result|error)":/;
const TOO_LONG_RESULT = /^\{"(?:result|error)":/;

/** The id that a line which was too long to keep answers, as far as its ends tell; a request of the server's own answers none. */
export function idInEnds(head: string, tail: string): RequestId | undefined {
  const text = TOO_LONG_HEAD.exec(head)?.[1] ?? (TOO_LONG_RESULT.test(head) ? TAIL.exec(tail)?.[1] : undefined);
  if (text === undefined) return undefined;
  return text.startsWith('"') ? text.slice(1, -1) : Number(text);
}

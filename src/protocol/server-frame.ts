import { member } from "../lib/json.ts";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";
import { readEnvelope, type MalformedMessage } from "./envelope.ts";
import type { Frame, ResponseFrame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";

/** How far into either end of a long line an id may be; every SDK writes the envelope first or last. */
const ENDS = 160;
const HEAD = /^\{"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15}),"result":\{/;
const HEAD_RESULT = /^\{"result":\{/;
/** `isError` as the last member of the result, where SDKs write it. Quotes inside a string are escaped, so text cannot match. */
const TAIL_ERROR = /"isError":true\},"jsonrpc":"2\.0","id":[^{}]*\}$/;
const TAIL = /\},"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15})\}$/;

/** Whether a line that starts with this byte may be a message. Everything except an object, white space or a byte order mark is garbage. */
export function mayBeMessage(firstByte: number): boolean {
  return firstByte === 0x7b || firstByte <= 0x20 || firstByte >= 0x80;
}

/** Reads one line of a server's output: a frame, a malformed JSON-RPC message, or undefined when it is not JSON-RPC 2.0 at all. */
export function readServerLine(line: Line): Frame | MalformedMessage | undefined {
  if (typeof line === "string") return readText(line, line);
  if (!line.isUtf8() || line.includes("\r")) return readText(line.toString());
  return readEnds(line) ?? readText(line.toString(), line);
}

function readText(text: string, line: Line = text): Frame | MalformedMessage | undefined {
  const clean = cleaned(text);
  // Banners are the most common garbage: this avoids the cost of an exception per line.
  if (!clean.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(clean);
    // Some servers log JSON to stdout: an object that does not claim to be JSON-RPC 2.0 is no response, whatever `id` it has.
    if (member(value, "jsonrpc") !== "2.0") return undefined;
    return readEnvelope(value, clean, clean === text ? line : clean);
  } catch {
    // Not JSON: the server prints to stdout. The caller counts such lines.
    return undefined;
  }
}

/** Removes a byte order mark and bare carriage returns: white space in JSON, but the end of a field in SSE. */
function cleaned(text: string): string {
  const unmarked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return unmarked.includes("\r") ? unmarked.replaceAll("\r", " ") : unmarked;
}

/**
 * A long response is not parsed: every SDK writes the id in its first or last bytes. Both patterns include the end of the
 * outermost object, so similar text inside a string of the payload cannot match.
 */
function readEnds(line: Pieces): ResponseFrame | undefined {
  const head = line.head(ENDS);
  const tail = line.tail(ENDS);
  const inHead = HEAD.exec(head)?.[1];
  if (inHead !== undefined && tail.endsWith("}}")) return response(inHead, line, tail.endsWith('"isError":true}}'));
  const inTail = HEAD_RESULT.test(head) ? TAIL.exec(tail)?.[1] : undefined;
  return inTail === undefined ? undefined : response(inTail, line, TAIL_ERROR.test(tail));
}

function response(idText: string, line: Pieces, isError: boolean): ResponseFrame {
  const id = idText.startsWith('"') ? Buffer.from(idText.slice(1, -1), "latin1").toString("utf8") : Number(idText);
  if (isError) return { kind: "response", id, failed: false, line, isError };
  return { kind: "response", id, failed: false, line };
}

const TOO_LONG_HEAD = /^\{"jsonrpc":"2\.0","id":("[^"\\]*"|-?\d{1,15}),"(?:result|error)":/;
const TOO_LONG_RESULT = /^\{"(?:result|error)":/;

/** The id that a line too long to keep responds to, if its first or last bytes tell; undefined for a request of the server. */
export function idInEnds(head: string, tail: string): RequestId | undefined {
  const text = TOO_LONG_HEAD.exec(head)?.[1] ?? (TOO_LONG_RESULT.test(head) ? TAIL.exec(tail)?.[1] : undefined);
  if (text === undefined) return undefined;
  return text.startsWith('"') ? text.slice(1, -1) : Number(text);
}

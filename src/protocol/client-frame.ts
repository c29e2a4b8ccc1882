import { arrayElements, isDeeperThan, oneLine, scanKeys } from "../lib/json-scan.ts";
import type { Line } from "../lib/lines.ts";
import { readEnvelope } from "./envelope.ts";
import { GatewayError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { parseJsonBody } from "./json-body.ts";

const MAX_DEPTH = 100;
const MAX_BATCH = 100;
/** Maximum number of keys in the envelope or in `params`; no MCP method has more than a dozen. */
const MAX_KEYS = 1_000;
const LONG_BODY = 16 * 1024;
const PLAIN_KEY = /^[a-z0-9_]*$/;
const ENVELOPE_KEYS: readonly string[] = ["jsonrpc", "id", "method", "params", "result", "error"];
/** The params that policy decides on. A case variant of one must not reach a server that reads keys case-insensitively. */
const JUDGED_PARAMS: readonly string[] = ["name", "uri"];

export interface ClientMessages {
  readonly frames: readonly Frame[];
  /** A JSON array of messages (MCP 2025-03-26, batching). */
  readonly isBatch: boolean;
}

/**
 * Reads the messages of one HTTP body. The original text is relayed to the server, so what was checked must be what the server
 * will read: repeated keys and case variants in the envelope or in `params` are refused, and so is nesting beyond 100 levels.
 */
export function readClientMessages(body: Line): ClientMessages {
  const text = body.toString();
  // Checked before parsing: parsing a long, deeply nested body is slow, and it would be refused anyway.
  if (text.length > LONG_BODY && isDeeperThan(text, MAX_DEPTH)) throw tooDeep();
  const value = parseJsonBody(text);
  if (!Array.isArray(value)) return { frames: [readOne(value, text, body)], isBatch: false };
  if (value.length === 0) throw new GatewayError("invalid_request", "A batch must contain at least one message.");
  if (value.length > MAX_BATCH) {
    throw new GatewayError(
      "invalid_request",
      `A batch may contain at most ${MAX_BATCH} messages; this one has ${value.length}.`,
    );
  }
  const texts = arrayElements(text);
  return { frames: value.map((element, index) => readOne(element, copied(texts[index] ?? ""))), isBatch: true };
}

function readOne(message: unknown, text: string, line: Line = text): Frame {
  refuseAmbiguity(text);
  const single = oneLine(text);
  // A stdio message is one line (MCP, stdio transport).
  const frame = readEnvelope(message, text, single === text ? line : single);
  if (frame.kind !== "none") return frame;
  throw new GatewayError("invalid_request", `The body is not a JSON-RPC 2.0 message: ${frame.why}.`);
}

function refuseAmbiguity(text: string): void {
  const envelope = new Set<string>();
  const params = new Set<string>();
  let inParams = false;
  const depth = scanKeys(text, 2, (seen) => {
    if (seen.depth === 1) {
      refuseRepeated(seen.key, envelope, ENVELOPE_KEYS);
      inParams = seen.key === "params";
    } else if (inParams) {
      refuseRepeated(seen.key, params, JUDGED_PARAMS);
    }
  });
  if (depth > MAX_DEPTH) throw tooDeep();
}

function tooDeep(): GatewayError {
  return new GatewayError("invalid_request", `The message is nested more than ${MAX_DEPTH} levels deep.`);
}

function refuseRepeated(key: string, seen: Set<string>, judged: readonly string[]): void {
  // Upper case first: it folds characters that lower-casing alone keeps apart ("ſ" is an S, the Kelvin sign a K).
  const folded = PLAIN_KEY.test(key) ? key : key.toUpperCase().toLowerCase();
  if (seen.has(folded)) throw new GatewayError("invalid_request", `The key ${quote(key)} appears twice in one object.`);
  if (seen.size === MAX_KEYS)
    throw new GatewayError("invalid_request", `An object here may have at most ${MAX_KEYS} keys.`);
  seen.add(folded);
  if (folded !== key && judged.includes(folded)) {
    throw new GatewayError("invalid_request", `The key ${quote(key)} must be written "${folded}".`);
  }
}

const quote = (key: string): string => JSON.stringify(key.slice(0, 64));

/** A part of a string keeps the whole of it in memory: a message that is kept must not keep its batch. */
const copied = (text: string): string => Buffer.from(text).toString();

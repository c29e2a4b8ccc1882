import { isObject, type JsonObject } from "../lib/json.ts";
import { scanKeys } from "../lib/json-scan.ts";
import type { Line } from "../lib/lines.ts";
import type { Frame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";

/** Why a value is not a JSON-RPC 2.0 message. `id` is set when the value may have been meant as the response to that request. */
export interface MalformedMessage {
  readonly kind: "none";
  readonly id: RequestId | undefined;
  readonly why: string;
}

/**
 * Reads the envelope of one message (JSON-RPC 2.0 §4, §5; MCP basic, messages: an id is a string or an integer, never null;
 * `params` and `result` are objects). Payloads are not validated.
 */
export function readEnvelope(message: unknown, text: string, line: Line): Frame | MalformedMessage {
  if (!isObject(message)) return none(undefined, "a JSON-RPC message is an object");
  const { id: rawId, method, params } = message;
  const id = readId(rawId, text);
  // The id of an invalid request was chosen by its sender and does not identify a request of the other side.
  const answers = method === undefined ? id : undefined;
  if (message["jsonrpc"] !== "2.0") return none(answers, 'the member "jsonrpc" must be "2.0"');
  if (rawId !== undefined && id === undefined) return none(undefined, "an id must be a string or an integer");
  if (method === undefined) return readResponse(message, id, line);
  if (typeof method !== "string" || method === "") return none(answers, '"method" must be a string');
  if (params !== undefined && !isObject(params)) return none(answers, '"params" must be an object');
  if ("result" in message || "error" in message) return none(answers, "a message is a request or a response, not both");
  if (id === undefined) return { kind: "notification", method, params, line };
  return { kind: "request", id, method, params, line };
}

function readResponse(message: JsonObject, id: RequestId | undefined, line: Line): Frame | MalformedMessage {
  const { result, error } = message;
  if (result === undefined && error === undefined) return none(id, 'no "method", "result" or "error"');
  if (id === undefined) return none(undefined, "a response must have an id");
  if (result !== undefined && error !== undefined) return none(id, 'both "result" and "error"');
  if (error === undefined) {
    if (!isObject(result)) return none(id, '"result" must be an object');
    if (result["isError"] === true) return { kind: "response", id, failed: false, line, isError: true };
    return { kind: "response", id, failed: false, line };
  }
  const isError = isObject(error) && Number.isInteger(error["code"]) && typeof error["message"] === "string";
  return isError ? { kind: "response", id, failed: true, line } : none(id, '"error" needs a code and a message');
}

function readId(id: unknown, text: string): RequestId | undefined {
  if (typeof id === "string") return id;
  if (typeof id !== "number" || !Number.isInteger(id)) return undefined;
  return Number.isSafeInteger(id) ? id : digitsOfId(text);
}

/** `JSON.parse` has rounded this id, so its digits are read from the text. */
function digitsOfId(text: string): bigint | undefined {
  let digits: string | undefined;
  scanKeys(text, 1, ({ key, depth, valueAt }) => {
    if (depth === 1 && key === "id") digits = /^-?\d+(?![\d.eE])/.exec(text.slice(valueAt, valueAt + 400))?.[0];
  });
  return digits === undefined ? undefined : BigInt(digits);
}

const none = (id: RequestId | undefined, why: string): MalformedMessage => ({ kind: "none", id, why });

import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { memberOf, membersOf } from "../../lib/json-members.ts";
import type { Line } from "../../lib/lines.ts";
import type { RequestFrame } from "../frame.ts";
import { requestLine } from "../jsonrpc.ts";

/** One thing that a modern server wants to know from the client: the request that a legacy server would have sent. */
export interface AskedInput {
  /** Its name in `inputRequests`. */
  readonly key: string;
  readonly method: string;
  readonly params: JsonObject;
  /** `params` as the server wrote them. */
  readonly paramsText: string;
}

/** A result that says that input is required (MCP 2026-07-28, multi round-trip requests). */
export interface InputWanted {
  readonly asks: readonly AskedInput[];
  readonly requestState: string | undefined;
}

const TYPE = '"input_required"';
/** No client can answer more of them at once. */
const MAX_ASKS = 32;
/** A longer result is complete: nobody answers so many questions. */
const MAX_BYTES = 1024 * 1024;

/** Reads a response: undefined when its result is complete, a text that says why when it is malformed. */
export function inputWantedIn(line: Line): InputWanted | string | undefined {
  // A complete result need not be parsed.
  if (line.length > MAX_BYTES || !line.includes(TYPE)) return undefined;
  const text = line.toString();
  // A long line has not been parsed yet.
  if (typeof line !== "string" && !isJson(text)) return "it is not valid JSON";
  const result = memberOf(membersOf(text), "result");
  if (result === undefined) return undefined;
  const members = membersOf(text, result.valueAt);
  const valueOf = (key: string): unknown => {
    const found = memberOf(members, key);
    return found === undefined ? undefined : JSON.parse(text.slice(found.valueAt, found.end));
  };
  if (valueOf("resultType") !== "input_required") return undefined;
  const requestState = valueOf("requestState");
  if (requestState !== undefined && typeof requestState !== "string") return "requestState is not a string";
  const listed = memberOf(members, "inputRequests");
  if (listed === undefined) return requestState === undefined ? "it asks for nothing" : { asks: [], requestState };
  if (text.charAt(listed.valueAt) !== "{") return "inputRequests is not an object";
  const requests = membersOf(text, listed.valueAt);
  if (requests.length > MAX_ASKS) return `it asks for more than ${MAX_ASKS} things at once`;
  const asks = requests.map(({ key, valueAt, end }) => readAsk(key, text.slice(valueAt, end)));
  const wrong = asks.find((ask) => typeof ask === "string");
  if (wrong !== undefined) return wrong;
  if (new Set(requests.map(({ key }) => key)).size < requests.length) return "two asks have the same key";
  return { asks: asks.filter((ask) => typeof ask !== "string"), requestState };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readAsk(key: string, text: string): AskedInput | string {
  const value: unknown = JSON.parse(text);
  const method = member(value, "method");
  const params = member(value, "params") ?? {};
  if (typeof method !== "string" || !isObject(params)) return `the ask "${key.slice(0, 64)}" is not a request`;
  const found = memberOf(membersOf(text), "params");
  return { key, method, params, paramsText: found === undefined ? "{}" : text.slice(found.valueAt, found.end) };
}

/** Whether a client with these capabilities can be asked this. */
export function canAnswer({ method, params }: AskedInput, capabilities: JsonObject): boolean {
  switch (method) {
    case "elicitation/create":
      return canElicit(params, capabilities["elicitation"]);
    case "sampling/createMessage":
      return isObject(capabilities["sampling"]);
    case "roots/list":
      return isObject(capabilities["roots"]);
    default:
      return false;
  }
}

/** Without a mode declared, a client supports forms (MCP 2025-11-25, elicitation, capabilities). */
function canElicit({ mode = "form" }: JsonObject, declared: unknown): boolean {
  if (!isObject(declared) || typeof mode !== "string") return false;
  const isPlain = declared["form"] === undefined && declared["url"] === undefined;
  return isPlain ? mode === "form" : isObject(declared[mode]);
}

/** The ask as the request that the client knows. `id` also names an elicitation by URL, which modern servers do not name. */
export function askFrame({ method, params, paramsText }: AskedInput, id: string): RequestFrame {
  const needsName = params["mode"] === "url" && params["elicitationId"] === undefined;
  const named = needsName ? { ...params, elicitationId: id } : params;
  const text = needsName ? JSON.stringify(named) : paramsText;
  return { kind: "request", id, method, params: named, line: requestLine(id, method, text) };
}

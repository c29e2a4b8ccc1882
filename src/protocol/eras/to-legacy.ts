import { isObject, type JsonObject } from "../../lib/json.ts";
import { memberOf, membersOf, objectText } from "../../lib/json-members.ts";
import type { RequestFrame } from "../frame.ts";
import { metaKeys } from "./modern.ts";

const ENVELOPE: ReadonlySet<string> = new Set([
  metaKeys.protocolVersion,
  metaKeys.clientCapabilities,
  metaKeys.clientInfo,
  metaKeys.logLevel,
]);
const ANSWERS: ReadonlySet<string> = new Set(["inputResponses", "requestState"]);

/**
 * A request of MCP 2026-07-28 as a server of an older revision reads it: without the envelope and the answers of a retry. Progress
 * token, trace context and keys of others stay, letter by letter.
 */
export function toLegacy(frame: RequestFrame): RequestFrame {
  const text = frame.line.toString();
  const params = memberOf(membersOf(text), "params");
  if (params === undefined) return frame;
  const inner = objectText(membersOf(text, params.valueAt), ({ key, keyAt, valueAt, end }) => {
    if (ANSWERS.has(key)) return undefined;
    if (key !== "_meta") return text.slice(keyAt, end);
    const meta = objectText(membersOf(text, valueAt), (found) =>
      ENVELOPE.has(found.key) ? undefined : text.slice(found.keyAt, found.end),
    );
    return meta === "{}" ? undefined : `"_meta":${meta}`;
  });
  const line = text.slice(0, params.valueAt) + inner + text.slice(params.end);
  return { ...frame, params: legacyParams(frame.params), line };
}

/** What the line says now: sent over HTTP, it would be taken for a request of the newer revision otherwise. */
function legacyParams(params: JsonObject | undefined): JsonObject | undefined {
  if (params === undefined) return undefined;
  const { _meta: meta, ...others } = without(params, ANSWERS);
  const left = isObject(meta) ? without(meta, ENVELOPE) : {};
  return Object.keys(left).length === 0 ? others : { ...others, _meta: left };
}

const without = (object: JsonObject, keys: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.has(key)));

/** Methods that MCP 2026-07-28 has removed: a server of an older revision would execute them. */
const REMOVED: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
  "tasks/get",
  "tasks/list",
  "tasks/result",
  "tasks/cancel",
  "tasks/update",
  "elicitation/create",
  "sampling/createMessage",
  "roots/list",
]);

export const isRemoved = (method: string): boolean => REMOVED.has(method);

/** The methods whose answer may be that input is required (MCP 2026-07-28, multi round-trip requests, supported requests). */
const ASKING: ReadonlySet<string> = new Set(["tools/call", "prompts/get", "resources/read"]);

export const mayAsk = (method: string): boolean => ASKING.has(method);

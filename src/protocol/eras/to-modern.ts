import type { JsonObject } from "../../lib/json.ts";
import { memberOf, membersOf, objectText } from "../../lib/json-members.ts";
import type { Line } from "../../lib/lines.ts";
import { metaKeys } from "./modern.ts";

/** Keys of `_meta` that only the gateway writes. */
const ENVELOPE: ReadonlySet<string> = new Set([
  metaKeys.protocolVersion,
  metaKeys.clientCapabilities,
  metaKeys.clientInfo,
  metaKeys.logLevel,
]);
/** Keys of `params` that belong to a retry. */
const ANSWERS: ReadonlySet<string> = new Set(["inputResponses", "requestState"]);

/** What is added to the `params` of a request that is sent again with the client's answers. */
export interface Retry {
  /** The results of the client by the keys of the asks, as JSON text; undefined when nothing was asked. */
  readonly responses: ReadonlyMap<string, string> | undefined;
  readonly requestState: string | undefined;
}

/**
 * The `params` of a legacy client's message as a modern server reads them: with the envelope in `_meta`. Everything else stays letter
 * by letter.
 */
export function modernParams(line: Line, envelope: JsonObject, retry?: Retry): string {
  const text = line.toString();
  const params = memberOf(membersOf(text), "params");
  const members = params === undefined ? [] : membersOf(text, params.valueAt);
  const meta = memberOf(members, "_meta");
  const others = meta === undefined ? [] : membersOf(text, meta.valueAt);
  const own = JSON.stringify(envelope).slice(1, -1);
  const merged = objectText(others, ({ key, keyAt, end }) => (ENVELOPE.has(key) ? undefined : text.slice(keyAt, end)), [
    own,
  ]);
  return objectText(
    members,
    ({ key, keyAt, end }) => (key === "_meta" || ANSWERS.has(key) ? undefined : text.slice(keyAt, end)),
    [`"_meta":${merged}`, ...(retry === undefined ? [] : retryMembers(retry))],
  );
}

function retryMembers({ responses, requestState }: Retry): string[] {
  const given = [...(responses ?? [])].map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  return [
    ...(responses === undefined ? [] : [`"inputResponses":{${given.join(",")}}`]),
    ...(requestState === undefined ? [] : [`"requestState":${JSON.stringify(requestState)}`]),
  ];
}

/** What the gateway does with a message of a legacy client whose server is modern (MCP 2026-07-28, changelog). */
export type Handling =
  | "sent on"
  | "answered here"
  | "not passed on"
  | "method not found"
  | "sets the log level"
  | "subscribes"
  | "unsubscribes"
  | "initializes"
  | "initialized"
  | "cancels";

const HANDLINGS: ReadonlyMap<string, Handling> = new Map([
  ["ping", "answered here"],
  ["logging/setLevel", "sets the log level"],
  ["resources/subscribe", "subscribes"],
  ["resources/unsubscribe", "unsubscribes"],
  ["initialize", "initializes"],
  // The tasks of 2025-11-25, which the extension of the same name has replaced with others.
  ["tasks/get", "method not found"],
  ["tasks/list", "method not found"],
  ["tasks/result", "method not found"],
  ["tasks/cancel", "method not found"],
  ["notifications/initialized", "initialized"],
  ["notifications/cancelled", "cancels"],
  ["notifications/progress", "not passed on"],
  ["notifications/roots/list_changed", "not passed on"],
  ["notifications/tasks/status", "not passed on"],
]);

export const handlingOf = (method: string): Handling => HANDLINGS.get(method) ?? "sent on";

/** From the least to the most severe (MCP, server utilities, logging). */
const LOG_LEVELS: readonly unknown[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

export const isLogLevel = (level: unknown): level is string => LOG_LEVELS.includes(level);

/** The methods whose answer may be that input is required (MCP 2026-07-28, multi round-trip requests, supported requests). */
const ASKING: ReadonlySet<string> = new Set(["tools/call", "prompts/get", "resources/read"]);

export const asksForInput = (method: string): boolean => ASKING.has(method);

import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { isDeeperThan, oneLine, scanKeys, valueEnd } from "../../lib/json-scan.ts";
import { GatewayError } from "../../protocol/errors.ts";
import { parseJsonBody } from "../../protocol/json-body.ts";

const MAX_DEPTH = 100;

/** The arguments of a call: the parsed object, and the text that is sent to the server, which keeps numbers beyond 2^53 exact. */
export interface CallArguments {
  readonly value: JsonObject;
  readonly text: string;
}

/** Parses a body as an arguments object; an empty body is `{}`. */
export function readArguments(body: string): CallArguments {
  if (body.trim() === "") return { value: {}, text: "{}" };
  if (isDeeperThan(body, MAX_DEPTH)) {
    throw new GatewayError("invalid_request", `The body is nested more than ${MAX_DEPTH} levels deep.`);
  }
  const value = parseJsonBody(body);
  if (!isObject(value))
    throw new GatewayError("invalid_request", "The body must be a JSON object: the tool's arguments.");
  return { value, text: oneLine(body) };
}

/** Open WebUI also sends query parameters in the body: removes `sessionId` unless the tool declares it. */
export function withoutStraySessionId(given: CallArguments, inputSchema: unknown): CallArguments {
  if (!Object.hasOwn(given.value, "sessionId")) return given;
  if (member(member(inputSchema, "properties"), "sessionId") !== undefined) return given;
  const { sessionId: _stray, ...value } = given.value;
  return { value, text: withoutKey(given.text, "sessionId") };
}

/** The text of an object without one member; the text of all others is unchanged. */
function withoutKey(text: string, unwanted: string): string {
  const members: string[] = [];
  scanKeys(text, 1, ({ key, depth, keyAt, valueAt }) => {
    if (depth === 1 && key !== unwanted) members.push(text.slice(keyAt, valueEnd(text, valueAt)).trim());
  });
  return `{${members.join(",")}}`;
}

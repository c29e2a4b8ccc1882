import { isObject, type JsonObject } from "../../lib/json.ts";
import { memberOf, membersOf, objectText } from "../../lib/json-members.ts";
import type { Line } from "../../lib/lines.ts";
import { Pieces } from "../../lib/pieces.ts";
import type { ResponseFrame } from "../frame.ts";
import { encodeId, type RequestId } from "../jsonrpc.ts";
import { errorOf, resultOf } from "../result-text.ts";
import { MODERN_REVISION, metaKeys, modernCodes } from "./modern.ts";

/** Results that a client may keep, and therefore must be told for how long (MCP 2026-07-28, caching). */
const CACHEABLE: ReadonlySet<string> = new Set([
  "server/discover",
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
]);
/** A server of an older revision says nothing about caching, so nothing is promised. */
const UNCACHED = '"ttlMs":0,"cacheScope":"private"';
const TYPE = '"resultType":"complete"';
/** Members that this file adds: where the server has one of them itself, the result has to be taken apart. */
const OWN = ['"_meta"', '"resultType"', '"ttlMs"', '"cacheScope"'];
const HEAD = /^\{(?:"jsonrpc":"2\.0","id":(?:"[^"\\]*"|-?\d{1,15}),)?"result":\{/;
const ENDS = 200;

/** The identity of a server as its results repeat it: without icons, which can be large. */
export function identityOf(initializeResult: JsonObject): string {
  const { serverInfo } = initializeResult;
  const { name, version, title } = isObject(serverInfo) ? serverInfo : {};
  return JSON.stringify({ name: name ?? "", version: version ?? "", title });
}

/** A result of an older revision as one of MCP 2026-07-28. `identity` is what `identityOf` returned. */
export function toModernResult(frame: ResponseFrame, method: string, identity: string): ResponseFrame {
  const { line } = frame;
  const cacheable = CACHEABLE.has(method) ? `,${UNCACHED}` : "";
  const head = OWN.some((own) => line.includes(own))
    ? undefined
    : HEAD.exec(typeof line === "string" ? line : line.head(ENDS))?.[0];
  if (head === undefined) return { ...frame, line: rebuilt(line.toString(), cacheable !== "", identity) };
  const added = `${TYPE}${cacheable},"_meta":{"${metaKeys.serverInfo}":${identity}}`;
  return { ...frame, line: inserted(line, head.length, added) };
}

function inserted(line: Line, at: number, text: string): Line {
  if (typeof line === "string") return line.slice(0, at) + text + comma(line.charAt(at)) + line.slice(at);
  const added = Buffer.from(text + comma(line.slice(at, at + 1).head(1)));
  return new Pieces([...line.slice(0, at).parts, added, ...line.slice(at).parts]);
}

const comma = (next: string): string => (next === "}" ? "" : ",");

function rebuilt(text: string, isCacheable: boolean, identity: string): string {
  const result = memberOf(membersOf(text), "result");
  if (result === undefined) return text;
  const members = membersOf(text, result.valueAt);
  const has = (key: string): boolean => memberOf(members, key) !== undefined;
  const more = [TYPE];
  if (isCacheable && !has("ttlMs")) more.push('"ttlMs":0');
  if (isCacheable && !has("cacheScope")) more.push('"cacheScope":"private"');
  if (!has("_meta")) more.push(`"_meta":{"${metaKeys.serverInfo}":${identity}}`);
  const inner = objectText(
    members,
    ({ key, keyAt, valueAt, end }) => {
      // Nothing in an older revision has this name, so whatever the server means by it, it is not this.
      if (key === "resultType") return undefined;
      return key === "_meta" ? `"_meta":${withIdentity(text, valueAt, identity)}` : text.slice(keyAt, end);
    },
    more,
  );
  return text.slice(0, result.valueAt) + inner + text.slice(result.end);
}

function withIdentity(text: string, metaAt: number, identity: string): string {
  const own = `"${metaKeys.serverInfo}":${identity}`;
  return objectText(
    membersOf(text, metaAt),
    ({ key, keyAt, end }) => (key === metaKeys.serverInfo ? undefined : text.slice(keyAt, end)),
    [own],
  );
}

const RESOURCE_NOT_FOUND = -32002;
export const URL_ELICITATION_REQUIRED = -32042;

/** An error of an older revision as one of MCP 2026-07-28, which has no code for a resource that does not exist. */
export function toModernError(frame: ResponseFrame): ResponseFrame {
  if (frame.fault !== undefined) return frame;
  const { code, message, data } = errorOf(frame.line);
  if (code !== RESOURCE_NOT_FOUND && code !== URL_ELICITATION_REQUIRED) return frame;
  return { ...frame, line: errorText(frame.id, modernCodes.invalidParams, message, data) };
}

/** Whether a call has come to nothing: an error, or a result that says so (MCP, server, tools, error handling). */
export function isFailure(frame: ResponseFrame): boolean {
  if (frame.failed) return true;
  return frame.line.includes('"isError":true') && resultOf(frame.line)["isError"] === true;
}

/** The answer to a call that needs something of its client which that has not declared. */
export function capabilityMissing(id: RequestId, requiredCapabilities: JsonObject): ResponseFrame {
  const message = "This needs a capability that the client has not declared.";
  const line = errorText(id, modernCodes.missingCapability, message, { requiredCapabilities });
  return { kind: "response", id, failed: true, line };
}

function errorText(id: RequestId, code: number, message: string, data?: unknown): string {
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"error":${JSON.stringify({ code, message, data })}}`;
}

/** The capabilities of a server that a client of MCP 2026-07-28 can use. */
export function modernCapabilities(initializeResult: JsonObject): JsonObject {
  const { capabilities } = initializeResult;
  // Tasks became an extension with other methods.
  const { tasks: _tasks, ...usable } = isObject(capabilities) ? capabilities : {};
  return usable;
}

/** The result of `server/discover` for a server that answered `initialize`. */
export function discoverResult(initializeResult: JsonObject): JsonObject {
  const { instructions, serverInfo } = initializeResult;
  return {
    resultType: "complete",
    supportedVersions: [MODERN_REVISION],
    capabilities: modernCapabilities(initializeResult),
    ...(typeof instructions === "string" && { instructions }),
    ttlMs: 0,
    cacheScope: "private",
    _meta: { [metaKeys.serverInfo]: serverInfo },
  };
}

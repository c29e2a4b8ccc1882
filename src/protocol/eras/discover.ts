import { isObject, member, type JsonObject } from "../../lib/json.ts";
import type { ResponseFrame } from "../frame.ts";
import { errorOf, resultOf } from "../result-text.ts";
import { metaKeys, modernCodes, MODERN_REVISION } from "./modern.ts";
import { LEGACY_REVISIONS, NEWEST_LEGACY_REVISION, revisionIn } from "./revisions.ts";

/** What a client says of itself, in `initialize` or in every modern request. */
export interface ClientFacts {
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject | undefined;
}

/** The envelope of a modern request (MCP 2026-07-28, basic, `_meta`). */
export function envelopeOf({ capabilities, clientInfo }: ClientFacts, logLevel?: string): JsonObject {
  return {
    [metaKeys.protocolVersion]: MODERN_REVISION,
    [metaKeys.clientCapabilities]: capabilities,
    ...(clientInfo !== undefined && { [metaKeys.clientInfo]: clientInfo }),
    ...(logLevel !== undefined && { [metaKeys.logLevel]: logLevel }),
  };
}

/**
 * The result of `server/discover`; undefined when the response is an error, is no such result, or does not list the revision that
 * the gateway speaks.
 */
export function discoveredIn(answer: ResponseFrame): JsonObject | undefined {
  const result = answer.failed ? undefined : readResult(answer);
  if (result === undefined || !listsModern(result["supportedVersions"])) return undefined;
  return isObject(result["capabilities"]) ? result : undefined;
}

function readResult({ line }: ResponseFrame): JsonObject | undefined {
  try {
    return resultOf(line);
  } catch {
    // A long line has not been parsed yet, and may be no JSON.
    return undefined;
  }
}

/** Whether an error response says that its server speaks the modern revision instead of what was asked (MCP 2026-07-28, versioning). */
export function namesModern(answer: ResponseFrame): boolean {
  if (!answer.failed) return false;
  const { code, data } = errorOf(answer.line);
  return code === modernCodes.unsupportedVersion && listsModern(member(data, "supported"));
}

/** The errors with which a server answers a method or a form of request that it does not know. */
const NOT_UNDERSTOOD: readonly number[] = [
  modernCodes.unsupportedVersion,
  modernCodes.methodNotFound,
  modernCodes.invalidParams,
  -32600,
];

/** Whether a server that answers `initialize` so may be one that only speaks the modern revision. */
export function mayBeModern(refusal: ResponseFrame): boolean {
  return refusal.failed && NOT_UNDERSTOOD.includes(errorOf(refusal.line).code);
}

/** What a client said in `initialize`, without what means nothing to a modern server, or something else. */
export function clientFactsIn(params: JsonObject | undefined): ClientFacts {
  const { capabilities, clientInfo } = params ?? {};
  const facts = {
    capabilities: isObject(capabilities) ? modernCapabilities(capabilities) : {},
    clientInfo: isObject(clientInfo) ? clientInfo : undefined,
  };
  return JSON.stringify(facts).length <= MAX_FACTS ? facts : { capabilities: {}, clientInfo: undefined };
}

/** It is repeated in every request. No client has so much to say of itself. */
const MAX_FACTS = 16 * 1024;

/** Tasks were a capability in 2025-11-25 and are an extension with other methods since: neither side's mean the other's. */
const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

function modernCapabilities({ tasks: _tasks, roots, extensions, ...others }: JsonObject): JsonObject {
  return {
    ...others,
    // `listChanged` is gone with its notification.
    ...(roots !== undefined && { roots: {} }),
    ...withoutTasks(extensions),
  };
}

function withoutTasks(extensions: unknown): JsonObject {
  if (!isObject(extensions)) return {};
  const { [TASKS_EXTENSION]: _tasks, ...others } = extensions;
  return Object.keys(others).length === 0 ? {} : { extensions: others };
}

export interface InitializeResult extends JsonObject {
  readonly capabilities: JsonObject;
}

/** The response to a legacy client's `initialize`, from what `server/discover` said. */
export function initializeResult(
  discovered: JsonObject,
  params: JsonObject | undefined,
  server: string,
): InitializeResult {
  const { capabilities, instructions, _meta: meta } = discovered;
  const { tasks: _tasks, extensions, ...offered } = isObject(capabilities) ? capabilities : {};
  const info = member(meta, metaKeys.serverInfo);
  const asked = revisionIn(params);
  return {
    protocolVersion: asked !== undefined && LEGACY_REVISIONS.includes(asked) ? asked : NEWEST_LEGACY_REVISION,
    capabilities: { ...offered, ...withoutTasks(extensions) },
    // A modern server need not say who it is, a legacy one must.
    serverInfo: isObject(info) ? info : { name: server, version: "unknown" },
    ...(typeof instructions === "string" && { instructions }),
  };
}

const listsModern = (versions: unknown): boolean => Array.isArray(versions) && versions.includes(MODERN_REVISION);

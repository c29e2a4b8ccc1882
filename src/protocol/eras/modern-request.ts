import { isObject, member, type JsonObject } from "../../lib/json.ts";
import type { ClientMessages } from "../client-frame.ts";
import { GatewayError } from "../errors.ts";
import type { Frame, RequestFrame } from "../frame.ts";
import { MODERN_REVISION, metaKeys, modernMethods } from "./modern.ts";

/** The values of HTTP request headers, by lower-case name, as Node gives them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request of MCP 2026-07-28 says about itself and its client in `_meta` (basic, `_meta`). */
export interface RequestEnvelope {
  readonly capabilities: JsonObject;
  /** The lowest level of log messages that the client wants to have; undefined when it wants none. */
  readonly logLevel: LogLevel | undefined;
}

const MAX_META_KEYS = 1_000;

/** From the least to the most severe (MCP, server, utilities, logging). */
const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Whether the messages of one HTTP body are of MCP 2026-07-28. The body decides, for each POST anew; the header only shows that an
 * envelope is missing, because no client of an older revision sends it with this value.
 */
export function isModern({ frames }: ClientMessages, headers: Headers): boolean {
  return headers["mcp-protocol-version"] === MODERN_REVISION || frames.some(hasEnvelope);
}

/** The revision that a message carries in its envelope; undefined for messages of the revisions with sessions. */
export function modernRevisionOf(frame: Frame): string | undefined {
  if (frame.kind === "response") return undefined;
  const revision = member(frame.params?.["_meta"], metaKeys.protocolVersion);
  return typeof revision === "string" ? revision : undefined;
}

function hasEnvelope(frame: Frame): boolean {
  if (frame.kind === "response") return false;
  if (frame.method === modernMethods.discover) return true;
  return member(frame.params?.["_meta"], metaKeys.protocolVersion) !== undefined;
}

/** Reads and checks the envelope and the headers that repeat parts of the body (MCP 2026-07-28, basic, transports). */
export function readRequest(frame: RequestFrame, headers: Headers): RequestEnvelope {
  const meta = metaOf(frame.params);
  if (Object.keys(meta).length > MAX_META_KEYS) {
    throw new GatewayError("invalid_envelope", `params._meta may have at most ${MAX_META_KEYS} keys.`);
  }
  const revision = meta[metaKeys.protocolVersion];
  if (typeof revision !== "string") throw missing(metaKeys.protocolVersion);
  if (headers["mcp-protocol-version"] !== revision) matchHeader(headers, "MCP-Protocol-Version", revision);
  if (revision !== MODERN_REVISION) {
    const data = { supported: [MODERN_REVISION], requested: revision };
    throw new GatewayError("unsupported_version", `This URL speaks MCP ${MODERN_REVISION}, not the one asked for.`, {
      data,
    });
  }
  const capabilities = meta[metaKeys.clientCapabilities];
  if (!isObject(capabilities)) throw missing(metaKeys.clientCapabilities);
  if (headers["mcp-method"] !== frame.method) matchHeader(headers, "Mcp-Method", frame.method);
  matchName(frame, headers);
  return { capabilities, logLevel: logLevelIn(meta[metaKeys.logLevel]) };
}

/** Whether a log message of this level is wanted by a client that asked for `wanted`. */
export function isLogged(level: unknown, wanted: LogLevel): boolean {
  const at = LOG_LEVELS.findIndex((known) => known === level);
  return at >= LOG_LEVELS.indexOf(wanted);
}

/** The value of a header in which text that a header cannot carry is encoded (value encoding); undefined when it is malformed. */
export function decodedHeader(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
  if (encoded === undefined) return PRINTABLE.test(value) ? value : undefined;
  if (!BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}

/** Of one header; undefined when it is missing. A header that is repeated has no single value. */
export function headerValue(headers: Headers, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === "string" ? value.trim() : undefined;
}

export function mismatch(name: string, why: string): GatewayError {
  return new GatewayError("header_mismatch", `Header mismatch: ${name} ${why}.`);
}

/** A name that needs no encoding. */
const PLAIN = /^[\w./:-]+$/;
const PRINTABLE = /^[\t\x20-\x7e]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

function matchName({ method, params }: RequestFrame, headers: Headers): void {
  const key = NAMED_BY.get(method);
  const name = key === undefined ? undefined : member(params, key);
  // Without a name in the body there is nothing to repeat; the server says what is wrong with such a request.
  if (typeof name !== "string" || (headers["mcp-name"] === name && PLAIN.test(name))) return;
  const value = headerValue(headers, "Mcp-Name");
  if (value === undefined) throw mismatch("Mcp-Name", "is missing");
  if (decodedHeader(value) !== name) throw mismatch("Mcp-Name", "is not what the body says");
}

function matchHeader(headers: Headers, name: string, expected: string): void {
  const value = headerValue(headers, name);
  if (value === undefined) throw mismatch(name, "is missing");
  if (value !== expected) throw mismatch(name, "is not what the body says");
}

function metaOf(params: JsonObject | undefined): JsonObject {
  const meta = params?.["_meta"];
  return isObject(meta) ? meta : {};
}

function missing(key: string): GatewayError {
  return new GatewayError("invalid_envelope", `A request of MCP ${MODERN_REVISION} needs "${key}" in params._meta.`);
}

function logLevelIn(value: unknown): LogLevel | undefined {
  if (value === undefined) return undefined;
  const level = LOG_LEVELS.find((known) => known === value);
  if (level !== undefined) return level;
  throw new GatewayError("invalid_envelope", `"${metaKeys.logLevel}" must be one of ${LOG_LEVELS.join(", ")}.`);
}

import { isObject, member } from "../../lib/json.ts";
import { decodedHeader, headerValue, mismatch, type Headers } from "./modern-request.ts";

/** A tool argument that the client repeats in an HTTP header (MCP 2026-07-28, transports, custom headers from tool parameters). */
export interface HeaderParam {
  readonly header: string;
  /** The keys that lead to it in the arguments. */
  readonly path: readonly string[];
}

const KEYWORD = "x-mcp-header";
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const MAX_DEPTH = 16;

/** The annotated properties of an input schema that can be reached by `properties` alone. */
export function headerParams(inputSchema: unknown, path: readonly string[] = []): HeaderParam[] {
  const properties = member(inputSchema, "properties");
  if (!isObject(properties) || path.length >= MAX_DEPTH) return [];
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = member(schema, KEYWORD);
    const own = [...path, key];
    const isUsable = typeof name === "string" && TOKEN.test(name);
    const found = isUsable ? [{ header: `Mcp-Param-${name}`, path: own }] : [];
    return [...found, ...headerParams(schema, own)];
  });
}

/** Throws when a header is missing, malformed, or says something else than the argument. */
export function checkHeaderParams(params: readonly HeaderParam[], args: unknown, headers: Headers): void {
  for (const { header, path } of params) {
    const value = path.reduce<unknown>(member, args);
    const text = headerValue(headers, header);
    if (text === undefined) {
      if (value !== undefined && value !== null) throw mismatch(header, "is missing");
      continue;
    }
    const decoded = decodedHeader(text);
    if (decoded === undefined || !isSame(decoded, value)) throw mismatch(header, "is not what the body says");
  }
}

/** Numbers are compared as numbers: `42.0` is `42`. */
function isSame(text: string, value: unknown): boolean {
  if (typeof value === "number") return text.trim() !== "" && Number(text) === value;
  return (typeof value === "string" || typeof value === "boolean") && text === String(value);
}

import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { modernRevisionOf } from "../../protocol/eras/modern-request.ts";
import type { Frame, RequestFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import { resultOf } from "../../protocol/result-text.ts";

/** An argument that is repeated in a header: the names on the way to it. */
interface MirroredArgument {
  readonly header: string;
  readonly path: readonly string[];
}

const MAX_TOOLS = 1_000;
const MAX_ARGUMENTS = 32;
const MAX_DEPTH = 8;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** What can be sent as it is: visible ASCII, with spaces inside only. */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const ENCODED = /^=\?base64\?.*\?=$/i;

/** The members of `params` that name what a method is about (MCP 2026-07-28, transports, Streamable HTTP, request metadata). */
const NAMES: ReadonlyMap<string, string> = new Map([
  [methods.callTool, "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** By tool. */
export type MirroredArguments = Map<string, readonly MirroredArgument[]>;

/** The headers that requests of revision 2026-07-28 repeat parts of their body in. */
export class ModernHeaders {
  readonly #mirrored: MirroredArguments;

  /** `mirrored` is what the server has listed, on whichever connection: a client need not list the tools before it calls one. */
  constructor(mirrored: MirroredArguments) {
    this.#mirrored = mirrored;
  }

  /** Names and values in turn; undefined for a message of an older revision. */
  of(frame: Frame): readonly string[] | undefined {
    const revision = modernRevisionOf(frame);
    if (revision === undefined || frame.kind === "response") return undefined;
    const { method, params } = frame;
    const name = member(params, NAMES.get(method) ?? "");
    return [
      "mcp-protocol-version",
      encoded(revision),
      "mcp-method",
      encoded(method),
      ...(typeof name === "string" ? ["mcp-name", encoded(name)] : []),
      ...(method === methods.callTool && typeof name === "string" ? this.#argumentsOf(name, params) : []),
    ];
  }

  /** Notes which arguments the tools of a page want repeated (`x-mcp-header`). */
  listed(request: RequestFrame, answer: Frame | undefined): void {
    if (request.method !== methods.listTools || answer?.kind !== "response" || answer.failed) return;
    if (modernRevisionOf(request) === undefined) return;
    const { tools } = resultOf(answer.line);
    for (const tool of Array.isArray(tools) ? (tools as readonly unknown[]) : []) {
      const name = member(tool, "name");
      if (typeof name !== "string") continue;
      const mirrored = mirroredIn(member(tool, "inputSchema"), [], []);
      if (mirrored.length > 0 && this.#mirrored.size < MAX_TOOLS) this.#mirrored.set(name, mirrored);
      else if (mirrored.length === 0) this.#mirrored.delete(name);
    }
  }

  #argumentsOf(tool: string, params: JsonObject | undefined): string[] {
    return (this.#mirrored.get(tool) ?? []).flatMap(({ header, path }) => {
      const value = path.reduce<unknown>((inner, key) => member(inner, key), member(params, "arguments"));
      const isSent = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
      return isSent ? [`mcp-param-${header.toLowerCase()}`, encoded(String(value))] : [];
    });
  }
}

/** Reachable by `properties` only. */
function mirroredIn(schema: unknown, path: readonly string[], found: MirroredArgument[]): MirroredArgument[] {
  const properties = member(schema, "properties");
  if (!isObject(properties) || path.length >= MAX_DEPTH) return found;
  for (const [name, property] of Object.entries(properties)) {
    if (found.length >= MAX_ARGUMENTS) break;
    const header = member(property, "x-mcp-header");
    if (typeof header === "string" && TOKEN.test(header)) found.push({ header, path: [...path, name] });
    mirroredIn(property, [...path, name], found);
  }
  return found;
}

/** A value that a header cannot have is sent as Base64 of its UTF-8. */
function encoded(value: string): string {
  if (PLAIN.test(value) && !ENCODED.test(value)) return value;
  return `=?base64?${Buffer.from(value, "utf8").toString("base64")}?=`;
}

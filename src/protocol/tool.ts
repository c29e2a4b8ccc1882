import type { JsonObject } from "../lib/json.ts";

/** A tool as its server lists it (MCP 2025-11-25, tools, data types). Only `tool-reader.ts` creates one. */
export interface Tool {
  readonly server: string;
  /** The listed name: any non-empty text. */
  readonly name: string;
  /** Safe to display, as is the description. */
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** The schemas and the annotations come from the server unchecked and may be anything. */
  readonly inputSchema: unknown;
  readonly outputSchema: unknown;
  readonly annotations: JsonObject | undefined;
  readonly taskSupport: "forbidden" | "optional" | "required";
  /** The whole entry of the list. */
  readonly listed: JsonObject;
}

/** Whether a second call does nothing that the first has not done, as the tool says itself (MCP 2025-11-25, tools, annotations). */
export function isRepeatable(tool: Tool | undefined): boolean {
  const { readOnlyHint, idempotentHint } = tool?.annotations ?? {};
  return readOnlyHint === true || idempotentHint === true;
}

/** By name, in list order. */
export type Tools = ReadonlyMap<string, Tool>;

/** What else a server lists: entries as it wrote them, with a name, URI or URI template that no other of its kind has. */
export interface EntryLists {
  readonly prompts: readonly JsonObject[];
  readonly resources: readonly JsonObject[];
  readonly resourceTemplates: readonly JsonObject[];
}

/** What a server lists, as far as it is known. */
export interface ToolList extends EntryLists {
  readonly server: string;
  /** The result of `initialize`: serverInfo, instructions, capabilities. */
  readonly initializeResult: JsonObject;
  readonly tools: Tools;
}

/** What all servers list, for REST, the OpenAPI documents and the endpoint in front of all servers. */
export interface ToolCatalog {
  /** The cached list, however old; never a reason to fetch one. */
  cached(server: string): ToolList | undefined;
  /** The cached list, if there is one. */
  look(server: string): ToolList | undefined;
  /** The cached list, or the result of a request shared by all concurrent callers. Rejects with a GatewayError. */
  list(server: string): Promise<ToolList>;
  /** A newly fetched list, for a caller that missed a tool in the cached one; the cached one when the fetch fails. */
  refresh(server: string): Promise<ToolList>;
}

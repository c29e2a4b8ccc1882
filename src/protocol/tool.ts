import type { JsonObject } from "../lib/json.ts";

/** A tool as its server lists it (MCP 2025-11-25, tools, data types). `tool-reader.ts` is the only place that reads one. */
export interface Tool {
  readonly server: string;
  /** As it was listed: any text but the empty one. */
  readonly name: string;
  /** Fit to be shown, as is the description. */
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** The schemas and the annotations are the server's word and may be anything. */
  readonly inputSchema: unknown;
  readonly outputSchema: unknown;
  readonly annotations: JsonObject | undefined;
  readonly taskSupport: "forbidden" | "optional" | "required";
  /** The whole entry of the list. */
  readonly listed: JsonObject;
}

/** By name, in the order of the list. */
export type Tools = ReadonlyMap<string, Tool>;

/** What is known of a server's tools. */
export interface ToolList {
  readonly server: string;
  /** The result of `initialize`: serverInfo, instructions, capabilities. */
  readonly initializeResult: JsonObject;
  readonly tools: Tools;
}

/** The tools of all servers, for REST and for the documents. */
export interface ToolCatalog {
  /** The list at hand, if there is one. */
  look(server: string): ToolList | undefined;
  /** The list at hand, else the one that is being asked for: one promise for all. Rejects with a GatewayError. */
  list(server: string): Promise<ToolList>;
  /** A list that was asked for just now, for who missed a tool in the one at hand; that one again where none is to be had. */
  renewed(server: string): Promise<ToolList>;
}

import { isObject, type JsonObject } from "../lib/json.ts";

/** A tool as its server described it; all but the name is the server's word and may be anything. */
export interface ListedTool {
  readonly name: string;
  /** The whole description, as it was listed. */
  readonly listed: JsonObject;
}

/** What is known of a server's tools. */
export interface ToolList {
  readonly server: string;
  /** The result of `initialize`: serverInfo, instructions, capabilities. */
  readonly hello: JsonObject;
  readonly tools: ReadonlyMap<string, ListedTool>;
}

/** The tools of one page of `tools/list`; what has no name is left out. */
export function listedTools(result: JsonObject): ListedTool[] {
  const { tools } = result;
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((listed: unknown) => {
    const name = isObject(listed) ? listed["name"] : undefined;
    return isObject(listed) && typeof name === "string" && name !== "" ? { name, listed: writable(name, listed) } : [];
  });
}

/** A description that is nested too deep to be written down again is worth nothing to anybody: its name stays. */
function writable(name: string, listed: JsonObject): JsonObject {
  try {
    JSON.stringify(listed);
    return listed;
  } catch {
    return { name, description: "Its description is nested too deep to be shown.", inputSchema: { type: "object" } };
  }
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

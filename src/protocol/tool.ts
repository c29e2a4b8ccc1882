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

/** Finds tools for REST and for the documents. */
export interface ToolCatalog {
  /** The tools of one server; throws a GatewayError when they cannot be listed. */
  list(server: string): Promise<ToolList>;
  /** One tool; looked for anew when the list at hand does not have it. */
  find(server: string, tool: string): Promise<ListedTool | undefined>;
}

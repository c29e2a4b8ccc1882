import { toGatewayError } from "../../protocol/errors.ts";
import type { ListedTool, ToolList } from "../../protocol/tool.ts";
import type { RestContext } from "./context.ts";

/** `GET /api`: what can be called. A server whose tools cannot be listed says so and does not hide the others. */
export async function describeAll(context: RestContext): Promise<object> {
  const servers = await Promise.all(context.serverNames.map((name) => describeOrExcuse(name, context)));
  return { servers };
}

/** `GET /api/<server>`. */
export async function describeServer(server: string, { catalog }: RestContext): Promise<object> {
  const list = await catalog.list(server);
  return { ...summary(list), tools: [...list.tools.values()].map((tool) => describeTool(server, tool)) };
}

/** `GET /api/<server>/<tool>`: its description; it is not called. */
export function describeTool(server: string, { name, listed }: ListedTool): object {
  return { ...listed, name, url: `/api/${server}/${encodeURIComponent(name)}` };
}

async function describeOrExcuse(server: string, { catalog }: RestContext): Promise<object> {
  try {
    const list = await catalog.list(server);
    return { ...summary(list), tools: [...list.tools.keys()], url: `/api/${server}` };
  } catch (error) {
    // The log has the cause; here it only matters that this one is missing.
    return { name: server, url: `/api/${server}`, error: toGatewayError(error).message };
  }
}

function summary({ server, hello }: ToolList): object {
  const { serverInfo, instructions } = hello;
  return {
    name: server,
    ...(serverInfo !== undefined && { serverInfo }),
    ...(instructions !== undefined && { instructions }),
  };
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { toGatewayError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { Tool, ToolList } from "../../protocol/tool.ts";
import { publicPrefix } from "../public-path.ts";
import { Caller } from "./caller.ts";
import type { RestContext } from "./context.ts";
import { Deadline, OVERVIEW, type TimeLimit } from "./deadline.ts";
import type { ToolFinder } from "./find-tool.ts";
import { preferencesOf } from "./preferences.ts";
import { limitOf } from "./rest-call.ts";

/** A request for descriptions of tools. */
interface Reader {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams | undefined;
  readonly tools: ToolFinder;
  readonly principal: Principal;
}

/** `GET /api`: all servers and tools. A server whose tools cannot be listed has an error and does not affect the others. */
export async function describeAll(reader: Reader, context: RestContext): Promise<object> {
  const asked = timeFor(reader, undefined, context);
  const { list } = listsFor(reader, asked.ms < OVERVIEW.ms ? asked : OVERVIEW);
  const urls = urlsFor(reader, context);
  const describe = async (name: string): Promise<object> => {
    try {
      const { list: found } = await list(name);
      return { ...summary(found), tools: [...found.tools.keys()], url: urls.server(name) };
    } catch (error) {
      // The cause is in the log; here it only matters that the tools are missing.
      return { name, url: urls.server(name), error: toGatewayError(error).message };
    }
  };
  return { servers: await Promise.all(context.visibility.servers(reader.principal).map(describe)) };
}

/** `GET /api/<server>`. */
export async function describeServer(server: string, reader: Reader, context: RestContext): Promise<object> {
  const { list } = await listsFor(reader, timeFor(reader, server, context)).list(server);
  const { tool: urlOf } = urlsFor(reader, context);
  return { ...summary(list), tools: [...list.tools.values()].map((tool) => described(tool, urlOf(server, tool.name))) };
}

/** `GET /api/<server>/<tool>`: the description of a tool, without calling it. */
export async function describeTool(
  server: string,
  name: string,
  reader: Reader,
  context: RestContext,
): Promise<object> {
  const tool = await listsFor(reader, timeFor(reader, server, context)).find(server, name);
  return described(tool, urlsFor(reader, context).tool(server, name));
}

const described = ({ name, listed }: Tool, url: string): object => ({ ...listed, name, url });

/** The deadline of a call, also for its lists. */
function timeFor({ request, query }: Reader, server: string | undefined, context: RestContext): TimeLimit {
  return limitOf(preferencesOf(request, query), query, server, context);
}

function listsFor({ response, tools, principal }: Reader, limit: TimeLimit) {
  const caller = new Caller(new Deadline(limit), response, false);
  return {
    list: (server: string) => tools.list({ principal, server }, caller),
    find: (server: string, name: string) => tools.listed({ principal, server }, name, caller),
  };
}

/** URLs as the client reaches them. */
function urlsFor({ request }: Reader, { publicPath }: RestContext) {
  const base = `${publicPrefix(request, publicPath)}/api`;
  return {
    server: (name: string) => `${base}/${name}`,
    tool: (server: string, name: string) => `${base}/${server}/${encodeURIComponent(name)}`,
  };
}

function summary({ server, initializeResult }: ToolList): object {
  const { serverInfo, instructions } = initializeResult;
  return {
    name: server,
    ...(serverInfo !== undefined && { serverInfo }),
    ...(instructions !== undefined && { instructions }),
  };
}

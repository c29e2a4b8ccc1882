import { isObject, member } from "../../lib/json.ts";
import type { ServerTools } from "../../openapi/catalog.ts";
import { openapiDocument, type Described } from "../../openapi/document.ts";
import type { DocumentOptions } from "../../openapi/options.ts";
import type { ToolCatalog, ToolList } from "../../protocol/tool.ts";

/** Everything that does not depend on who asks: from the config. */
export type DocumentSettings = Pick<DocumentOptions, "security" | "sessionParameter" | "info">;

/** What the asker may choose. */
export type DocumentChoice = Pick<DocumentOptions, "profile" | "version" | "layout" | "baseUrl" | "tools">;

interface FailedServer {
  readonly server: string;
  readonly error: unknown;
}

export interface Documented extends Described {
  /** Servers whose tools could not be listed, and so are not in the document. */
  readonly failed: readonly FailedServer[];
}

/** The one way to a document, for the dump and for the served ones. One broken server does not take the others down. */
export async function documentTools(
  catalog: ToolCatalog,
  servers: readonly string[],
  settings: DocumentSettings,
  choice: DocumentChoice,
): Promise<Documented> {
  const listed = await Promise.allSettled(servers.map((server) => catalog.list(server)));
  const tools: ServerTools[] = [];
  const failed: FailedServer[] = [];
  for (const [index, outcome] of listed.entries()) {
    if (outcome.status === "fulfilled") tools.push(serverTools(outcome.value));
    else failed.push({ server: servers[index] ?? "", error: outcome.reason });
  }
  return { ...openapiDocument(tools, { ...settings, ...choice }), failed };
}

/** What a server listed, as the documents take it. */
export function serverTools({ server, hello, tools }: ToolList): ServerTools {
  const { serverInfo, instructions } = hello;
  return {
    name: server,
    title: member(serverInfo, "title"),
    description: isObject(serverInfo) ? serverInfo["description"] : undefined,
    version: member(serverInfo, "version"),
    instructions,
    tools: [...tools.values()].map(({ listed }) => listed),
  };
}

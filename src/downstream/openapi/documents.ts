import { member } from "../../lib/json.ts";
import type { ServerTools } from "../../openapi/catalog.ts";
import { openapiDocument, type Described } from "../../openapi/document.ts";
import type { DocumentOptions } from "../../openapi/options.ts";
import type { ToolCatalog, ToolList } from "../../protocol/tool.ts";

/** Everything that does not depend on who asks: from the config. */
export type DocumentSettings = Pick<DocumentOptions, "security" | "sessionParameter" | "info">;

/** What the asker may choose. */
export type DocumentChoice = Pick<DocumentOptions, "profile" | "version" | "layout" | "baseUrl" | "tools" | "accept">;

interface FailedServer {
  readonly server: string;
  readonly error: unknown;
}

/** What servers listed, in their order. */
export interface ListOutcomes {
  readonly lists: readonly ToolList[];
  /** Servers whose tools could not be listed, and so are not in the document. */
  readonly failed: readonly FailedServer[];
}

export interface Documented extends Described, Pick<ListOutcomes, "failed"> {}

/** The one way to a document, for the dump and for the served ones. */
export async function documentTools(
  catalog: ToolCatalog,
  servers: readonly string[],
  settings: DocumentSettings,
  choice: DocumentChoice,
): Promise<Documented> {
  const { lists, failed } = await listAll(servers, (server) => catalog.list(server));
  return { ...describeLists(lists, settings, choice), failed };
}

/** One broken server does not take the others down. */
export async function listAll(servers: readonly string[], list: ToolCatalog["list"]): Promise<ListOutcomes> {
  const outcomes = await Promise.allSettled(servers.map((server) => list(server)));
  const lists: ToolList[] = [];
  const failed: FailedServer[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") lists.push(outcome.value);
    else failed.push({ server: servers[index] ?? "", error: outcome.reason });
  }
  return { lists, failed };
}

export function describeLists(
  lists: readonly ToolList[],
  settings: DocumentSettings,
  choice: DocumentChoice,
): Described {
  return openapiDocument(lists.map(serverTools), { ...settings, ...choice });
}

/** What a server listed, as the documents take it. */
export function serverTools({ server, initializeResult, tools }: ToolList): ServerTools {
  const { serverInfo, instructions } = initializeResult;
  return {
    name: server,
    title: member(serverInfo, "title"),
    description: member(serverInfo, "description"),
    version: member(serverInfo, "version"),
    instructions,
    tools: [...tools.values()],
  };
}

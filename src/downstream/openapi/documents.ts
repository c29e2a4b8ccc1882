import { member } from "../../lib/json.ts";
import type { ServerTools } from "../../openapi/server-tools.ts";
import { openapiDocument, type DocumentResult } from "../../openapi/document.ts";
import type { DocumentOptions } from "../../openapi/options.ts";
import type { ToolCatalog, ToolList } from "../../protocol/tool.ts";

/** The settings from the config, the same for every client. */
export type DocumentSettings = Pick<DocumentOptions, "security" | "sessionParameter" | "info">;

/** The options that a client may choose. */
export type DocumentChoice = Pick<DocumentOptions, "profile" | "version" | "layout" | "baseUrl" | "tools" | "accept">;

interface FailedServer {
  readonly server: string;
  readonly error: unknown;
}

/** The lists of tools, in the order of the servers. */
export interface ListOutcomes<T> {
  readonly lists: readonly T[];
  /** Servers whose tools could not be listed and are missing from the document. */
  readonly failed: readonly FailedServer[];
}

export interface DocumentReport extends DocumentResult, Pick<ListOutcomes<ToolList>, "failed"> {}

/** Builds a document, for the command line and for HTTP. */
export async function documentTools(
  catalog: ToolCatalog,
  servers: readonly string[],
  settings: DocumentSettings,
  choice: DocumentChoice,
): Promise<DocumentReport> {
  const { lists, failed } = await listAll(servers, (server) => catalog.list(server));
  return { ...describeLists(lists, settings, choice), failed };
}

/** One failing server does not affect the others. */
export async function listAll<T>(
  servers: readonly string[],
  list: (server: string) => Promise<T>,
): Promise<ListOutcomes<T>> {
  const outcomes = await Promise.allSettled(servers.map((server) => list(server)));
  const lists: T[] = [];
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
): DocumentResult {
  return openapiDocument(lists.map(serverTools), { ...settings, ...choice });
}

/** A server's list, in the form that the document builder expects. */
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

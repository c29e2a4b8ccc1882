import { readTools, type Tool } from "../../openapi/catalog.ts";
import { openapiDocument } from "../../openapi/document.ts";
import { lintForGpt } from "../../openapi/gpt-lint.ts";
import { someText } from "../../openapi/text.ts";
import { toGatewayError } from "../../protocol/errors.ts";
import type { ToolList } from "../../protocol/tool.ts";
import { serverTools } from "../openapi/documents.ts";
import type { DocumentContext } from "../openapi/routes.ts";

/** What the page tells of one server. */
export type ServerOverview = ListedServer | UnlistedServer;

export interface ListedServer {
  readonly kind: "listed";
  readonly name: string;
  readonly title: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly instructions: string | undefined;
  readonly tools: readonly Tool[];
  /** Why custom GPTs could not use the document made for them; none when they can. */
  readonly gptProblems: readonly string[];
}

export interface UnlistedServer {
  readonly kind: "unlisted";
  readonly name: string;
  readonly why: string;
  readonly isStarting: boolean;
}

/** A person does not wait for the slowest server; its list is there when the page is loaded again. */
const PATIENCE_MS = 5_000;
const STARTING = "It is still starting. Load the page again soon.";

type Sources = Pick<DocumentContext, "catalog" | "serverNames" | "documents">;

export function overviewOf(context: Sources, baseUrl: string): Promise<readonly ServerOverview[]> {
  return Promise.all(context.serverNames.map((name) => serverOverview(name, context, baseUrl)));
}

async function serverOverview(name: string, context: Sources, baseUrl: string): Promise<ServerOverview> {
  try {
    const list = await withPatience(context.catalog.list(name));
    if (list === undefined) return { kind: "unlisted", name, why: STARTING, isStarting: true };
    return listed(list, context, baseUrl);
  } catch (thrown) {
    // The session's own events have told the log the cause.
    return { kind: "unlisted", name, why: toGatewayError(thrown).message, isStarting: false };
  }
}

async function withPatience(asked: Promise<ToolList>): Promise<ToolList | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function listed(list: ToolList, { documents }: Sources, baseUrl: string): ListedServer {
  const server = serverTools(list);
  const { document } = openapiDocument([server], {
    ...documents,
    profile: "gpt",
    version: "3.1",
    layout: "server",
    baseUrl: `${baseUrl}/api/${server.name}`,
  });
  return {
    kind: "listed",
    name: server.name,
    title: someText(server.title),
    version: someText(server.version),
    description: someText(server.description),
    instructions: someText(server.instructions),
    tools: readTools(server, () => {}),
    gptProblems: lintForGpt(document),
  };
}

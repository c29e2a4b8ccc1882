import { toolsOf } from "../../openapi/server-tools.ts";
import { openapiDocument } from "../../openapi/document.ts";
import { lintForGpt } from "../../openapi/gpt-lint.ts";
import { someText } from "../../lib/text.ts";
import { toGatewayError } from "../../protocol/errors.ts";
import type { ToolList } from "../../protocol/tool.ts";
import { serverTools } from "../openapi/documents.ts";
import type { DocumentContext } from "../openapi/context.ts";
import type { Rendering, RenderingLimits, Renderings } from "../renderings.ts";
import type { Html } from "./html.ts";
import { exampleCall } from "./snippets/example-call.ts";
import type { ExampleCall } from "./snippets/snippet.ts";
import { toolSections } from "./tool-sections.ts";

/** The description of one server on the page. */
export type ServerOverview = ListedServer | UnlistedServer;

export interface ListedServer {
  readonly kind: "listed";
  readonly name: string;
  readonly title: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly instructions: string | undefined;
  readonly toolCount: number;
  readonly example: ExampleCall | undefined;
  /** One section per tool. */
  readonly tools: Html;
  /** Why custom GPTs cannot use the document made for them; empty when they can. */
  readonly gptProblems: readonly string[];
}

/** The expensive part of an overview, with a placeholder for the gateway's address. */
export interface KeptOverview extends Rendering {
  readonly server: ListedServer;
}

/** One entry per server, page path and URL scheme. */
export const KEPT_OVERVIEWS: RenderingLimits = { entries: Infinity, bytes: 48 * 1024 * 1024, isFirstFree: true };

export interface UnlistedServer {
  readonly kind: "unlisted";
  readonly name: string;
  readonly why: string;
  readonly isStarting: boolean;
}

/** How long the page waits for a slow server; its list will be there on the next load. */
const PATIENCE_MS = 5_000;
const STARTING = "It is still starting. Load the page again soon.";

interface Sources extends Pick<DocumentContext, "catalog" | "serverNames" | "documents"> {
  readonly kept: Renderings<KeptOverview>;
}

export interface OverviewPlace {
  readonly root: string;
  readonly baseUrl: string;
}

export function overviewOf(context: Sources, place: OverviewPlace): Promise<readonly ServerOverview[]> {
  return Promise.all(context.serverNames.map((name, index) => serverOverview(name, index, context, place)));
}

async function serverOverview(
  name: string,
  index: number,
  context: Sources,
  { root, baseUrl }: OverviewPlace,
): Promise<ServerOverview> {
  try {
    const list = await withPatience(context.catalog.list(name));
    if (list === undefined) return { kind: "unlisted", name, why: STARTING, isStarting: true };
    const address = baseUrl.startsWith("https://") ? "https://address.invalid" : "http://address.invalid";
    const key = `${index} ${root} ${address}`;
    const { server } = context.kept.take(key, [list], () => {
      const made = listed(list, index, context, { root, baseUrl: address });
      return { server: made, bytes: String(made.tools).length };
    });
    return { ...server, gptProblems: server.gptProblems.map((problem) => problem.replaceAll(address, () => baseUrl)) };
  } catch (thrown) {
    // The session's own events have logged the cause.
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

function listed(list: ToolList, index: number, { documents }: Sources, { root, baseUrl }: OverviewPlace): ListedServer {
  const server = serverTools(list);
  const { document } = openapiDocument([server], {
    ...documents,
    profile: "gpt",
    version: "3.1",
    layout: "server",
    baseUrl: `${baseUrl}/api/${server.name}`,
  });
  const tools = toolsOf(server, () => {});
  return {
    kind: "listed",
    name: server.name,
    title: someText(server.title),
    version: someText(server.version),
    description: someText(server.description),
    instructions: someText(server.instructions),
    toolCount: tools.length,
    example: exampleCall(tools),
    tools: toolSections(tools, root, index),
    gptProblems: lintForGpt(document),
  };
}

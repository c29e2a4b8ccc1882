import { toolsOf } from "../../openapi/server-tools.ts";
import { openapiDocument } from "../../openapi/document.ts";
import { lintForGpt } from "../../openapi/gpt-lint.ts";
import { someText } from "../../lib/text.ts";
import { toGatewayError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { ToolList } from "../../protocol/tool.ts";
import { serverTools } from "../openapi/documents.ts";
import type { DocumentContext } from "../openapi/context.ts";
import type { Rendering, RenderingLimits, Renderings } from "../renderings.ts";
import { withText } from "./html.ts";
import { credentialFor } from "./snippets/credential.ts";
import { exampleCall } from "./snippets/example-call.ts";
import type { ExampleCall } from "./snippets/snippet.ts";
import { toolSections, type ToolSections } from "./tool-sections.ts";

/** What the page tells of one server. */
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
  readonly tools: ToolSections;
  /** Why custom GPTs could not use the document made for them; none when they can. */
  readonly gptProblems: readonly string[];
}

/** The part of an overview that takes long, with a stand-in for the address at which its reader found us. */
export interface KeptOverview extends Rendering {
  readonly server: ListedServer;
}

/** As many as there are servers, views of their tools, two paths of the page and two schemes of its address. */
export const KEPT_OVERVIEWS: RenderingLimits = { entries: 2_000, bytes: 48 * 1024 * 1024, isFirstFree: true };

interface UnlistedServer {
  readonly kind: "unlisted";
  readonly name: string;
  readonly why: string;
  readonly isStarting: boolean;
}

/** A person does not wait for the slowest server; its section fills in by itself when it is there. */
const PATIENCE_MS = 2_000;
/** When only that server is asked for. */
const LONG_PATIENCE_MS = 10_000;
const STARTING = "It is still starting; this fills in by itself. Without JavaScript, load the page again.";

interface Sources extends Pick<DocumentContext, "catalog" | "visibility" | "documents"> {
  readonly kept: Renderings<KeptOverview>;
  readonly principal: Principal;
}

export interface OverviewPlace {
  readonly root: string;
  readonly baseUrl: string;
  /** The one server to tell of; all of them when there is none. */
  readonly only?: string | undefined;
}

export function overviewOf(context: Sources, place: OverviewPlace): Promise<readonly ServerOverview[]> {
  const { only } = place;
  // The index is that of all servers that the reader sees: it is in the ids of their sections.
  const asked = [...context.visibility.servers(context.principal).entries()].filter(
    ([, name]) => only === undefined || only === name,
  );
  return Promise.all(asked.map(([index, name]) => serverOverview(name, index, context, place)));
}

async function serverOverview(
  name: string,
  index: number,
  context: Sources,
  { root, baseUrl, only }: OverviewPlace,
): Promise<ServerOverview> {
  try {
    const patienceMs = only === undefined ? PATIENCE_MS : LONG_PATIENCE_MS;
    const whole = await withPatience(context.catalog.list(name), patienceMs);
    if (whole === undefined) return { kind: "unlisted", name, why: STARTING, isStarting: true };
    const address = baseUrl.startsWith("https://") ? "https://address.invalid" : "http://address.invalid";
    const { list, key: view } = context.visibility.tools(context.principal, whole);
    const key = `${index} ${root} ${address} ${view}`;
    const { server } = context.kept.take(key, [whole], () => {
      const made = listed(list, index, context, { root, baseUrl: address });
      return { server: made, bytes: String(made.tools.sections).length + String(made.tools.links).length };
    });
    const { tools, gptProblems } = server;
    return {
      ...server,
      tools: { ...tools, sections: withText(tools.sections, address, baseUrl) },
      gptProblems: gptProblems.map((problem) => problem.replaceAll(address, () => baseUrl)),
    };
  } catch (thrown) {
    // The session's own events have told the log the cause.
    return { kind: "unlisted", name, why: toGatewayError(thrown).message, isStarting: false };
  }
}

async function withPatience(asked: Promise<ToolList>, patienceMs: number): Promise<ToolList | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
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
    tools: toolSections(tools, { root, baseUrl, index, credential: credentialFor(documents.security) }),
    gptProblems: lintForGpt(document),
  };
}

import { member, type JsonObject } from "../lib/json.ts";
import { clip, someText } from "../lib/text.ts";
import { LEGACY_REVISIONS, NEWEST_LEGACY_REVISION, revisionIn } from "../protocol/eras/revisions.ts";
import type { ToolList } from "../protocol/tool.ts";
import type { Selection } from "./selection.ts";

/** Characters of what one server says of itself. */
const MAX_INSTRUCTIONS = 16 * 1024;

export interface Introduction {
  /** The name and the version of the endpoint. */
  readonly serverInfo: JsonObject;
  readonly selection: Selection;
  /** Those that are known, and that the client may know of. */
  readonly lists: readonly ToolList[];
  /** Whether what every server offers is known. */
  readonly isComplete: boolean;
}

/** The result of `initialize` (MCP, lifecycle), from what is known of the servers. */
export function introduction(params: JsonObject | undefined, about: Introduction): JsonObject {
  const asked = revisionIn(params);
  const isKnown = asked !== undefined && LEGACY_REVISIONS.includes(asked);
  const instructions = instructionsOf(about.lists);
  return {
    protocolVersion: isKnown ? asked : NEWEST_LEGACY_REVISION,
    capabilities: capabilitiesOf(about),
    serverInfo: about.serverInfo,
    ...(instructions !== "" && { instructions }),
  };
}

/** What some server has. While one of them is unknown, it may have anything. */
function capabilitiesOf({ lists, isComplete, selection: { offers } }: Introduction): JsonObject {
  const all = lists.map(({ initializeResult }) => initializeResult["capabilities"]);
  const has = (...path: readonly string[]): boolean =>
    !isComplete || all.some((one) => path.reduce<unknown>(member, one) !== undefined);
  const canSubscribe = !isComplete || all.some((one) => member(member(one, "resources"), "subscribe") === true);
  return {
    ...(offers.tools && { tools: { listChanged: true } }),
    ...(offers.prompts && has("prompts") && { prompts: { listChanged: true } }),
    ...(offers.resources && has("resources") && { resources: { subscribe: canSubscribe, listChanged: true } }),
    ...((offers.prompts || offers.resources) && has("completions") && { completions: {} }),
    ...(has("logging") && { logging: {} }),
  };
}

function instructionsOf(lists: readonly ToolList[]): string {
  const sections = lists.flatMap(({ server, initializeResult }) => {
    const text = someText(initializeResult["instructions"]);
    return text === undefined ? [] : `## ${server}\n\n${clip(text, MAX_INSTRUCTIONS)}`;
  });
  return sections.join("\n\n");
}

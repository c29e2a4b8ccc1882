import type { Tool } from "../protocol/tool.ts";
import { isChosen } from "./server-tools.ts";
import { CHARACTERS_PER_SERVER, budget, warningsAbout } from "./limits.ts";
import type { Operation } from "./oas.ts";
import { type OperationOptions, toolOperation } from "./operation.ts";
import { operationIds } from "./operation-id.ts";
import type { DocumentOptions } from "./options.ts";
import { toolPath } from "./path.ts";
import { type Profile, PROFILES, sessionParameterFor } from "./profiles.ts";
import { quoted } from "../lib/text.ts";
import { type ToolSchemas, toolSchemas } from "./tool-schemas.ts";

/** One tool as described in the document. */
export interface Entry {
  readonly path: string;
  readonly operation: Operation;
  readonly components: ToolSchemas["components"];
}

/** The entries for `tools`, in order. */
export function describeTools(tools: readonly Tool[], options: DocumentOptions, warnings: string[]): readonly Entry[] {
  const ids = operationIds(tools);
  const names = new Set(["calltoolresult", "problem"]);
  const budgets = new Map(tools.map(({ server }) => [server, budget(CHARACTERS_PER_SERVER)]));
  return [...pathsOf(tools, options, warnings)].map(([path, tool]) => {
    const operationId = ids.get(tool) ?? "";
    const profile = profileFor(path, options);
    const { components, ...schemas } = toolSchemas(tool, {
      version: options.version,
      profile,
      operationId,
      names,
      warn: warningsAbout(subject(tool), warnings),
      charge: budgets.get(tool.server) ?? budget(0),
    });
    return {
      path,
      operation: toolOperation(tool, schemas, { operationId, profile, ...operationOptions(tool, options) }),
      components,
    };
  });
}

/** The selected tools that can be called, by path. Ids are assigned to all tools, so that a selection does not change any id. */
function pathsOf(tools: readonly Tool[], options: DocumentOptions, warnings: string[]): ReadonlyMap<string, Tool> {
  const chosen = tools.filter((tool) => isChosen(tool, options.tools));
  for (const pattern of options.tools ?? []) {
    if (!chosen.some((tool) => isChosen(tool, [pattern]))) warnings.push(`no tool matches ${quoted(pattern)}`);
  }
  const paths = new Map<string, Tool>();
  for (const tool of chosen) {
    const path = toolPath(options.layout, tool.server, tool.name);
    if (path === undefined) warnings.push(`${subject(tool)}: left out: no URL can carry its name`);
    else if (paths.has(path)) warnings.push(`${subject(tool)}: left out: another tool has its path`);
    else if (needsTasks(tool, options)) warnings.push(`${subject(tool)}: left out: it only runs as a task`);
    else paths.set(path, tool);
  }
  return paths;
}

function needsTasks(tool: Tool, { profile }: DocumentOptions): boolean {
  return tool.taskSupport === "required" && !PROFILES[profile].knowsTasks;
}

function subject(tool: Tool): string {
  return `${tool.server}/${quoted(tool.name)}`;
}

/**
 * Operations whose path needs percent-encoding are written without references: common resolvers decode pointers through such a
 * key twice, then see `{…}` in the path and report a missing parameter.
 */
function profileFor(path: string, { profile }: DocumentOptions): Profile {
  return path.includes("%") && !PROFILES[profile].isInlined
    ? { ...PROFILES[profile], isInlined: true, responses: "short" }
    : PROFILES[profile];
}

function operationOptions(tool: Tool, options: DocumentOptions): Omit<OperationOptions, "operationId" | "profile"> {
  const isConsequential = tool.annotations?.["readOnlyHint"] !== true;
  return {
    sessionParameter: sessionParameterFor(options.profile, options.sessionParameter),
    accept: options.accept,
    ...(options.profile === "gpt" ? { isConsequential } : {}),
  };
}

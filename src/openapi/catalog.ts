import { isObject } from "../lib/json.ts";
import { matchesGlob } from "./glob.ts";
import { copyJson, isJsonObject, type JsonObject } from "./json.ts";
import { DATA_LEVELS, TOOLS_PER_SERVER, type Warn } from "./limits.ts";
import { quoted, someText } from "./text.ts";

/** A server and what it listed. The name is ours; every other field is a stranger's word and may be anything. */
export interface ServerTools {
  readonly name: string;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly version?: unknown;
  readonly instructions?: unknown;
  readonly tools: readonly unknown[];
}

/** One listed tool, read: only the schemas are still the stranger's. */
export interface Tool {
  readonly server: string;
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly inputSchema: unknown;
  readonly outputSchema: unknown;
  readonly annotations: JsonObject | undefined;
  readonly taskSupport: "forbidden" | "optional" | "required";
}

/** The tools of one server, ordered by name so that two dumps of the same catalog compare equal. */
export function readTools(server: ServerTools, warn: Warn): readonly Tool[] {
  const all: readonly unknown[] = Array.isArray(server.tools) ? server.tools : [];
  const listed = all.slice(0, TOOLS_PER_SERVER);
  if (listed.length < all.length) warn(`only the first ${TOOLS_PER_SERVER} tools are described`);
  const tools = new Map<string, Tool>();
  for (const raw of listed) {
    const tool = readTool(server.name, raw);
    if (tool === undefined) warn("a tool without a name was left out");
    else if (tools.has(tool.name)) warn(`the second tool named ${quoted(tool.name)} was left out`);
    else tools.set(tool.name, tool);
  }
  return [...tools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether any pattern names the tool, as `tool` or as `server:tool`. */
export function isChosen(tool: Tool, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true;
  const full = `${tool.server}:${tool.name}`;
  return patterns.some((pattern) => matchesGlob(pattern, tool.name) || matchesGlob(pattern, full));
}

function readTool(server: string, raw: unknown): Tool | undefined {
  if (!isObject(raw) || typeof raw["name"] !== "string" || raw["name"] === "") return undefined;
  const annotations = copyJson(raw["annotations"], DATA_LEVELS);
  const execution = isObject(raw["execution"]) ? raw["execution"]["taskSupport"] : undefined;
  return {
    server,
    name: raw["name"],
    title: someText(raw["title"]) ?? (isJsonObject(annotations) ? someText(annotations["title"]) : undefined),
    description: someText(raw["description"]),
    inputSchema: raw["inputSchema"],
    outputSchema: raw["outputSchema"],
    annotations: isJsonObject(annotations) ? annotations : undefined,
    taskSupport: execution === "required" || execution === "optional" ? execution : "forbidden",
  };
}

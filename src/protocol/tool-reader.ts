import { isObject, member, type JsonObject } from "../lib/json.ts";
import { quoted, someText } from "../lib/text.ts";
import { warnOnce, type Warn } from "../lib/warnings.ts";
import type { Tool, Tools } from "./tool.ts";

/** Reads the pages of one server's `tools/list`. Invalid tools and duplicate names are left out. */
export class ToolReader {
  readonly #server: string;
  readonly #tools = new Map<string, Tool>();
  readonly #warnings: string[] = [];
  /** Records why a tool is missing; each reason once. */
  readonly warn: Warn = warnOnce((message) => this.#warnings.push(message));

  constructor(server: string) {
    this.#server = server;
  }

  get tools(): Tools {
    return this.#tools;
  }

  get size(): number {
    return this.#tools.size;
  }

  /** Why tools were left out. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Adds the tools of one page. */
  read({ tools }: JsonObject): void {
    if (!Array.isArray(tools)) return this.warn('a result of tools/list without a "tools" list was left out');
    for (const listed of tools as readonly unknown[]) this.#add(listed);
  }

  #add(listed: unknown): void {
    const tool = toolOf(this.#server, listed);
    if (tool === undefined) this.warn("a tool without a name was left out");
    else if (this.#tools.has(tool.name)) this.warn(`the second tool named ${quoted(tool.name)} was left out`);
    else this.#tools.set(tool.name, tool);
  }
}

function toolOf(server: string, entry: unknown): Tool | undefined {
  const name = member(entry, "name");
  if (!isObject(entry) || typeof name !== "string" || name === "") return undefined;
  const listed = writable(name, entry);
  const { title, description, inputSchema, outputSchema, annotations, execution } = listed;
  const support = member(execution, "taskSupport");
  return {
    server,
    name,
    title: someText(title) ?? someText(member(annotations, "title")),
    description: someText(description),
    inputSchema,
    outputSchema,
    annotations: isObject(annotations) ? annotations : undefined,
    taskSupport: support === "required" || support === "optional" ? support : "forbidden",
    listed,
  };
}

/** An entry nested too deep to be serialised is useless to every caller; only its name is kept. */
function writable(name: string, listed: JsonObject): JsonObject {
  try {
    JSON.stringify(listed);
    return listed;
  } catch {
    return { name, description: "Its description is nested too deeply to be shown.", inputSchema: { type: "object" } };
  }
}

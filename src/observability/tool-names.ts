import { isObject, member } from "../lib/json.ts";
import { byteLength, type Line } from "../lib/lines.ts";

const NAMES_PER_SERVER = 200;
const NAME_LENGTH = 128;
/** A longer list is not read again for its names only. */
const LIST_BYTES = 256 * 1024;
const OTHER = "other";

interface ServerTools {
  readonly names: Set<string>;
  isListed: boolean;
}

/**
 * The tool names that may be the value of a label: those that the server lists, at most 200 of each server. A name in a call is
 * any text, so unknown ones are counted together as `other`. Of a server whose list has not been seen, the names of successful calls
 * are taken.
 */
export class ToolNames {
  readonly #of = new Map<string, ServerTools>();

  /** Reads the result of `tools/list`, or one page of it. */
  listed(server: string, line: Line): void {
    const tools = this.#tools(server);
    if (tools.names.size >= NAMES_PER_SERVER || byteLength(line) > LIST_BYTES) return;
    tools.isListed = true;
    for (const name of namesIn(line)) add(tools, name);
  }

  label(server: string, tool: string | undefined, succeeded: boolean): string {
    if (tool === undefined) return OTHER;
    const tools = this.#tools(server);
    if (tools.names.has(tool)) return tool;
    if (succeeded && !tools.isListed) add(tools, tool);
    return tools.names.has(tool) ? tool : OTHER;
  }

  #tools(server: string): ServerTools {
    const known = this.#of.get(server);
    if (known !== undefined) return known;
    const tools = { names: new Set<string>(), isListed: false };
    this.#of.set(server, tools);
    return tools;
  }
}

function add({ names }: ServerTools, name: string): void {
  if (names.size < NAMES_PER_SERVER && name.length <= NAME_LENGTH && name !== "") names.add(name);
}

function namesIn(line: Line): string[] {
  const tools = member(member(parsed(line), "result"), "tools");
  if (!Array.isArray(tools)) return [];
  const listed: readonly unknown[] = tools;
  return listed.flatMap((tool) => (isObject(tool) && typeof tool["name"] === "string" ? tool["name"] : []));
}

function parsed(line: Line): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    // Of a long line only the ends have been parsed: its middle may be anything.
    return undefined;
  }
}

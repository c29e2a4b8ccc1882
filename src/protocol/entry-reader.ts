import { isObject, member, type JsonObject } from "../lib/json.ts";
import { quoted } from "../lib/text.ts";
import { warnOnce, type Warn } from "../lib/warnings.ts";
import { methods } from "./methods.ts";
import type { EntryLists } from "./tool.ts";

/** A list of a server other than that of its tools (MCP 2025-11-25, server features: prompts, resources). */
export interface EntryKind {
  readonly key: keyof EntryLists;
  readonly method: string;
  /** The capability with which a server declares that it has such a list. */
  readonly capability: string;
  /** The member that tells entries apart. */
  readonly id: string;
  /** In messages to the operator. */
  readonly noun: string;
}

export const entryKinds: readonly EntryKind[] = [
  { key: "prompts", method: methods.listPrompts, capability: "prompts", id: "name", noun: "prompts" },
  { key: "resources", method: methods.listResources, capability: "resources", id: "uri", noun: "resources" },
  {
    key: "resourceTemplates",
    method: methods.listTemplates,
    capability: "resources",
    id: "uriTemplate",
    noun: "resource templates",
  },
];

export const noEntries: EntryLists = { prompts: [], resources: [], resourceTemplates: [] };

/** Reads the pages of such a list. Invalid entries and duplicates are left out. */
export class EntryReader {
  readonly #kind: EntryKind;
  readonly #entries = new Map<string, JsonObject>();
  readonly #warnings: string[] = [];
  /** Records why an entry is missing; each reason once. */
  readonly warn: Warn = warnOnce((message) => this.#warnings.push(message));

  constructor(kind: EntryKind) {
    this.#kind = kind;
  }

  get size(): number {
    return this.#entries.size;
  }

  get entries(): readonly JsonObject[] {
    return [...this.#entries.values()];
  }

  /** Why entries were left out. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Adds the entries of one page. */
  read(page: JsonObject): void {
    const { key, method } = this.#kind;
    const entries = page[key];
    if (!Array.isArray(entries)) return this.warn(`a result of ${method} without a "${key}" list was left out`);
    for (const entry of entries as readonly unknown[]) this.#add(entry);
  }

  #add(entry: unknown): void {
    const { id, noun } = this.#kind;
    const value = member(entry, id);
    if (!isObject(entry) || typeof value !== "string" || value === "")
      return this.warn(`an entry of ${noun} without "${id}" was left out`);
    if (this.#entries.has(value))
      return this.warn(`the second of the ${noun} with "${id}" ${quoted(value)} was left out`);
    if (!isWritable(entry)) return this.warn(`${quoted(value)}, which is nested too deeply, was left out`);
    this.#entries.set(value, entry);
  }
}

function isWritable(entry: JsonObject): boolean {
  try {
    JSON.stringify(entry);
    return true;
  } catch {
    return false;
  }
}

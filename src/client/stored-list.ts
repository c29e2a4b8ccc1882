import { isObject, member, type JsonObject } from "../lib/json.ts";
import { EntryReader, entryKinds, noEntries } from "../protocol/entry-reader.ts";
import { ToolReader } from "../protocol/tool-reader.ts";
import type { EntryLists, ToolList } from "../protocol/tool.ts";

/** Of the form below. */
const VERSION = 1;

/** A list as the text of a file. */
export function storedList({ server, initializeResult, tools, ...lists }: ToolList): string {
  const listed = Array.from(tools.values(), (tool) => tool.listed);
  return JSON.stringify({ version: VERSION, server, initializeResult, tools: listed, ...lists });
}

/** The list in such a file, read as if the server had sent it; undefined when it is something else. */
export function readStoredList(server: string, stored: unknown): ToolList | undefined {
  const initializeResult = member(stored, "initializeResult");
  if (!isObject(stored) || member(stored, "version") !== VERSION || member(stored, "server") !== server)
    return undefined;
  if (!isObject(initializeResult)) return undefined;
  const reader = new ToolReader(server);
  reader.read(stored);
  return { server, initializeResult, tools: reader.tools, ...entriesIn(stored) };
}

function entriesIn(stored: JsonObject): EntryLists {
  return entryKinds.reduce((lists, kind) => {
    const reader = new EntryReader(kind);
    reader.read(stored);
    return { ...lists, [kind.key]: reader.entries };
  }, noEntries);
}

import { member, type JsonObject } from "../lib/json.ts";
import { byteLength } from "../lib/lines.ts";
import { EntryReader, entryKinds, noEntries } from "../protocol/entry-reader.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import { resultOf } from "../protocol/result-text.ts";
import { ToolReader } from "../protocol/tool-reader.ts";
import type { EntryLists, ToolList } from "../protocol/tool.ts";

/** A connection that can be asked on the session's own account. */
export interface ListingLink {
  readonly server: string;
  /** Resolves with the result of `initialize`. */
  ready(): Promise<JsonObject>;
  ask(method: string, params: JsonObject): Promise<ResponseFrame>;
}

interface PageReader {
  readonly size: number;
  read(result: JsonObject): void;
}

const MAX_PAGES = 50;
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** What a server lists for one session. Rejects when its tools cannot be listed. */
export async function listThrough(link: ListingLink): Promise<ToolList> {
  const { server } = link;
  const initializeResult = await link.ready();
  const has = (capability: string): boolean => member(initializeResult["capabilities"], capability) !== undefined;
  const tools = new ToolReader(server);
  if (has("tools")) await readPages(link, methods.listTools, tools);
  const read = entryKinds
    .filter(({ capability }) => has(capability))
    .map(async (kind) => {
      const reader = new EntryReader(kind);
      // Templates have no capability of their own (MCP 2025-11-25, resources), and the tools are there in any case.
      await readPages(link, kind.method, reader).catch(() => undefined);
      return { [kind.key]: reader.entries };
    });
  const lists = (await Promise.all(read)).reduce<EntryLists>((all, one) => ({ ...all, ...one }), noEntries);
  return { server, initializeResult, tools: tools.tools, ...lists };
}

/** All pages, unless the list is endless (MCP 2025-11-25, server utilities, pagination). */
async function readPages(link: ListingLink, method: string, reader: PageReader): Promise<void> {
  const cursors = new Set<unknown>();
  let cursor: unknown;
  let bytes = 0;
  do {
    cursors.add(cursor);
    const answer = await link.ask(method, cursor === undefined ? {} : { cursor });
    if (answer.failed) throw new Error(`the server answered ${method} with an error`);
    bytes += byteLength(answer.line);
    const result = resultOf(answer.line);
    reader.read(result);
    cursor = result["nextCursor"];
  } while (
    typeof cursor === "string" &&
    !cursors.has(cursor) &&
    cursors.size < MAX_PAGES &&
    reader.size < MAX_ENTRIES &&
    bytes < MAX_BYTES
  );
}

import type { JsonObject } from "../lib/json.ts";
import { Pieces } from "../lib/pieces.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import { encodeId, rpcErrorLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Entries, NameTable } from "./table.ts";

/** The lists that an endpoint in front of several servers answers with itself. */
export type ListKind = "tools" | "prompts" | "resources" | "resourceTemplates";

export const LISTS: ReadonlyMap<string, ListKind> = new Map([
  [methods.listTools, "tools"],
  [methods.listPrompts, "prompts"],
  [methods.listResources, "resources"],
  [methods.listTemplates, "resourceTemplates"],
]);

export const LIST_KINDS: readonly ListKind[] = [...LISTS.values()];

/** A page has at most so many entries, and ends with the one that makes it longer than this. Most clients read one page only. */
const PAGE_ENTRIES = 2_000;
const PAGE_LENGTH = 4 * 1024 * 1024;
/** A longer text is sent as bytes, which are the same for every answer. */
const LONG_TEXT = 16 * 1024;

/** The texts of one table's lists, each made once: an answer is such a text with the id in front. */
export class Listings {
  readonly #table: NameTable;
  readonly #pages = new Map<string, string | Buffer>();
  /** Where the kept pages begin. A cursor that somebody makes up may lead between them, to a page that is not kept. */
  readonly #starts = new Set<string>();
  readonly #texts = new Map<ListKind, string>();

  constructor(table: NameTable) {
    this.#table = table;
  }

  /** A page of the list, or the error for a cursor that is none of it. */
  answer(kind: ListKind, id: RequestId, params: JsonObject | undefined): ResponseFrame {
    const cursor = params?.["cursor"];
    const first = cursor === undefined ? 0 : startOf(kind, cursor, this.#table[kind]);
    if (first === undefined)
      return { kind: "response", id, failed: true, line: rpcErrorLine(id, -32602, "Invalid cursor") };
    const result = this.#page(kind, first);
    const head = `{"jsonrpc":"2.0","id":${encodeId(id)},"result":`;
    if (typeof result === "string") return { kind: "response", id, failed: false, line: `${head}${result}}` };
    return { kind: "response", id, failed: false, line: new Pieces([Buffer.from(head), result, CLOSING]) };
  }

  /** The whole list as one text, to compare it with another. */
  textOf(kind: ListKind): string {
    const known = this.#texts.get(kind);
    if (known !== undefined) return known;
    const text = JSON.stringify([...this.#table[kind].values()].map(({ listed }) => listed));
    this.#texts.set(kind, text);
    return text;
  }

  #page(kind: ListKind, first: number): string | Buffer {
    const key = `${kind} ${first}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const { text, next } = pageOf(kind, this.#table[kind], first);
    const page = text.length > LONG_TEXT ? Buffer.from(text) : text;
    if (first > 0 && !this.#starts.has(key)) return page;
    this.#pages.set(key, page);
    this.#starts.add(`${kind} ${next}`);
    return page;
  }
}

const CLOSING = Buffer.from("}");

/** `next` is where the page after it begins. */
function pageOf(kind: ListKind, list: Entries, first: number): { readonly text: string; readonly next: number } {
  const entries = [...list.values()];
  const texts: string[] = [];
  let length = 0;
  let at = first;
  for (; at < entries.length && texts.length < PAGE_ENTRIES && length < PAGE_LENGTH; at++) {
    const text = JSON.stringify(entries[at]?.listed);
    texts.push(text);
    length += text.length;
  }
  const next = entries[at];
  const cursor = next === undefined ? "" : `,"nextCursor":${JSON.stringify(cursorOf(kind, next.publicName))}`;
  return { text: `{"${kind}":[${texts.join(",")}]${cursor}}`, next: at };
}

/** Says which list it belongs to and where that goes on, so that a list that has grown meanwhile is no obstacle. */
const cursorOf = (kind: ListKind, next: string): string => Buffer.from(`${kind}\n${next}`).toString("base64url");

/** Where the list goes on; undefined for a cursor of another list, or of an entry that has gone. */
function startOf(kind: ListKind, cursor: unknown, list: Entries): number | undefined {
  if (typeof cursor !== "string") return undefined;
  const [of, ...rest] = Buffer.from(cursor, "base64url").toString().split("\n");
  const next = rest.join("\n");
  if (of !== kind || !list.has(next)) return undefined;
  return [...list.keys()].indexOf(next);
}

import { isScalar, isSeq, type Document, type Pair, type YAMLMap } from "yaml";
import type { OffsetProblem } from "./document-problems.ts";
import { nameOf, pairOf, placeOf, resolved, textOf, valueOf } from "./map-items.ts";
import { CLIENT_KEYS, REMOTE_TYPES, TOOL_FILTERS, UNKNOWN_TYPES, URL_KEYS } from "./pasted-keys.ts";

export interface EntryVerdict {
  readonly isDisabled: boolean;
  readonly notes: readonly EntryNote[];
  readonly problems: readonly EntryProblem[];
}

interface EntryNote extends OffsetProblem {
  readonly level: "info";
}

interface EntryProblem extends OffsetProblem {
  /** The whole entry is of an unsupported kind, so its other keys need no message. */
  readonly isWhole?: boolean;
}

/** Converts an entry in the format of MCP clients to ours, in place. `at` is its path, such as `servers.git`. */
export function adaptEntry(at: string, entry: YAMLMap, document: Document): EntryVerdict {
  const off = disablingPair(entry, document);
  if (off !== undefined)
    return { isDisabled: true, notes: [note(`${at} is disabled and is ignored`, off.key)], problems: [] };
  const remote = remoteVerdict(at, entry, document);
  if (remote.problems.length > 0) return { isDisabled: false, ...remote };
  const folder = folderVerdict(at, entry);
  const notes = [...remote.notes, ...folder.notes];
  const problems = [...folder.problems, ...commandProblems(at, entry, document)];
  entry.items = entry.items.filter((pair) => {
    const name = nameOf(pair);
    const value = resolved(pair.value, document);
    if (CLIENT_KEYS.has(name)) notes.push(note(`${at}.${name} is a client setting and is ignored`, pair.key));
    else if (TOOL_FILTERS.has(name) && !hidesNoTool(name, value)) problems.push(filter(at, name, pair.key));
    else if (name === "envFile") problems.push(envFile(at, pair.key));
    else return !TOOL_FILTERS.has(name) && !statesDefault(name, isScalar(value) ? value.value : undefined);
    return false;
  });
  return { isDisabled: false, notes, problems };
}

function disablingPair(entry: YAMLMap, document: Document): Pair | undefined {
  if (valueOf(entry, "disabled", document) === true) return pairOf(entry, "disabled");
  return valueOf(entry, "enabled", document) === false ? pairOf(entry, "enabled") : undefined;
}

function remoteVerdict(at: string, entry: YAMLMap, document: Document): Pick<EntryVerdict, "notes" | "problems"> {
  const url = URL_KEYS.map((key) => pairOf(entry, key)).find((one) => one !== undefined);
  const typeKey = ["type", "transport", "transportType"].find((key) => textOf(entry, key, document) !== undefined);
  const type = typeKey === undefined ? undefined : textOf(entry, typeKey, document);
  const ours = type === "remote" ? undefined : REMOTE_TYPES.get(type ?? "");
  if (url === undefined && ours === undefined) return { notes: [], problems: [] };
  const place = url ?? (typeKey === undefined ? undefined : pairOf(entry, typeKey));
  if (place === undefined) return { notes: [], problems: [] };
  const offset = placeOf(place.key);
  if (type !== undefined && UNKNOWN_TYPES.has(type))
    return {
      notes: [],
      problems: [{ message: `${at}: servers over ${type} are not supported`, offset, isWhole: true }],
    };
  if (pairOf(entry, "command") !== undefined && ours === undefined) {
    const message = `${at}: has both a command and a ${nameOf(place)}: keep the one that is meant`;
    return { notes: [], problems: [{ message, offset, isWhole: true }] };
  }
  return { notes: asRemote(at, entry, { url, typeKey, ours }, document), problems: [] };
}

interface RemoteKeys {
  readonly url: Pair | undefined;
  readonly typeKey: string | undefined;
  /** Our name of its type. */
  readonly ours: string | undefined;
}

/** Writes the type as we do. Without one, the client finds out (MCP 2025-11-25, transports, backwards compatibility). */
function asRemote(at: string, entry: YAMLMap, { url, typeKey, ours }: RemoteKeys, document: Document): EntryNote[] {
  const notes: EntryNote[] = [];
  if (url !== undefined && isScalar(url.key) && nameOf(url) !== "url") {
    notes.push(note(`${at}.${nameOf(url)} is read as url`, url.key));
    // Gemini's spelling says which of the two transports it is.
    const isPlain = nameOf(url) === "httpUrl" && ours === undefined;
    url.key.value = "url";
    if (isPlain) entry.items.unshift(document.createPair("type", "streamable-http"));
    if (isPlain) return notes;
  }
  if (typeKey !== undefined) entry.items = entry.items.filter((pair) => nameOf(pair) !== typeKey);
  if (ours === undefined && pairOf(entry, "fallback") === undefined)
    entry.items.push(document.createPair("fallback", true));
  entry.items.unshift(document.createPair("type", ours ?? "streamable-http"));
  return notes;
}

function folderVerdict(at: string, entry: YAMLMap): Pick<EntryVerdict, "notes" | "problems"> {
  const pair = pairOf(entry, "cwd");
  if (pair === undefined || !isScalar(pair.key)) return { notes: [], problems: [] };
  if (pairOf(entry, "path") === undefined) {
    pair.key.value = "path";
    return { notes: [note(`${at}.cwd is read as path`, pair.key)], problems: [] };
  }
  entry.items = entry.items.filter((item) => item !== pair);
  return {
    notes: [],
    problems: [{ message: `${at}: cwd and path mean the same: keep path`, offset: placeOf(pair.key) }],
  };
}

/** The command is run without a shell, so spaces in it are part of the program's name. */
function commandProblems(at: string, entry: YAMLMap, document: Document): OffsetProblem[] {
  const pair = pairOf(entry, "command");
  const node = resolved(pair?.value, document);
  if (pair !== undefined && isSeq(node)) {
    const message = `${at}.command: must be one program; put the words after it into args`;
    pair.value = document.createNode("-");
    return [{ message, offset: placeOf(node) }];
  }
  const [first = "", second] = (textOf(entry, "command", document) ?? "").trim().split(/\s+/);
  if (second === undefined) return [];
  // `/opt/My Tools/server` is a program; `/opt/server --port 1` is not.
  if (/[/\\]/.test(first) && !/\s-/.test(textOf(entry, "command", document) ?? "")) return [];
  const program = /^[\w./-]{1,60}$/.test(first) ? first : "…";
  const message =
    `${at}.command: must be the program alone, because no shell splits it: ` +
    `command: ${program}, and each of the other words as an element of args`;
  return [{ message, offset: placeOf(node) }];
}

/** Whether a key only states the default, such as `disabled: false` or the transport `stdio`. */
function statesDefault(name: string, value: unknown): boolean {
  if (name === "disabled") return value === false;
  if (name === "enabled") return value === true;
  if (name === "type") return value === "local";
  return (name === "transport" || name === "transportType") && value === "stdio";
}

/** Whether a tool filter hides no tool. */
function hidesNoTool(name: string, value: unknown): boolean {
  if (!isSeq(value)) return false;
  if (name === "disabledTools" || name === "excludeTools") return value.items.length === 0;
  return value.items.some((item) => isScalar(item) && item.value === "*");
}

const note = (message: string, node: unknown): EntryNote => ({ level: "info", message, offset: placeOf(node) });

const filter = (at: string, name: string, key: unknown): OffsetProblem => ({
  message: `${at}.${name}: tools cannot be hidden yet, so every caller would see all of them; remove the key if that is acceptable`,
  offset: placeOf(key),
});

const envFile = (at: string, key: unknown): OffsetProblem => ({
  message: `${at}.envFile: is not supported; list the variables under env, where \${NAME} inserts one of the gateway's own`,
  offset: placeOf(key),
});

import { Document, isMap, isScalar, LineCounter, parseDocument, YAMLMap, type Pair } from "yaml";
import { documentProblems, type OffsetProblem } from "../document-problems.ts";
import { adaptForeign } from "../foreign/foreign.ts";
import { configJsonSchema } from "../json-schema.ts";
import { parseConfig } from "../load.ts";
import { nameOf, pairOf, resolved } from "../map-items.ts";
import { adaptPasted, type OffsetNote } from "../pasted.ts";
import { ConfigError } from "../problems.ts";
import { keysAt } from "../schema-at.ts";
import { exceededLimit } from "../source-limits.ts";
import { inBlockStyle } from "./block-style.ts";
import { adaptClientFile } from "./client-file.ts";
import { withYamlComments } from "./comments.ts";
import { mergeInto } from "./merge.ts";
import { withoutAliases } from "./aliases.ts";

export interface ImportSource {
  readonly file: string;
  readonly text: string;
}

interface ImportRemark {
  /** A problem is something that the result does not have and its author has to decide on. */
  readonly level: "info" | "warn" | "problem";
  /** Begins with its location. */
  readonly text: string;
}

export interface ImportResult {
  /** One config with the servers of all files, and their comments. */
  readonly yaml: string;
  readonly remarks: readonly ImportRemark[];
}

/** Turns the files of other programs into one config of ours. Throws a ConfigError for a file that cannot be read at all. */
export function importFiles(sources: readonly ImportSource[]): ImportResult {
  const remarks: ImportRemark[] = [];
  const result = new Document();
  const root = new YAMLMap();
  result.contents = root;
  const schema = configJsonSchema();
  const known = { top: new Set(keysAt([], schema)), entry: new Set(keysAt(["servers", "any"], schema)) };
  for (const source of sources) {
    const read = readSource(source, known);
    remarks.push(...read.remarks);
    result.commentBefore = joined(result.commentBefore, read.comment);
    mergeInto(root, read.root, (message, node) =>
      remarks.push({ level: "warn", text: `${read.place(node?.range?.[0])} ${message}` }),
    );
  }
  inBlockStyle(result);
  const yaml = result.toString({ lineWidth: 0, flowCollectionPadding: false });
  return { yaml, remarks: [...remarks, ...remainingProblems(yaml)] };
}

interface KnownKeys {
  readonly top: ReadonlySet<string>;
  readonly entry: ReadonlySet<string>;
}

interface ReadSource {
  readonly root: YAMLMap;
  readonly comment: string | null;
  readonly remarks: ImportRemark[];
  readonly place: (offset: number | undefined) => string;
}

function readSource({ file, text }: ImportSource, known: KnownKeys): ReadSource {
  const exceeded = exceededLimit(text);
  if (exceeded !== undefined) throw new ConfigError(file, [{ message: exceeded }]);
  const lines = new LineCounter();
  const document = parseDocument(withYamlComments(text), { lineCounter: lines, prettyErrors: false });
  const place = (offset: number | undefined): string => {
    if (offset === undefined) return file;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const { fatal, others } = documentProblems(document);
  if (fatal.length > 0) throw unreadable(file, [...fatal, ...others], lines);
  if (!withoutAliases(document)) throw new ConfigError(file, [{ message: "its aliases cannot be resolved" }]);
  const foreign = adaptForeign(document);
  if (foreign.fatal.length > 0) throw unreadable(file, foreign.fatal, lines);
  const isForeign = foreign.notes.length > 0;
  const client = isForeign ? NOTHING : adaptClientFile(document, known.top);
  const pasted = adaptPasted(document);
  const root = resolved(document.contents, document);
  if (!isMap(root)) throw new ConfigError(file, [{ message: "has no keys: it is no config" }]);
  const left = leftOver(root, document, known.entry);
  const notes = [...foreign.notes, ...client.notes, ...pasted.notes];
  const problems = [...others, ...foreign.problems, ...client.problems, ...pasted.problems, ...left];
  return {
    root,
    comment: joined(document.commentBefore, root.commentBefore ?? null),
    place,
    remarks: [
      ...notes.map(({ level, message, offset }): ImportRemark => ({ level, text: `${place(offset)} ${message}` })),
      ...problems.map(({ message, offset }): ImportRemark => ({
        level: "problem",
        text: `${place(offset)} ${message}`,
      })),
    ],
  };
}

const NOTHING: { readonly notes: readonly OffsetNote[]; readonly problems: readonly OffsetProblem[] } = {
  notes: [],
  problems: [],
};

function unreadable(file: string, problems: readonly OffsetProblem[], lines: LineCounter): ConfigError {
  return new ConfigError(
    file,
    problems.map(({ message, offset }) => {
      if (offset === undefined) return { message };
      const { line, col } = lines.linePos(offset);
      return { message, position: { line, column: col } };
    }),
  );
}

/** Removes entries that could not be read, and keys of entries that only other programs know. */
function leftOver(root: YAMLMap, document: Document.Parsed, known: ReadonlySet<string>): OffsetProblem[] {
  const servers = resolved(pairOf(root, "servers")?.value, document);
  if (!isMap(servers)) return [];
  servers.items = servers.items.filter((pair) => !isPlaceholder(pair));
  return servers.items.flatMap((pair) => {
    const entry = resolved(pair.value, document);
    if (!isMap(entry)) return [];
    const unknown = entry.items.filter((item) => !known.has(nameOf(item)));
    entry.items = entry.items.filter((item) => !unknown.includes(item));
    return unknown.map((item) => ({
      message: `servers.${nameOf(pair)}.${nameOf(item)} has no counterpart here and is left out`,
      offset: isScalar(item.key) ? item.key.range?.[0] : undefined,
    }));
  });
}

/** What adaptPasted leaves of an entry that was reported as a whole. */
function isPlaceholder({ value }: Pair): boolean {
  if (!isMap(value) || value.range !== undefined) return false;
  const command = pairOf(value, "command")?.value;
  return isScalar(command) && command.value === "-";
}

/** What is wrong with the result, apart from variables and files that may be elsewhere. */
function remainingProblems(yaml: string): ImportRemark[] {
  try {
    parseConfig("the result", yaml, {});
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems
      .filter(({ message }) => !/^the (?:environment variable|file) /.test(message))
      .map(({ message, position }) => {
        const at = position === undefined ? "" : `:${position.line}:${position.column}`;
        return { level: "problem", text: `the result${at} ${message}` };
      });
  }
}

function joined(one: string | null, other: string | null): string | null {
  return one === null || other === null ? (one ?? other) : `${one}\n${other}`;
}

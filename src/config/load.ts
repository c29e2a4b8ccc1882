import { readFileSync } from "node:fs";
import { LineCounter, parseDocument, type Document } from "yaml";
import { interpolate } from "./interpolate.ts";
import { findNode } from "./node-at.ts";
import { ConfigError, type Position, type Problem } from "./problems.ts";
import { configSchema, type Config } from "./schema.ts";
import { isSecretPath } from "./secret-names.ts";
import { schemaProblems } from "./schema-problems.ts";
import { secretsOf } from "./secrets.ts";

export interface LoadedConfig {
  readonly config: Config;
  readonly file: string;
  /** Every value that must not appear in a log. */
  readonly secrets: readonly string[];
}

const MAX_BYTES = 1_048_576;
const MAX_NESTING = 100;

/** Reads, fills in and checks a config file; throws a ConfigError with all its mistakes. */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): LoadedConfig {
  return parseConfig(file, readConfig(file), env);
}

export function parseConfig(file: string, source: string, env: NodeJS.ProcessEnv): LoadedConfig {
  refuseExtremes(file, source);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number, isSecret: boolean): Position => positionAt(source, lines, offset, isSecret);
  // A warning is a mistake too: an unknown tag, for one, would silently change a value.
  const broken = [...document.errors, ...document.warnings];
  // No frame: in a file that does not parse nobody can tell where a secret begins.
  const syntax = broken.map(({ message, pos }) => ({
    message,
    position: { ...place(pos[0], false), frame: undefined },
  }));
  if (syntax.length > 0) throw new ConfigError(file, syntax);
  const { secrets, problems } = interpolate(document, env);
  const unfilled = problems.map(({ offset, message }) => ({ message, position: place(offset, true) }));
  const value: unknown = document.toJS();
  const result = configSchema.safeParse(value ?? {});
  if (!result.success || unfilled.length > 0) {
    const issues = result.success ? [] : schemaProblems(result.error);
    throw new ConfigError(file, [...unfilled, ...issues.map((issue) => located(issue, document, place))]);
  }
  return { config: deepFreeze(result.data), file, secrets: [...secrets, ...secretsOf(value)] };
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch {
    throw new ConfigError(file, [{ message: "cannot be read; is the path right, and may this user read it?" }]);
  }
}

/** The parser is recursive: what would exhaust it is refused before it runs. */
function refuseExtremes(file: string, source: string): void {
  const problem = extreme(source);
  if (problem !== undefined) throw new ConfigError(file, [{ message: problem }]);
}

function extreme(source: string): string | undefined {
  if (source.length > MAX_BYTES) return `is larger than ${MAX_BYTES} bytes`;
  let depth = 0;
  for (const [mark] of source.matchAll(/[[\]{}]/g)) {
    depth += mark === "[" || mark === "{" ? 1 : -1;
    if (depth > MAX_NESTING) return `is nested more than ${MAX_NESTING} levels deep`;
  }
  const isDeep = /^ {400}/m.test(source) || /(?:[-?][ \t]+){50}/.test(source);
  return isDeep ? `is nested more than ${MAX_NESTING} levels deep` : undefined;
}

interface Issue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
  /** Point at the key itself, not at its value. */
  readonly atKey: boolean;
}

function located(
  { message, path, atKey }: Issue,
  document: Document,
  place: (offset: number, isSecret: boolean) => Position,
): Problem {
  const offset = findNode(document, path, atKey);
  return { message, position: offset === undefined ? undefined : place(offset, isSecretPath(path)) };
}

function positionAt(source: string, lines: LineCounter, offset: number, isSecret: boolean): Position {
  const { line, col } = lines.linePos(offset);
  const text = (source.split("\n")[line - 1] ?? "").trimEnd();
  const shown = isSecret ? text.replace(/^(\s*(?:- +)?(?:[\w."'-]+:(?= ))? *).*$/, "$1…") : text.slice(0, 160);
  const gutter = `  ${line} | `;
  return { line, column: col, frame: `${gutter}${shown}\n${" ".repeat(gutter.length + col - 1)}^` };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}

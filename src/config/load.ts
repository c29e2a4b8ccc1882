import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LineCounter, parseDocument, type Document } from "yaml";
import { policyRemarks } from "../access/policy/remarks.ts";
import { knownCallers } from "../access/policy/subject-remarks.ts";
import { accessRemarks } from "../access/problems.ts";
import { aggregateRemarks } from "../aggregate/problems.ts";
import { documentProblems, type OffsetProblem } from "./document-problems.ts";
import { exceededLimit } from "./source-limits.ts";
import { codeFrameMaker, type CodeFrameMaker } from "./code-frame.ts";
import { isSetting } from "./harmless.ts";
import { interpolate } from "./interpolate.ts";
import { withoutJsonComments } from "./json-comments.ts";
import { findNode } from "./node-at.ts";
import { adaptForeign } from "./foreign/foreign.ts";
import { adaptPasted, type OffsetNote } from "./pasted.ts";
import { ConfigError, type Problem } from "./problems.ts";
import { configSchema, type Config } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";
import { inheritedSecrets, secretsOf } from "./secrets.ts";

/** `text` begins with its location: `config.yaml:5:3`. */
interface ConfigNote {
  readonly level: "info" | "warn";
  readonly text: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly file: string;
  /** Remarks about a valid config. */
  readonly notes: readonly ConfigNote[];
  /** Every value that must not appear in a log. */
  readonly secrets: readonly string[];
}

/** The maximum number of problems in one error. */
const SHOWN_PROBLEMS = 100;

/** Reads, interpolates and validates a config file; throws a ConfigError with all its mistakes. */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): LoadedConfig {
  return parseConfig(file, readConfig(file), env);
}

export function parseConfig(file: string, source: string, env: NodeJS.ProcessEnv): LoadedConfig {
  const exceeded = exceededLimit(source);
  if (exceeded !== undefined) throw new ConfigError(file, [{ message: exceeded }]);
  const lineCounter = new LineCounter();
  const document = parseDocument(withoutJsonComments(source), { lineCounter, prettyErrors: false });
  const place = codeFrameMaker(source, lineCounter);
  const { fatal, others } = documentProblems(document);
  if (fatal.length > 0) throw failure(file, [...fatal, ...others], place);
  const foreign = adaptForeign(document);
  if (foreign.fatal.length > 0) throw failure(file, [...foreign.fatal, ...others], place);
  const pasted = adaptPasted(document);
  const { secrets, problems: unfilled } = interpolate(document, env);
  const value = toValue(file, document);
  const result = configSchema.safeParse(value ?? {});
  const placed = [...others, ...foreign.problems, ...pasted.problems, ...unfilled];
  // Placeholders that could not be replaced are not validated, which would report them twice.
  const known = new Set(placed.map(({ offset }) => offset));
  const issues = result.success ? [] : schemaProblems(result.error).map((issue) => located(issue, document));
  const mistakes = [...placed, ...issues.filter(({ offset }) => offset === undefined || !known.has(offset))];
  if (mistakes.length > 0 || !result.success) throw failure(file, mistakes, place);
  const filledIn = secrets.filter((secret) => !isSetting(secret));
  return {
    config: deepFreeze(result.data),
    file,
    notes: [...foreign.notes, ...pasted.notes, ...remarks(result.data, document)].map(({ level, message, offset }) => ({
      level,
      text: `${placeText(file, offset, place)} ${message}`,
    })),
    secrets: [...filledIn, ...secretsOf(value), ...inheritedSecrets(value, env)],
  };
}

function remarks(config: Config, document: Document): OffsetNote[] {
  const servers = Object.keys(config.servers);
  const { permissions, options } = config.auth;
  const ofPolicy = policyRemarks({ policy: config.policy, permissions, options }, servers, knownCallers(config));
  return [...accessRemarks(config), ...ofPolicy, ...aggregateRemarks(config)].map(({ path, message }) => ({
    level: "warn",
    message,
    offset: findNode(document, path, false),
  }));
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    throw new ConfigError(file, [{ message: readMessage(file, cause) }]);
  }
}

function readMessage(file: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such file; name the config with -c FILE or the variable CONFIG_PATH";
  if (code === "EISDIR") return `is a folder; name a file in it, for example ${join(file, "config.yaml")}`;
  if (code === "EACCES") return "cannot be read by this user; check its permissions and those of its folder";
  return `cannot be read (${String(code)})`;
}

function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases are resolved only now.
    const message =
      cause instanceof ReferenceError
        ? "its aliases refer to each other far too often"
        : "its aliases cannot be resolved";
    throw new ConfigError(file, [{ message }]);
  }
}

function failure(file: string, mistakes: readonly OffsetProblem[], place: CodeFrameMaker): ConfigError {
  const inOrder = mistakes.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  const shown = inOrder
    .slice(0, SHOWN_PROBLEMS)
    .map(({ message, offset }): Problem => ({ message, position: offset === undefined ? undefined : place(offset) }));
  const left = mistakes.length - shown.length;
  return new ConfigError(file, left > 0 ? [...shown, { message: `and ${left} more` }] : shown);
}

function placeText(file: string, offset: number | undefined, place: CodeFrameMaker): string {
  if (offset === undefined) return file;
  const { line, column } = place(offset);
  return `${file}:${line}:${column}`;
}

function located(issue: ReturnType<typeof schemaProblems>[number], document: Document): OffsetProblem {
  return { message: issue.message, offset: findNode(document, issue.path, issue.atKey) };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}

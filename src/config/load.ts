import { readFileSync } from "node:fs";
import { LineCounter, parseDocument, type Document } from "yaml";
import { documentProblems, type OffsetProblem } from "./document-problems.ts";
import { extreme } from "./extremes.ts";
import { frameMaker, type FrameMaker } from "./frame.ts";
import { isSetting } from "./harmless.ts";
import { interpolate } from "./interpolate.ts";
import { findNode } from "./node-at.ts";
import { ConfigError, type Problem } from "./problems.ts";
import { configSchema, type Config } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";
import { inheritedSecrets, secretsOf } from "./secrets.ts";

export interface LoadedConfig {
  readonly config: Config;
  readonly file: string;
  /** Every value that must not appear in a log. */
  readonly secrets: readonly string[];
}

/** Beyond this many the first ones have to be mended anyway. */
const SHOWN_PROBLEMS = 100;

/** Reads, fills in and checks a config file; throws a ConfigError with all its mistakes. */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): LoadedConfig {
  return parseConfig(file, readConfig(file), env);
}

export function parseConfig(file: string, source: string, env: NodeJS.ProcessEnv): LoadedConfig {
  const tooMuch = extreme(source);
  if (tooMuch !== undefined) throw new ConfigError(file, [{ message: tooMuch }]);
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, prettyErrors: false });
  const place = frameMaker(source, lineCounter);
  const { fatal, others } = documentProblems(document);
  if (fatal.length > 0) throw failure(file, [...fatal, ...others], place);
  const { secrets, problems: unfilled } = interpolate(document, env);
  const value = toValue(file, document);
  const result = configSchema.safeParse(value ?? {});
  const placed = [...others, ...unfilled];
  // What could not be filled in is not what the schema should judge.
  const known = new Set(placed.map(({ offset }) => offset));
  const issues = result.success ? [] : schemaProblems(result.error).map((issue) => located(issue, document));
  const mistakes = [...placed, ...issues.filter(({ offset }) => offset === undefined || !known.has(offset))];
  if (mistakes.length > 0 || !result.success) throw failure(file, mistakes, place);
  const filledIn = secrets.filter((secret) => !isSetting(secret));
  return {
    config: deepFreeze(result.data),
    file,
    secrets: [...filledIn, ...secretsOf(value), ...inheritedSecrets(value, env)],
  };
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch {
    throw new ConfigError(file, [{ message: "cannot be read; is the path right, and may this user read it?" }]);
  }
}

function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Only aliases are resolved as late as here.
    const message =
      cause instanceof ReferenceError
        ? "its aliases refer to each other far too often"
        : "its aliases cannot be resolved";
    throw new ConfigError(file, [{ message }]);
  }
}

function failure(file: string, mistakes: readonly OffsetProblem[], place: FrameMaker): ConfigError {
  const inOrder = mistakes.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  const shown = inOrder
    .slice(0, SHOWN_PROBLEMS)
    .map(({ message, offset }): Problem => ({ message, position: offset === undefined ? undefined : place(offset) }));
  const left = mistakes.length - shown.length;
  return new ConfigError(file, left > 0 ? [...shown, { message: `and ${left} more` }] : shown);
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

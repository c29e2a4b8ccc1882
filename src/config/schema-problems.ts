import { z } from "zod";
import { closest } from "../lib/closest.ts";
import { DURATION_PATTERN, SIZE_PATTERN } from "../lib/units.ts";
import { configSchema } from "./schema.ts";
import { keysAt, schemasAt } from "./schema-at.ts";
import { suggestName } from "./server-names.ts";

export interface SchemaProblem {
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly atKey: boolean;
}

/** Zod's issues in terms of YAML. Values are never repeated, because any of them may be a secret. */
export function schemaProblems(error: z.ZodError): SchemaProblem[] {
  const schema = z.toJSONSchema(configSchema, { io: "input" });
  return error.issues.flatMap((issue) => {
    const { path } = issue;
    const at = path.length === 0 ? "" : `${path.map(String).join(".")}: `;
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({
          message: `${at}unknown key "${key}"${guess(key, path, schema)}`,
          path: [...path, key],
          atKey: true,
        }));
      case "invalid_key":
        return { message: `${at}${nameMessage(issue, path.at(-1))}`, path, atKey: true };
      default:
        return { message: `${at}${valueMessage(issue, schema)}`, path, atKey: false };
    }
  });
}

function nameMessage({ issues }: { issues: readonly { message: string }[] }, name: PropertyKey | undefined): string {
  const near = suggestName(String(name));
  return `${issues[0]?.message ?? "this name is not allowed"}${near === undefined ? "" : `, for example ${near}`}`;
}

type Issue = z.ZodError["issues"][number];

function valueMessage(issue: Issue, schema: object): string {
  switch (issue.code) {
    case "invalid_type":
      return typeMessage(issue, schema);
    case "invalid_union":
      return issue.path[0] === "servers"
        ? "not a known type of server; there are stdio, streamable-http (or http) and sse"
        : 'must be a URL, or "*"';
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_format":
      return issue.format === "url" ? "must be a URL that begins with http:// or https://" : issue.message;
    default:
      return issue.message;
  }
}

function typeMessage({ expected, message, path }: Issue & { expected: string }, schema: object): string {
  const noun = unitNoun(path, schema) ?? NOUNS.get(expected) ?? expected;
  if (message.endsWith("received undefined")) return `is missing; it must be ${noun}`;
  return `must be ${noun}${message.endsWith("received null") ? ", but it is empty" : ""}`;
}

/** Durations and sizes need a unit: `timeout: 30` would be seconds to some and milliseconds to others. */
function unitNoun(path: readonly PropertyKey[], schema: object): string | undefined {
  const patterns = schemasAt(path, schema).map((one) => ("pattern" in one ? one.pattern : undefined));
  if (patterns.includes(DURATION_PATTERN.source)) return 'a duration with its unit, such as "90s", "10m" or "off"';
  return patterns.includes(SIZE_PATTERN.source) ? 'a size with its unit, such as "4MiB"' : undefined;
}

const NOUNS = new Map([
  ["string", "text (in quotes, if it looks like a number)"],
  ["number", "a number (without quotes)"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "a block of keys"],
  ["record", "a block of keys"],
]);

function guess(key: string, path: readonly PropertyKey[], schema: object): string {
  const near = closest(key, keysAt(path, schema));
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

import { z } from "zod";
import { closest } from "../lib/closest.ts";
import { configSchema } from "./schema.ts";

export interface SchemaProblem {
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly atKey: boolean;
}

/** zod's issues in the words of a person who edits YAML. Values are never repeated: any of them may be a secret. */
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
        return { message: `${at}${issue.issues[0]?.message ?? "this name is not allowed"}`, path, atKey: true };
      case "invalid_union":
        return { message: `${at}not a known type of server`, path, atKey: false };
      case "invalid_type":
        return { message: `${at}${typeMessage(issue)}`, path, atKey: false };
      case "invalid_value":
        return { message: `${at}must be one of ${issue.values.map(String).join(", ")}`, path, atKey: false };
      default:
        return { message: `${at}${issue.message}`, path, atKey: false };
    }
  });
}

function typeMessage({ expected, message }: { expected: string; message: string }): string {
  const noun = NOUNS.get(expected) ?? expected;
  return message.endsWith("received undefined") ? `is missing; it must be ${noun}` : `must be ${noun}`;
}

const NOUNS = new Map([
  ["string", "text (in quotes, if it looks like a number)"],
  ["number", "a number"],
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

/** The keys that the schema knows at a path, read off its published form. */
function keysAt(path: readonly PropertyKey[], schema: object): string[] {
  let node: unknown = schema;
  for (const key of path)
    node =
      member(member(node, "properties"), String(key)) ?? member(node, "additionalProperties") ?? member(node, "items");
  const branches = member(node, "oneOf") ?? member(node, "anyOf");
  const nodes: unknown[] = Array.isArray(branches) ? branches : [node];
  return nodes.flatMap((one) => Object.keys(member(one, "properties") ?? {}));
}

function member(node: unknown, key: string): object | undefined {
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
  const value: unknown = Reflect.get(node, key);
  return typeof value === "object" && value !== null ? value : undefined;
}

import { isObject, member } from "../lib/json.ts";
import type { Warn } from "../lib/warnings.ts";
import type { JsonObject } from "./json.ts";
import { ANNOTATIONS } from "./keywords.ts";
import type { Charge } from "./limits.ts";
import { referenceResolver, unresolved } from "./references.ts";
import { readSchema, type ReadContext } from "./schema.ts";
import { tidy } from "./tidy.ts";

/**
 * The schema with every reference replaced by its target, for clients that do not resolve references. Recursion stops where a
 * definition first contains itself; the budget bounds definitions that double each other without recursion.
 */
export function inlineSchema(raw: unknown, warn: Warn, charge: Charge): JsonObject {
  const resolve = referenceResolver(raw);
  const context: ReadContext = {
    warn,
    charge,
    place: { level: 0, open: ["#"] },
    follow: (ref, beside, { level, open }) => {
      const target = resolve(ref);
      if (target === undefined) return unresolved(ref, beside, warn);
      if (open.includes(target.pointer)) return combine(stopAt(target.schema), beside, warn);
      const place = { level: level + 2, open: [...open, target.pointer] };
      return combine(readSchema(target.schema, { ...context, place }), beside, warn);
    },
  };
  return readSchema(raw, context);
}

/** A placeholder for a recursive schema: its type and nothing else. */
function stopAt(schema: unknown): JsonObject {
  const type = member(schema, "type");
  if (type === "object" || (type === undefined && isObject(member(schema, "properties")))) {
    return { type: "object", properties: {} };
  }
  return type === "array" ? { type: "array", items: {} } : {};
}

/**
 * Combines a reference's target with the keywords beside the reference: annotations override those of the target, constraints
 * apply in addition to it.
 */
function combine(target: JsonObject, beside: JsonObject, warn: Warn): JsonObject {
  const keywords = Object.keys(beside);
  if (keywords.length === 0) return target;
  const hasOnlyAnnotations = keywords.every((keyword) => ANNOTATIONS.has(keyword) || keyword.startsWith("x-"));
  return hasOnlyAnnotations ? tidy({ ...target, ...beside }, warn) : { allOf: [target, beside] };
}

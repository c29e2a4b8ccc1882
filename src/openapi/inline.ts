import { isObject, member } from "../lib/json.ts";
import type { Warn } from "../lib/warnings.ts";
import type { JsonObject } from "./json.ts";
import { ANNOTATIONS } from "./keywords.ts";
import type { Charge } from "./limits.ts";
import { finder, unresolved } from "./references.ts";
import { readSchema, type Reading } from "./schema.ts";
import { tidy } from "./tidy.ts";

/**
 * The schema with every reference replaced by what it means, for clients that follow none. Recursion stops at its
 * first return; the budget stops definitions that double each other without recursion.
 */
export function inlineSchema(raw: unknown, warn: Warn, charge: Charge): JsonObject {
  const find = finder(raw);
  const reading: Reading = {
    warn,
    charge,
    place: { level: 0, open: ["#"] },
    follow: (ref, beside, { level, open }) => {
      const target = find(ref);
      if (target === undefined) return unresolved(ref, beside, warn);
      if (open.includes(target.pointer)) return combined(stopAt(target.schema), beside, warn);
      const place = { level: level + 2, open: [...open, target.pointer] };
      return combined(readSchema(target.schema, { ...reading, place }), beside, warn);
    },
  };
  return readSchema(raw, reading);
}

/** The outermost kind of a schema that contains itself, and no more. */
function stopAt(schema: unknown): JsonObject {
  const type = member(schema, "type");
  if (type === "object" || (type === undefined && isObject(member(schema, "properties")))) {
    return { type: "object", properties: {} };
  }
  return type === "array" ? { type: "array", items: {} } : {};
}

/** Both at once: annotations beside a reference speak about this use of it; constraints hold together with its own. */
function combined(target: JsonObject, beside: JsonObject, warn: Warn): JsonObject {
  const says = Object.keys(beside);
  if (says.length === 0) return target;
  const isAside = says.every((keyword) => ANNOTATIONS.has(keyword) || keyword.startsWith("x-"));
  return isAside ? tidy({ ...target, ...beside }, warn) : { allOf: [target, beside] };
}

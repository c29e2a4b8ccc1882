import type { JsonObject } from "./json.ts";
import { UNFOLDED_LEVELS, UNFOLDED_SCHEMAS } from "./limits.ts";
import { subschemasOf } from "./subschemas.ts";

/**
 * Whether a reader that expands every reference, as most clients and linters do, can hold the result: forty definitions that each
 * refer to the next one twice are a small document, but a terabyte when expanded.
 */
export function isUnfoldable(root: JsonObject, definitions: ReadonlyMap<string, JsonObject>): boolean {
  const weights = new Map<string, number>();
  const weigh = (schema: JsonObject, level: number): number => {
    if (level > UNFOLDED_LEVELS) return Infinity;
    const own = subschemasOf(schema).reduce((sum, [, subschema]) => sum + weigh(subschema, level + 1), 1);
    const ref = schema["$ref"];
    return typeof ref === "string" ? own + weighTarget(ref, level + 1) : own;
  };
  const weighTarget = (ref: string, level: number): number => {
    const known = weights.get(ref);
    const target = definitions.get(ref);
    if (known !== undefined || target === undefined) return known ?? 0;
    weights.set(ref, 1); // readers stop where a definition contains itself
    const weight = weigh(target, level);
    weights.set(ref, weight);
    return weight;
  };
  return definitions.size === 0 || weigh(root, 0) <= UNFOLDED_SCHEMAS;
}

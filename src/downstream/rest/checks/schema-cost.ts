import { isObject, member } from "../../../lib/json.ts";

/** Upper bounds for a schema; `Infinity` when it is recursive or has references that cannot be resolved. */
export interface SchemaCost {
  /** The number of JSON values, with the target of a `$ref` counted for each reference: bounds the size of the compiled code. */
  readonly values: number;
  /** The number of rules that can apply to the same value; multiplied by the number of values of an instance, it bounds a check. */
  readonly width: number;
}

const ENDLESS: SchemaCost = { values: Number.POSITIVE_INFINITY, width: Number.POSITIVE_INFINITY };

/** Keywords whose subschemas apply to the same value as the schema. */
const TO_ITSELF = new Set(["allOf", "anyOf", "oneOf", "not", "if", "then", "else"]);
const NAMED_TO_ITSELF = new Set(["dependentSchemas", "dependencies"]);
/** Keywords whose subschemas apply to the members or items of the value, or to their names. */
const TO_PARTS = new Set([
  "items",
  "prefixItems",
  "additionalItems",
  "contains",
  "unevaluatedItems",
  "additionalProperties",
  "unevaluatedProperties",
  "propertyNames",
]);
/** Keywords whose value is a list of names or values, each of which is compared. */
const LISTS = new Set(["enum", "const", "required", "dependentRequired"]);
/** Keywords whose target is only known at run time. */
const DYNAMIC = new Set(["$dynamicRef", "$recursiveRef", "$recursiveAnchor"]);
/** This many absent properties cost about as much as one checked rule. */
const ABSENT_PER_RULE = 16;

/**
 * The cost of a subschema: its values, the rules for the value it applies to (`own`), and the rules for any one value within that
 * (`within`).
 */
interface Reach {
  values: number;
  own: number;
  within: number;
}

/** Bounds for a schema returned by `checkableSchema`. Each subschema is visited once, however often it is referenced. */
export function schemaCost(schema: unknown): SchemaCost {
  try {
    const reach = new CostWalk(schema).reachOf(schema);
    return { values: reach.values, width: widthOf(reach) };
  } catch (error) {
    if (error instanceof RangeError) return ENDLESS;
    throw error;
  }
}

const widthOf = ({ own, within }: Reach): number => Math.max(own, within);

class CostWalk {
  readonly #root: unknown;
  /** Undefined while the schema is being visited. */
  readonly #known = new Map<object, Reach | undefined>();

  constructor(root: unknown) {
    this.#root = root;
  }

  reachOf(schema: unknown): Reach {
    if (typeof schema !== "object" || schema === null) return { values: 1, own: 1, within: 0 };
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    if (this.#known.has(schema)) throw new RangeError("the schema leads back to itself");
    this.#known.set(schema, undefined);
    const reach: Reach = { values: 1, own: 1, within: 0 };
    if (Array.isArray(schema)) for (const inner of schema) this.#addToItself(reach, inner);
    else for (const [key, value] of Object.entries(schema)) this.#add(reach, key, value);
    this.#known.set(schema, reach);
    return reach;
  }

  #add(reach: Reach, key: string, value: unknown): void {
    if (DYNAMIC.has(key)) throw new RangeError("where the schema leads is known only as it runs");
    if (key === "$ref") return this.#addToItself(reach, resolved(this.#root, value));
    if (TO_ITSELF.has(key)) return this.#addToItself(reach, value);
    if (TO_PARTS.has(key)) return this.#addToParts(reach, value);
    if (key === "properties" && isObject(value)) return this.#addProperties(reach, Object.values(value));
    if (NAMED_TO_ITSELF.has(key) && isObject(value)) {
      for (const inner of Object.values(value)) this.#addToItself(reach, inner);
      return;
    }
    const values = valuesIn(value);
    reach.values += values;
    if (LISTS.has(key)) reach.own += values;
  }

  #addToItself(reach: Reach, schema: unknown): void {
    const inner = this.reachOf(schema);
    reach.values += inner.values;
    reach.own += inner.own;
    reach.within += inner.within;
  }

  #addToParts(reach: Reach, schema: unknown): void {
    const inner = this.reachOf(schema);
    reach.values += inner.values;
    // Subschemas of two keywords may apply to the same part.
    reach.within += widthOf(inner);
  }

  #addProperties(reach: Reach, schemas: readonly unknown[]): void {
    let widest = 0;
    for (const inner of schemas.map((schema) => this.reachOf(schema))) {
      reach.values += inner.values;
      // A member has one name, so only one of these applies to it.
      widest = Math.max(widest, widthOf(inner));
    }
    reach.own += schemas.length / ABSENT_PER_RULE;
    reach.within += widest;
  }
}

/**
 * The size of everything that is not a schema: lists of names or values, limits, and definitions (which also count where they are
 * referenced).
 */
function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  let values = 1;
  for (const inner of Object.values(value)) values += valuesIn(inner);
  return values;
}

/** The target of a `$ref` within the schema (RFC 6901 §6). */
function resolved(root: unknown, reference: unknown): unknown {
  if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference)) throw new RangeError("a reference leads away");
  let found: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const name = pointerPart(part);
    found = Array.isArray(found) ? found[Number(name)] : member(found, name);
  }
  if (found === undefined) throw new RangeError("a reference leads nowhere");
  return found;
}

function pointerPart(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch (cause) {
    throw new RangeError("a reference cannot be read", { cause });
  }
}

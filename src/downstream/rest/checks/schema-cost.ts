import { isObject, member } from "../../../lib/json.ts";

/** What a schema costs at most; `Infinity` where it leads back to itself or to where nobody can follow. */
export interface SchemaCost {
  /** JSON values, those behind a `$ref` counted each time they are referred to: bounds the code that is compiled. */
  readonly values: number;
  /** How many rules can look at one and the same value: times the values of an instance it bounds a check. */
  readonly width: number;
}

const ENDLESS: SchemaCost = { values: Number.POSITIVE_INFINITY, width: Number.POSITIVE_INFINITY };

/** Applied to the very value that the schema is applied to. */
const TO_ITSELF = new Set(["allOf", "anyOf", "oneOf", "not", "if", "then", "else"]);
const NAMED_TO_ITSELF = new Set(["dependentSchemas", "dependencies"]);
/** Applied to the members or items of it, or to their names. */
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
/** Each of their entries is looked for. */
const LISTS = new Set(["enum", "const", "required", "dependentRequired"]);
/** Where these lead is known only as the check runs. */
const DYNAMIC = new Set(["$dynamicRef", "$recursiveRef", "$recursiveAnchor"]);
/** So many properties that are not there cost as much as one that is checked. */
const ABSENT_PER_RULE = 16;

/** What a subschema costs: its values, the rules for the value that it is applied to, and those for any one value within that. */
interface Reach {
  values: number;
  own: number;
  within: number;
}

/** A bound for a schema as `checkableSchema` gives it. Each subschema is walked once, however often it is referred to. */
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
  /** Undefined while it is being walked. */
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
    // What two keywords say of parts may concern the same part.
    reach.within += widthOf(inner);
  }

  #addProperties(reach: Reach, schemas: readonly unknown[]): void {
    let widest = 0;
    for (const inner of schemas.map((schema) => this.reachOf(schema))) {
      reach.values += inner.values;
      // A member has one name: only one of these concerns it.
      widest = Math.max(widest, widthOf(inner));
    }
    reach.own += schemas.length / ABSENT_PER_RULE;
    reach.within += widest;
  }
}

/** All that is no schema: lists of names, of allowed values, limits; definitions, which count where they are referred to as well. */
function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  let values = 1;
  for (const inner of Object.values(value)) values += valuesIn(inner);
  return values;
}

/** Where a `$ref` within the schema leads (RFC 6901 §6). */
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

import type { Warn } from "../lib/warnings.ts";
import type { JsonObject } from "./json.ts";
import type { Charge } from "./limits.ts";
import { finder, type Target, unresolved } from "./references.ts";
import { readSchema, type Reading } from "./schema.ts";

export interface Hoisted {
  /** The outermost schema, in full. */
  readonly root: JsonObject;
  /** What to write where it is used: `root`, or a reference to it when it refers to itself. */
  readonly schema: JsonObject;
  /** The definitions it refers to, by component name; each is referred to at least once. */
  readonly components: readonly (readonly [name: string, schema: JsonObject])[];
}

interface Hoisting {
  readonly warn: Warn;
  readonly charge: Charge;
  /** Claims a component name for what `pointer` points at. */
  readonly nameFor: (pointer: string) => string;
  /** What the outermost schema has to be besides valid; references to `#` mean the result. */
  readonly asRoot: (schema: JsonObject) => JsonObject;
}

/**
 * The schema with everything it refers to moved into components: inside a whole document `#/$defs/…` would point at
 * the document. Recursion stays recursion.
 */
export function hoistSchema(raw: unknown, { warn, charge, nameFor, asRoot }: Hoisting): Hoisted {
  const find = finder(raw);
  const names = new Map<string, string>();
  const targets: { readonly name: string; readonly target: Target }[] = [];
  const reading: Reading = {
    warn,
    charge,
    place: { level: 0, open: [] },
    follow: (ref, beside) => {
      const target = find(ref);
      if (target === undefined) return unresolved(ref, beside, warn);
      const name = names.get(target.pointer) ?? nameFor(target.pointer);
      if (!names.has(target.pointer)) targets.push({ name, target });
      names.set(target.pointer, name);
      return { $ref: refTo(name), ...beside };
    },
  };
  const start = find("#") ?? { pointer: "#", schema: raw };
  const root = asRoot(readSchema(start.schema, reading));
  const components: [string, JsonObject][] = [];
  for (const { name, target } of targets) {
    components.push([name, target.pointer === start.pointer ? root : readSchema(target.schema, reading)]);
  }
  const rootName = names.get(start.pointer);
  return { root, schema: rootName === undefined ? root : { $ref: refTo(rootName) }, components };
}

export function refTo(name: string): string {
  return `#/components/schemas/${name}`;
}

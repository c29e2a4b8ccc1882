import type { Warn } from "../lib/warnings.ts";
import type { JsonObject } from "./json.ts";
import type { Charge } from "./limits.ts";
import { referenceResolver, type Target, unresolved } from "./references.ts";
import { readSchema, type ReadContext } from "./schema.ts";

export interface HoistedSchema {
  /** The outermost schema, in full. */
  readonly root: JsonObject;
  /** What to write at the place of use: `root`, or a reference to it when it refers to itself. */
  readonly schema: JsonObject;
  /** The definitions that are referenced, by component name. */
  readonly components: readonly (readonly [name: string, schema: JsonObject])[];
}

interface HoistOptions {
  readonly warn: Warn;
  readonly charge: Charge;
  /** Reserves a component name for the target of `pointer`. */
  readonly nameFor: (pointer: string) => string;
  /** Adapts the outermost schema; references to `#` resolve to the result. */
  readonly asRoot: (schema: JsonObject) => JsonObject;
}

/**
 * Moves everything that the schema refers to into components, because inside an OpenAPI document `#/$defs/…` would resolve
 * against the document. Recursive references are kept.
 */
export function hoistSchema(raw: unknown, { warn, charge, nameFor, asRoot }: HoistOptions): HoistedSchema {
  const resolve = referenceResolver(raw);
  const names = new Map<string, string>();
  const targets: { readonly name: string; readonly target: Target }[] = [];
  const context: ReadContext = {
    warn,
    charge,
    place: { level: 0, open: [] },
    follow: (ref, beside) => {
      const target = resolve(ref);
      if (target === undefined) return unresolved(ref, beside, warn);
      const name = names.get(target.pointer) ?? nameFor(target.pointer);
      if (!names.has(target.pointer)) targets.push({ name, target });
      names.set(target.pointer, name);
      return { $ref: refTo(name), ...beside };
    },
  };
  const start = resolve("#") ?? { pointer: "#", schema: raw };
  const root = asRoot(readSchema(start.schema, context));
  const components: [string, JsonObject][] = [];
  for (const { name, target } of targets) {
    components.push([name, target.pointer === start.pointer ? root : readSchema(target.schema, context)]);
  }
  const rootName = names.get(start.pointer);
  return { root, schema: rootName === undefined ? root : { $ref: refTo(rootName) }, components };
}

export function refTo(name: string): string {
  return `#/components/schemas/${name}`;
}

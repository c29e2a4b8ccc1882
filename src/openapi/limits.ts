import { warnOnce, type Warn } from "../lib/warnings.ts";

/** Bounds on the cost of one server: a list of tools is free text of up to 16 MiB, which references multiply. */
export const TOOLS_PER_SERVER = 2_000;
export const CHARACTERS_PER_SERVER = 16_000_000;
export const CHARACTERS_PER_SCHEMA = 2_000_000;
/** OpenAPI parsers stop at 100 levels of the whole document, which needs some levels outside schemas and some for data inside them. */
export const SCHEMA_LEVELS = 64;
export const DATA_LEVELS = 16;
/** The maximum size of the definitions for a reader that expands every reference, as most do. */
export const UNFOLDED_SCHEMAS = 50_000;
export const UNFOLDED_LEVELS = 300;

/** Deducts `cost` from a budget; when it is not covered, deducts nothing and returns false. */
export type Charge = (cost: number) => boolean;

/** A budget nested in an outer one: every cost is charged to both. */
export function budget(limit: number, outer: Charge = () => true): Charge {
  let left = limit;
  return (cost) => {
    if (cost > left || !outer(cost)) return false;
    left -= cost;
    return true;
  };
}

/** Collects the warnings about one tool or one server, for the caller of the document. */
export function warningsAbout(subject: string, warnings: string[]): Warn {
  return warnOnce((message) => warnings.push(`${subject}: ${message}`));
}

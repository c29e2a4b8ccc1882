import { warnOnce, type Warn } from "../lib/warnings.ts";

/** What one stranger may cost us: a tool list is free text of up to 16 MiB, and references multiply it. */
export const TOOLS_PER_SERVER = 2_000;
export const CHARACTERS_PER_SERVER = 16_000_000;
export const CHARACTERS_PER_SCHEMA = 2_000_000;
/** Parsers of OpenAPI stop at 100 levels of the whole document; it uses some itself, and data goes below schemas. */
export const SCHEMA_LEVELS = 64;
export const DATA_LEVELS = 16;
/** How far definitions may unfold for a reader that writes every reference out, as most do. */
export const UNFOLDED_SCHEMAS = 50_000;
export const UNFOLDED_LEVELS = 300;

/** Takes `cost` out of a budget, or nothing and answers false when there is less in it. */
export type Charge = (cost: number) => boolean;

/** A budget inside a budget: what a schema is charged, its server is charged too. */
export function budget(limit: number, outer: Charge = () => true): Charge {
  let left = limit;
  return (cost) => {
    if (cost > left || !outer(cost)) return false;
    left -= cost;
    return true;
  };
}

/** Warnings about one tool, or about one server, for whoever asked for the document. */
export function warningsAbout(subject: string, warnings: string[]): Warn {
  return warnOnce((message) => warnings.push(`${subject}: ${message}`));
}

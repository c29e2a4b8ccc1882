import { isObject, type JsonObject } from "../../lib/json.ts";

/** The abilities of a client that let a server ask it something, each with the variants that MCP 2025-11-25 defines. */
const KNOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ["elicitation", ["form", "url"]],
  ["sampling", ["tools", "context"]],
  ["roots", []],
]);

/**
 * What a server of an older revision is told about a client of MCP 2026-07-28. Only names that are known pass, so that there are few
 * different values: a process serves all calls with the same one.
 */
export function inputCapabilities(declared: JsonObject): JsonObject {
  const given: Record<string, JsonObject> = {};
  for (const [kind, variants] of KNOWN) {
    const value = declared[kind];
    if (!isObject(value)) continue;
    given[kind] = Object.fromEntries(variants.filter((name) => isObject(value[name])).map((name) => [name, {}]));
  }
  return given;
}

/** A short text that is the same for the same capabilities. */
export const capabilityKey = (capabilities: JsonObject): string =>
  Object.entries(capabilities)
    .map(([kind, variants]) => `${kind}(${Object.keys(isObject(variants) ? variants : {}).join()})`)
    .join();

/** The capability that a client must have declared for a server to ask it this. */
export const CAPABILITY_FOR: ReadonlyMap<string, string> = new Map([
  ["elicitation/create", "elicitation"],
  ["sampling/createMessage", "sampling"],
  ["roots/list", "roots"],
]);

import { isObject } from "../lib/json.ts";

/** Parsed JSON. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A key that must not occur in the document: resolvers follow `$ref` anywhere, and `__proto__` sets a prototype. */
export function isTreacherousKey(key: string): boolean {
  return key === "$ref" || key === "__proto__";
}

/**
 * A deep copy of untrusted data; `undefined` when it is not JSON, is nested deeper than `levels`, or contains a treacherous key:
 * linters and clients resolve `$ref` anywhere, even inside a default value.
 */
export function copyJson(value: unknown, levels: number): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "object" || levels === 0) return undefined;
  return Array.isArray(value) ? copyList(value, levels - 1) : copyObject(value, levels - 1);
}

/** A copy without the given keys. */
export function without(object: JsonObject, ...keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function copyList(list: readonly unknown[], levels: number): Json | undefined {
  const copy: Json[] = [];
  for (const item of list) {
    const json = copyJson(item, levels);
    if (json === undefined) return undefined;
    copy.push(json);
  }
  return copy;
}

function copyObject(object: object, levels: number): Json | undefined {
  const copy: [string, Json][] = [];
  for (const [key, value] of Object.entries(object)) {
    const json = isTreacherousKey(key) ? undefined : copyJson(value, levels);
    if (json === undefined) return undefined;
    copy.push([key, json]);
  }
  return Object.fromEntries(copy);
}

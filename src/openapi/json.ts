import { isObject } from "../lib/json.ts";

/** JSON as it stands in the document. */
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

/** A key that no object of the document may carry: readers take one for a reference, the other for a prototype. */
export function isTreacherousKey(key: string): boolean {
  return key === "$ref" || key === "__proto__";
}

/**
 * A deep copy of data that a stranger chose, or `undefined` when it is not JSON, is nested deeper than `levels`, or
 * holds a treacherous key: linters and clients resolve `$ref` wherever they meet one, inside a default value too.
 */
export function copyJson(value: unknown, levels: number): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "object" || levels === 0) return undefined;
  return Array.isArray(value) ? copyList(value, levels - 1) : copyObject(value, levels - 1);
}

/** A copy without the keys named. */
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

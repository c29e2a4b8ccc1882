import { isJsonList, isJsonObject, type Json, type JsonObject } from "./json.ts";
import { SUBSCHEMA_KEYWORDS } from "./keywords.ts";

/** The direct subschemas of a schema, each with its location. */
export function subschemasOf(schema: JsonObject): readonly (readonly [place: string, subschema: JsonObject])[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const form = SUBSCHEMA_KEYWORDS.get(keyword);
    if (form === undefined) return [];
    const held = form === "schema" ? [[keyword, value] as const] : membersOf(keyword, value);
    return held.flatMap(([place, item]) => (isJsonObject(item) ? [[place, item] as const] : []));
  });
}

/** The schema with `change` applied to each direct subschema. */
export function mapSubschemas(schema: JsonObject, change: (subschema: JsonObject) => JsonObject): JsonObject {
  const entries = Object.entries(schema).map(
    ([keyword, value]) => [keyword, mapHolder(keyword, value, change)] as const,
  );
  return Object.fromEntries(entries);
}

function membersOf(keyword: string, value: Json): readonly (readonly [string, Json])[] {
  if (!isJsonObject(value) && !isJsonList(value)) return [];
  return Object.entries(value).map(([name, item]) => [`${keyword}/${name}`, item] as const);
}

function mapHolder(keyword: string, value: Json, change: (subschema: JsonObject) => JsonObject): Json {
  const form = SUBSCHEMA_KEYWORDS.get(keyword);
  const changeOne = (item: Json) => (isJsonObject(item) ? change(item) : item);
  if (form === "list" && isJsonList(value)) return value.map(changeOne);
  if (form === "map" && isJsonObject(value)) return mapMembers(value, changeOne);
  return form === "schema" ? changeOne(value) : value;
}

function mapMembers(map: JsonObject, change: (member: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));
}

import { isJsonList, isJsonObject, type JsonObject } from "./json.ts";
import { subschemasOf } from "./subschemas.ts";

/** What GPT Actions does not support in a schema: references, objects without `properties`, long descriptions. */
export function lintSchema(schema: JsonObject, where: string, maxDescription: number): readonly string[] {
  const { type, properties, description } = schema;
  const isObject = type === "object" || (isJsonList(type) && type.includes("object"));
  const own = [
    ...(schema["$ref"] === undefined ? [] : [`${where}: references are not followed`]),
    ...(isObject && !isJsonObject(properties) ? [`${where}: object schema missing properties`] : []),
    ...(typeof description === "string" && description.length > maxDescription
      ? [`${where}: a description of ${description.length} characters, but at most ${maxDescription} are allowed`]
      : []),
  ];
  const inside = subschemasOf(schema).flatMap(([place, subschema]) =>
    lintSchema(subschema, `${where}/${place}`, maxDescription),
  );
  return [...own, ...inside];
}

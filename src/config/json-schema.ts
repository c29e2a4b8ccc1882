import { z } from "zod";
import { configSchema } from "./schema.ts";

/** Where any value may also be a placeholder, filled in when the file is read. */
const PLACEHOLDER = { type: "string", pattern: "\\$\\{" } as const;

/** The JSON Schema that editors use (schemas/config.schema.json); `npm run schema` writes it, a test compares. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema, path }) => {
      // Keys are not filled in.
      if (path.at(-1) === "propertyNames") return;
      const { type, pattern, format, enum: options, const: only, description, default: fallback, ...rest } = jsonSchema;
      const isChecked = pattern !== undefined || format !== undefined || options !== undefined;
      const isPlain = type === "number" || type === "integer" || type === "boolean" || (type === "string" && isChecked);
      if (!isPlain || only !== undefined) return;
      const checks = {
        type,
        ...(pattern && { pattern }),
        ...(format && { format }),
        ...(options && { enum: options }),
        ...rest,
      };
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, {
        anyOf: [checks, PLACEHOLDER],
        ...(description !== undefined && { description }),
        ...(fallback !== undefined && { default: fallback }),
      });
    },
  });
  return { title: "mcp-gateway configuration", ...schema };
}

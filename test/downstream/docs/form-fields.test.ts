import { describe, expect, it } from "vitest";
import { formShape } from "../../../src/downstream/docs/form-fields.ts";
import type { JsonObject } from "../../../src/openapi/json.ts";

const fieldOf = (property: JsonObject, required: string[] = []) => {
  const { fields } = formShape({ type: "object", properties: { a: property }, required });
  const [field] = fields;
  return { kind: field?.kind, choices: field?.choices };
};

describe("a field", () => {
  it.each<[string, JsonObject, string]>([
    ["a string", { type: "string" }, "text"],
    ["a number", { type: "number" }, "number"],
    ["an integer", { type: "integer" }, "integer"],
    ["an array", { type: "array", items: { type: "string" } }, "json"],
    ["an object", { type: "object", properties: {} }, "json"],
    ["anything", {}, "json"],
    ["one of two types", { type: ["string", "number"] }, "json"],
    ["a string or null", { type: ["string", "null"] }, "text"],
    [
      "a number or null, as Pydantic writes it",
      { anyOf: [{ type: "number" }, { type: "null" }], default: null },
      "number",
    ],
    ["one of two schemas", { anyOf: [{ type: "number" }, { type: "string" }] }, "json"],
    ["a long list of strings", { type: "string", enum: Array.from({ length: 500 }, (_, at) => `${at}`) }, "text"],
    ["an empty enum", { enum: [] }, "json"],
  ])("for %s", (_what, property, kind) => {
    expect(fieldOf(property)).toEqual({ kind, choices: [] });
  });

  it.each<[string, JsonObject, unknown[]]>([
    ["a boolean", { type: "boolean" }, [true, false]],
    ["an enum of any types", { enum: ["1", 1, null] }, ["1", 1, null]],
    ["a constant", { const: "x" }, ["x"]],
    ["an enum or null", { anyOf: [{ enum: ["a", "b"] }, { type: "null" }] }, ["a", "b"]],
  ])("is a choice for %s", (_what, property, choices) => {
    expect(fieldOf(property)).toEqual({ kind: "choice", choices });
  });

  it("lets null be given where it is required", () => {
    expect(fieldOf({ type: ["string", "null"] }, ["a"])).toEqual({ kind: "json", choices: [] });
  });
});

describe("a form", () => {
  const properties = { a: { type: "string" } };

  it.each<[string, JsonObject, boolean]>([
    ["an object without properties", { type: "object", properties: {} }, false],
    ["named properties", { type: "object", properties }, false],
    ["closed properties", { type: "object", properties, additionalProperties: false }, false],
    ["any properties", { type: "object", properties, additionalProperties: true }, true],
    ["properties of a kind", { type: "object", properties, additionalProperties: { type: "string" } }, true],
    ["alternatives", { type: "object", properties, oneOf: [{ required: ["a"] }, { required: ["b"] }] }, true],
    ["a required one that is not described", { type: "object", properties, required: ["b"] }, true],
    ["nothing known", {}, true],
  ])("for %s", (_what, schema, isOpen) => {
    expect(formShape(schema).isOpen).toBe(isOpen);
  });

  it("asks for at most 60 arguments one by one", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`p${at}`, { type: "string" }]));
    const { fields, isOpen } = formShape({ type: "object", properties: many });
    expect({ fields: fields.length, isOpen }).toEqual({ fields: 60, isOpen: true });
  });

  it("marks what is required, whatever its name", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}',
    );
    expect(formShape(schema).fields).toMatchObject([{ name: "__proto__", isRequired: true }]);
  });
});

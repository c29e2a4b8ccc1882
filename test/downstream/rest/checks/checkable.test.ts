import { describe, expect, it } from "vitest";
import { checkableSchema } from "../../../../src/downstream/rest/checks/checkable.ts";

describe("what can be checked of a schema", () => {
  it("is all of a plain one", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string", minLength: 1 }, b: { anyOf: [{ type: "null" }, { enum: [1, 2] }] } },
      required: ["a"],
      additionalProperties: false,
    };
    expect(checkableSchema(schema)).toEqual(schema);
  });

  it("is not its names, which could clash", () => {
    const named = { $schema: "x", $id: "y", id: "z", $anchor: "a", $dynamicAnchor: "b", type: "object" };
    expect(checkableSchema({ ...named, properties: { inner: named } })).toEqual({
      type: "object",
      properties: { inner: { type: "object" } },
    });
  });

  it("is no pattern, which could run for ever, nor what depends on one", () => {
    const schema = {
      properties: { a: { pattern: "^(a+)+$", maxLength: 9 } },
      patternProperties: { "^(a+)+$": {} },
      additionalProperties: false,
      unevaluatedProperties: false,
    };
    expect(checkableSchema(schema)).toEqual({ properties: { a: { maxLength: 9 } } });
  });

  it("takes names of properties and of definitions for names, whatever they are", () => {
    const names = { pattern: { type: "string" }, $id: { type: "number" }, properties: { type: "null" } };
    for (const key of ["properties", "$defs", "definitions", "dependentSchemas"])
      expect(checkableSchema({ [key]: names })).toEqual({ [key]: names });
  });

  it("takes values for values, whatever is in them", () => {
    const value = { pattern: "x", $id: "y", patternProperties: {} };
    const schema = { const: value, enum: [value] };
    expect(checkableSchema(schema)).toEqual(schema);
  });

  it("keeps a property of the name __proto__ a property", () => {
    const schema: unknown = JSON.parse('{"properties":{"__proto__":{"type":"string","pattern":"x"}}}');
    expect(JSON.stringify(checkableSchema(schema))).toBe('{"properties":{"__proto__":{"type":"string"}}}');
  });

  it("is nothing of one that is too deep to walk, and does not end us", () => {
    let deep: object = { type: "string" };
    for (let level = 0; level < 100_000; level++) deep = { properties: { a: deep } };
    expect(() => checkableSchema(deep)).toThrow(RangeError);
  });

  it.each([true, false, null, undefined, "x", 1])("is %j when that is the schema", (schema) => {
    expect(checkableSchema(schema)).toBe(schema);
  });

  it("leaves the schema as it was", () => {
    const schema = Object.freeze({ $id: "x", properties: Object.freeze({ a: Object.freeze({ pattern: "x" }) }) });
    expect(checkableSchema(schema)).toEqual({ properties: { a: {} } });
  });
});

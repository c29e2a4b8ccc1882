import { describe, expect, it } from "vitest";
import { describeProperty, describeTool } from "./options.ts";

describe("a schema in OpenAPI 3.0", () => {
  it.each([
    ["const", { const: "a" }, { enum: ["a"] }],
    ["a nullable type", { type: ["string", "null"] }, { type: "string", nullable: true }],
    ["only null", { type: "null" }, { type: "string", nullable: true, enum: [null] }],
    [
      "several types",
      { type: ["string", "array"] },
      { items: {}, anyOf: [{ type: "string" }, { type: "array", items: {} }] },
    ],
    [
      "several types and null",
      { type: ["string", "number", "null"] },
      { anyOf: [{ type: "string", nullable: true }, { type: "number" }] },
    ],
    [
      "several types beside alternatives",
      { type: ["string", "number"], anyOf: [{ minLength: 1 }] },
      { anyOf: [{ minLength: 1 }], allOf: [{ anyOf: [{ type: "string" }, { type: "number" }] }] },
    ],
    [
      "an optional as Python writes it",
      { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "T" },
      { type: "string", nullable: true, title: "T", default: null },
    ],
    [
      "an optional enum",
      { anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }] },
      { type: "string", nullable: true, enum: ["a", null] },
    ],
    [
      "an optional of several",
      { oneOf: [{ type: "string" }, { type: "integer" }, { type: "null" }] },
      { oneOf: [{ type: "string", nullable: true }, { type: "integer" }] },
    ],
    ["an exclusive minimum", { exclusiveMinimum: 1 }, { minimum: 1, exclusiveMinimum: true }],
    ["an exclusive maximum", { exclusiveMaximum: 9 }, { maximum: 9, exclusiveMaximum: true }],
    ["two minimums", { exclusiveMinimum: 1, minimum: 5 }, { minimum: 5 }],
    ["two equal minimums", { exclusiveMinimum: 1, minimum: 1 }, { minimum: 1, exclusiveMinimum: true }],
    ["two maximums", { exclusiveMaximum: 9, maximum: 20 }, { maximum: 9, exclusiveMaximum: true }],
    [
      "a tuple",
      { type: "array", prefixItems: [{ type: "string" }], items: { type: "number" } },
      { type: "array", items: {} },
    ],
    [
      "pattern properties",
      { type: "object", patternProperties: { "^x": {} }, additionalProperties: false },
      { type: "object", properties: {} },
    ],
    ["base64", { type: "string", contentEncoding: "base64" }, { type: "string", format: "byte" }],
    ["examples", { type: "string", examples: ["a", "b"] }, { type: "string", example: "a" }],
    ["a not that lost its point", { not: { patternProperties: { a: {} } } }, {}],
    ["a not that did not", { not: { type: "string" } }, { not: { type: "string" } }],
    [
      "what it has no word for",
      {
        type: "object",
        propertyNames: {},
        $comment: "c",
        if: {},
        dependentRequired: { a: ["b"] },
        unevaluatedProperties: false,
      },
      { type: "object", properties: {} },
    ],
  ])("says %s in its own words", (_, schema, expected) => {
    expect(describeProperty(schema, { version: "3.0" })).toEqual(expected);
  });

  it("converts at every depth", () => {
    const schema = { type: "array", items: { type: "object", properties: { a: { allOf: [{ const: 1 }] } } } };
    expect(describeProperty(schema, { version: "3.0" })).toEqual({
      type: "array",
      items: { type: "object", properties: { a: { allOf: [{ enum: [1] }] } } },
    });
  });

  it("has its definitions written out", () => {
    const inputSchema = {
      type: "object",
      properties: { a: { $ref: "#/$defs/A" } },
      $defs: { A: { type: ["string", "null"] } },
    };
    const { input, schemas } = describeTool({ inputSchema }, { version: "3.0" });
    expect(input).toEqual({ type: "object", properties: { a: { type: "string", nullable: true } } });
    expect(Object.keys(schemas)).toEqual(["CallToolResult", "Problem"]);
  });
});

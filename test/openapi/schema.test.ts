import { describe, expect, it } from "vitest";
import { describeProperty, describeTool } from "./options.ts";

const nested = (levels: number): unknown => {
  let schema: unknown = { type: "string" };
  for (let level = 0; level < levels; level += 1) schema = { type: "array", items: schema };
  return schema;
};

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner)))
    : 0;

describe("a schema in the document", { timeout: 30_000 }, () => {
  it("keeps every constraint of JSON Schema 2020-12", () => {
    const schema = {
      type: "object",
      properties: {
        a: { type: "string", minLength: 1, maxLength: 9, pattern: "^a", format: "uri", enum: ["a", "ab"] },
        b: { type: ["integer", "null"], exclusiveMinimum: 0, maximum: 9, multipleOf: 3, default: 3 },
        c: { type: "array", prefixItems: [{ const: 1 }], items: { type: "number" }, uniqueItems: true, minItems: 1 },
      },
      patternProperties: { "^x-": { type: "boolean" } },
      dependentRequired: { a: ["b"] },
      propertyNames: { maxLength: 3 },
      additionalProperties: false,
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
      not: { required: ["a", "b"] },
      required: ["a"],
      deprecated: true,
      title: "T",
    };
    expect(describeProperty(schema)).toEqual(schema);
  });

  it("loses what only identifies it", () => {
    const schema = {
      $schema: "x",
      $id: "y",
      $anchor: "z",
      $vocabulary: {},
      $defs: { a: {} },
      definitions: {},
      type: "string",
    };
    expect(describeProperty(schema)).toEqual({ type: "string" });
  });

  it.each([
    [true, {}],
    [false, { not: {} }],
    [
      { type: "array", items: true },
      { type: "array", items: {} },
    ],
    [{ allOf: [true, false] }, { allOf: [{}, { not: {} }] }],
    [{ additionalProperties: false }, { additionalProperties: false }],
  ])("writes the boolean schema %j as %j", (schema, expected) => {
    expect(describeProperty(schema)).toEqual(expected);
  });

  it("gives properties to bare objects and items to bare arrays", () => {
    expect(describeProperty({ type: "object" })).toEqual({ type: "object", properties: {} });
    expect(describeProperty({ type: ["array", "null"] })).toEqual({ type: ["array", "null"], items: {} });
  });

  it("keeps unknown keywords as extensions", () => {
    expect(describeProperty({ enumNames: ["A"], "x-order": 1 })).toEqual({ "x-enumNames": ["A"], "x-order": 1 });
  });

  it.each([
    { type: 42 },
    { type: "any" },
    { minimum: "3" },
    { minimum: Infinity },
    { maxLength: -1 },
    { minItems: 1.5 },
    { multipleOf: 0 },
    { required: "x" },
    { properties: [] },
    { items: "no" },
    { anyOf: [] },
    { oneOf: [null, {}] },
    { enum: "x" },
    { description: 7 },
    { $ref: 5 },
  ])("drops a value that its keyword does not take: %j", (schema) => {
    expect(describeProperty(schema)).toEqual({});
  });

  it.each([
    [
      { type: "string", enum: ["a", 1] },
      { type: "string", enum: ["a"] },
    ],
    [{ type: "string", enum: [1] }, { type: "string" }],
    [{ type: "string", const: 1 }, { type: "string" }],
    [{ type: "string", items: {}, properties: {} }, { type: "string" }],
    [{ type: "integer", default: "x" }, { type: "integer" }],
    [
      { type: "integer", minimum: 3, default: 1 },
      { type: "integer", minimum: 3 },
    ],
    [{ enum: ["a"], default: "b" }, { enum: ["a"] }],
    [
      { type: "array", items: { enum: ["a"] }, default: ["b"] },
      { type: "array", items: { enum: ["a"] } },
    ],
    [
      { type: "string", examples: ["a", 5] },
      { type: "string", examples: ["a"] },
    ],
    [{ type: ["string", "string"] }, { type: "string" }],
  ])("leaves out what contradicts itself: %j", (schema, expected) => {
    expect(describeProperty(schema)).toEqual(expected);
  });

  it("keeps a default that only a pattern could refuse: patterns of strangers never run", () => {
    const schema = { type: "string", pattern: "^(a+)+$", default: `${"a".repeat(50)}b` };
    expect(describeProperty(schema)).toEqual(schema);
  });

  it("keeps a pattern that does not compile for people to read, with a warning", () => {
    const { input, warnings } = describeTool({
      inputSchema: { type: "object", properties: { p: { type: "string", pattern: "(?P<n>a)" } } },
    });
    expect(input).toMatchObject({ properties: { p: { type: "string", "x-mcp-pattern": "(?P<n>a)" } } });
    expect(warnings).toEqual(['git/"log": the pattern "(?P<n>a)" does not compile and was left out']);
  });

  it("has no key that readers take for a reference or a prototype", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"$ref":{},"ok":{"default":{"$ref":"http://x"}}}}',
    );
    expect(describeProperty(schema)).toEqual({ type: "object", properties: { ok: {} } });
    const { input } = describeTool({ inputSchema: JSON.parse('{"properties":{"$ref":{"type":"string"}}}') });
    expect(input).toEqual({ properties: {}, type: "object", additionalProperties: true });
  });

  it.each([60, 2_000, 20_000])("of %i levels ends before readers do, at 100 levels of the document", (levels) => {
    const tool = { inputSchema: { type: "object", properties: { p: nested(levels) } }, outputSchema: nested(levels) };
    for (const version of ["3.1", "3.0"] as const) {
      const { operation, warnings } = describeTool(tool, { version });
      expect(depthOf({ paths: { path: { post: operation } } })).toBeLessThan(100);
      expect(warnings.length).toBe(levels > 60 ? 1 : 0);
    }
  });

  it("costs no more than a document can hold, and keeps its beginning", () => {
    const properties = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`p${i}`, { type: "string" }]));
    const { input, warnings } = describeTool({ description: "Wide.", inputSchema: { type: "object", properties } });
    expect(JSON.stringify(input, null, 2).length).toBeLessThan(4_000_000);
    expect(input).toMatchObject({ properties: { p0: { type: "string" } } });
    expect(warnings).toEqual(['git/"log": a schema is larger than a document can hold and is described only in part']);
  });

  it("says where it ends", () => {
    expect(JSON.stringify(describeProperty(nested(500)))).toContain("Not described: nested deeper than 64 levels.");
  });
});

describe("older drafts and OpenAPI", () => {
  it.each([
    ["a tuple", { items: [{ type: "string" }] }, { prefixItems: [{ type: "string" }] }],
    [
      "the rest of a tuple",
      { items: [{}], additionalItems: { type: "string" } },
      { prefixItems: [{}], items: { type: "string" } },
    ],
    ["a closed tuple", { items: [{}], additionalItems: false }, { prefixItems: [{}], items: { not: {} } }],
    ["additionalItems of no tuple", { items: {}, additionalItems: false }, { items: {} }],
    [
      "dependencies",
      { dependencies: { a: ["b"], c: { minProperties: 2 } } },
      { dependentRequired: { a: ["b"] }, dependentSchemas: { c: { minProperties: 2 } } },
    ],
    ["an exclusive bound", { minimum: 3, exclusiveMinimum: true }, { exclusiveMinimum: 3 }],
    ["an inclusive bound", { maximum: 3, exclusiveMaximum: false }, { maximum: 3 }],
    ["a flag without a bound", { exclusiveMinimum: true }, {}],
    ["nullable", { type: "string", nullable: true }, { type: ["string", "null"] }],
    [
      "a nullable enum",
      { type: "string", nullable: true, enum: ["a"] },
      { type: ["string", "null"], enum: ["a", null] },
    ],
    ["an example", { type: "string", example: "a" }, { type: "string", examples: ["a"] }],
    ["a draft-04 id", { id: "http://x", type: "string" }, { type: "string" }],
  ])("become 2020-12: %s", (_, schema, expected) => {
    expect(describeProperty(schema)).toEqual(expected);
  });

  it("let a property be named like a keyword", () => {
    const properties = { id: { type: "string" }, example: { type: "string" }, nullable: { type: "boolean" } };
    expect(describeProperty({ type: "object", properties })).toEqual({ type: "object", properties });
  });
});

describe("the outermost schema", () => {
  it("is an object whatever the server says", () => {
    expect(describeTool({ inputSchema: { type: ["object", "null"], properties: { a: {} } } }).input).toEqual({
      type: "object",
      properties: { a: {} },
    });
    expect(describeTool({ inputSchema: { properties: { a: {} } } }).input).toEqual({
      properties: { a: {} },
      type: "object",
    });
  });

  it("lets any arguments through where it described something else", () => {
    const { input, warnings } = describeTool({ inputSchema: { type: "array", items: {} } });
    expect(input).toEqual({ type: "object", properties: {}, additionalProperties: true });
    expect(warnings).toEqual(['git/"log": inputSchema does not describe an object: any arguments are accepted']);
  });
});

describe("warnings about one tool", () => {
  it("come once each and end after ten", () => {
    const properties = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, { pattern: `(${i}` }]));
    const { warnings } = describeTool({
      inputSchema: { type: "object", properties: { ...properties, x: { pattern: "(0" } } },
    });
    expect(warnings.length).toBe(11);
    expect(warnings.at(-1)).toBe('git/"log": and more of the kind');
  });
});

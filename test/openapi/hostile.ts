import type { ServerTools } from "../../src/openapi/server-tools.ts";
import { toolsListed } from "../helpers/tools.ts";

const nested = (levels: number): unknown => {
  let schema: unknown = { type: "string" };
  for (let level = 0; level < levels; level += 1) schema = { type: "object", properties: { a: schema } };
  return schema;
};

const nestedData = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

/** Definitions that double each other: 2^40 strings when written out. */
const bomb = (): unknown => ({
  type: "object",
  properties: { boom: { $ref: "#/$defs/d0" } },
  $defs: Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `d${i}`,
      { anyOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
    ]),
  ),
});

const chain = (length: number): unknown => ({
  type: "object",
  properties: { first: { $ref: "#/$defs/d0" } },
  $defs: Object.fromEntries(
    Array.from({ length }, (_, i) => [`d${i}`, { title: `t${i}`, $ref: `#/$defs/d${i + 1}`, minimum: i }]),
  ),
});

const object = (properties: unknown, rest: object = {}) => ({ type: "object", properties, ...rest });

const schemas: Record<string, unknown> = {
  missing: undefined,
  null: null,
  true: true,
  false: false,
  string: "string",
  list: [],
  empty: {},
  "string root": { type: "string", enum: ["a"] },
  "nullable root": { type: ["object", "null"], properties: { a: { type: "string" } }, default: null },
  "any arguments": { type: "object", additionalProperties: true },
  self: { $ref: "#" },
  tree: object({ value: { type: "string" }, children: { type: "array", items: { $ref: "#" } } }),
  "named root": {
    $ref: "#/definitions/Foo",
    definitions: { Foo: object({ next: { $ref: "#/definitions/Foo" } }) },
    $schema: "http://json-schema.org/draft-07/schema#",
  },
  "json value": object(
    { v: { $ref: "#/$defs/Json" } },
    {
      $defs: {
        Json: {
          anyOf: [
            { type: "string" },
            { type: "array", items: { $ref: "#/$defs/Json" } },
            { type: "object", additionalProperties: { $ref: "#/$defs/Json" } },
            { type: "null" },
          ],
        },
      },
    },
  ),
  "alias ring": object({ a: { $ref: "#/$defs/a" } }, { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }),
  "allOf ring": object(
    { a: { $ref: "#/$defs/a" } },
    { $defs: { a: { allOf: [{ $ref: "#/$defs/a" }, { type: "string" }] } } },
  ),
  "pointer into properties": object({
    a: object({ b: { type: "string", description: "b" } }),
    c: { $ref: "#/properties/a/properties/b", default: "x" },
    d: { $ref: "#/properties/a", description: "like a" },
  }),
  "odd pointers": object(
    {
      a: { $ref: "#/$defs/x~1y" },
      b: { $ref: "#/$defs/x%20z" },
      c: { $ref: "#/%" },
      d: { $ref: "#/$defs/nope" },
      e: { $ref: "#anchor" },
      f: { $ref: "" },
      g: { $ref: "#/required" },
      h: { $ref: "https://x.example/s#/$defs/x~1y" },
      i: { $ref: 5 },
    },
    {
      $id: "https://x.example/s",
      $defs: {
        "x/y": { type: "string" },
        "x z": { type: "integer" },
        x_y: { type: "number" },
        q: { $anchor: "anchor", type: "boolean" },
      },
      required: ["a"],
    },
  ),
  "remote ref": object({
    a: { $ref: "https://evil.example/schema.json", description: "A thing." },
    b: { $ref: "file:///etc/passwd" },
    c: { $ref: "other.json#/$defs/x" },
  }),
  "remote root": { $ref: "http://127.0.0.1:1/x.json" },
  "remote ref in data": object({
    a: {
      default: { $ref: "http://127.0.0.1:1/" },
      enum: [{ $ref: "http://127.0.0.1:1/" }, "b"],
      const: { $ref: "x" },
      "x-y": { $ref: "x" },
    },
  }),
  "draft-07 tuple": {
    $schema: "http://json-schema.org/draft-07/schema#",
    ...object({
      pair: { type: "array", items: [{ type: "string" }, { type: "number" }], additionalItems: false },
      open: { type: "array", items: [{ type: "string" }], additionalItems: { type: "number" } },
      plain: { type: "array", items: { type: "string" }, additionalItems: false },
    }),
  },
  "draft-07 dependencies": object(
    { a: {}, b: {} },
    { dependencies: { a: ["b"], b: { properties: { c: { type: "string" } } } } },
  ),
  "draft-04 bounds": object(
    { a: { type: "number", minimum: 3, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false } },
    { id: "http://x" },
  ),
  "2020-12 everything": object(
    {
      a: {
        type: "array",
        prefixItems: [{ type: "string" }, true],
        items: false,
        contains: { type: "string" },
        minContains: 1,
        unevaluatedItems: false,
      },
      b: JSON.parse('{"if":{"type":"string"},"then":{"minLength":3},"else":false,"$comment":"why"}'),
      c: {
        type: "object",
        patternProperties: { "^x": { type: "string" } },
        additionalProperties: false,
        propertyNames: { pattern: "^[a-z]+$" },
        unevaluatedProperties: false,
        dependentRequired: { a: ["b"] },
        dependentSchemas: { a: true },
      },
      d: { type: ["string", "number", "array", "null"], default: null },
      e: { type: "null" },
      f: { const: "x" },
      g: { type: "string", const: "x" },
      h: { const: null },
      i: { type: "string", contentEncoding: "base64", contentMediaType: "image/png", contentSchema: true },
      j: { anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }], default: null, description: "maybe" },
      k: { oneOf: [{ type: "integer" }, { type: "string" }, { type: "null" }], title: "K" },
      l: { anyOf: [{ enum: ["a"] }, { type: "null" }], default: null },
      m: { type: "integer", exclusiveMinimum: 0, minimum: 0, exclusiveMaximum: 10, maximum: 5 },
      n: { type: ["string", "null"], enum: ["a", null], examples: ["a", null] },
      o: { not: { type: "object", patternProperties: { "^a": true } } },
      p: { not: { type: "string" } },
      q: { $dynamicRef: "#node" },
      r: { $recursiveRef: "#" },
      s: { type: ["string", "integer"], anyOf: [{ minLength: 1 }, { minimum: 1 }], allOf: [true] },
      t: { anyOf: [{ type: "null" }] },
    },
    { $dynamicAnchor: "node" },
  ),
  "from OpenAPI": object(
    {
      a: { type: "string", nullable: true, enum: ["x"], example: "x" },
      b: { $ref: "#/components/schemas/B" },
      c: {
        discriminator: { propertyName: "t", mapping: { x: "#/components/schemas/B" } },
        xml: { name: "n" },
        externalDocs: { url: "https://x.example" },
      },
      d: { nullable: true },
    },
    { components: { schemas: { B: { type: "integer" } } } },
  ),
  "wrong values": object({
    a: {
      type: 42,
      minimum: "3",
      maxLength: -1,
      minItems: 1.5,
      multipleOf: 0,
      uniqueItems: "yes",
      required: "x",
      title: 7,
      description: null,
      format: {},
      enum: "x",
      examples: "x",
      properties: [],
      items: "no",
      allOf: {},
      anyOf: [],
      oneOf: [null, 3],
      not: 5,
      additionalProperties: "no",
      pattern: 7,
      deprecated: 0,
    },
    b: { type: ["string", "string", "any"] },
    c: { type: [] },
    d: { required: true },
    e: null,
    f: 5,
    g: [],
    h: "string",
    i: { required: [], enum: [] },
    j: { type: "any" },
  }),
  contradictions: object({
    a: { type: "object", items: {}, minItems: 1 },
    b: { type: "string", enum: [1, "a"], properties: {} },
    c: { type: "string", enum: [1] },
    d: { type: "integer", const: "x" },
    e: { type: "string", default: 5 },
    f: { type: "integer", minimum: 3, default: 1, examples: [1, 7] },
    g: { type: "array", items: { type: "string", enum: ["a"] }, default: ["b"] },
    h: object({ x: { type: "string" } }, { required: ["x"], default: {} }),
    i: { type: "string", maxLength: 1, default: "long" },
    j: { type: "array" },
    k: { type: "object" },
    l: { type: "object", additionalProperties: false, default: { a: 1 } },
  }),
  "invalid patterns": object({
    a: { type: "string", pattern: "((" },
    b: { type: "string", pattern: "(?P<n>x)\\Z" },
    c: { type: "string", pattern: "(a+)+$" },
    d: { patternProperties: { "((": {}, "^ok": {} } },
    e: { type: "string", pattern: "(".repeat(5000) },
  }),
  "unknown keywords": object({
    a: {
      type: "string",
      enumNames: ["A"],
      markdownDescription: "*a*",
      "x-order": 1,
      _private: { b: [null] },
      "x-null": null,
    },
  }),
  "treacherous names": JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"},"$ref":{"type":"string"},"toString":{"type":"number"},"a":{"default":{"__proto__":1}}},"required":["__proto__","$ref"],"dependentRequired":{"__proto__":["a"]},"__proto__":{"x":1}}',
  ),
  "only treacherous names": JSON.parse('{"type":"object","properties":{"$ref":{"type":"string"}}}'),
  "odd property names": object({
    "": {},
    "a b": {},
    "/": {},
    "~": {},
    "é😀": {},
    "x-y": {},
    default: { type: "string" },
    enum: { type: "string" },
    properties: { type: "string" },
    type: { type: "string" },
    items: { type: "string" },
    example: { type: "string" },
    sessionId: { type: "string" },
  }),
  "2,000 levels": nested(2000),
  "20,000 levels": nested(20_000),
  "2,000 levels of data": object({
    a: { default: nestedData(2000), const: nestedData(2000), "x-a": nestedData(20_000) },
  }),
  "20,000 levels of allOf": (() => {
    let s: unknown = {};
    for (let i = 0; i < 20_000; i += 1) s = { allOf: [s] };
    return s;
  })(),
  "exponential definitions": bomb(),
  "long chain of definitions": chain(10_000),
  text: object({
    a: {
      type: "string",
      description: `\u0000\u001b[31m ${"long words ".repeat(200)} \ud800`,
      title: "<script>alert(1)</script>",
      enum: ["\u0000", "\ud800", "[x](javascript:alert(1))"],
    },
  }),
};

const names = [
  "../x",
  ".",
  "..",
  "...",
  "__proto__",
  "constructor",
  "a/b/c",
  "a{b}",
  "{sessionId}",
  "a b",
  "a?b#c",
  "a%2Fb",
  "ünïcödé 工具 😀",
  "\ud800lone",
  "new\nline",
  "x".repeat(200),
  `${"x".repeat(199)}y`,
  "Case",
  "case",
  "a.b",
  "a_b",
  "a:b",
  "-",
  "'();!*~",
  "$ref",
  "toString",
];

const oddTools: unknown[] = [
  null,
  5,
  [],
  {},
  { name: 7 },
  { name: "" },
  { name: "twice" },
  { name: "twice", description: "again" },
  { name: "odd fields", title: 5, description: ["x"], annotations: "x", execution: "x", inputSchema: {} },
  { name: "annotated", annotations: JSON.parse('{"title":" T ","readOnlyHint":true,"__proto__":{"a":1}}') },
  {
    name: "annotated well",
    annotations: { title: "Well", readOnlyHint: true, extra: [1] },
    description: "",
    title: "",
  },
  { name: "task", execution: { taskSupport: "required" }, inputSchema: object({ a: {} }) },
  { name: "long text", title: "t ".repeat(300), description: `${"A sentence. ".repeat(2_000)}\u0007` },
];

/** A name whose path needs no percent-encoding, because only those operations have references. */
const speakable = (name: string) => name.replaceAll(/[^A-Za-z0-9-]+/g, "_");

/** Everything a server could list to break the document for its neighbours. */
export const hostileTools: readonly unknown[] = [
  ...Object.entries(schemas).map(([name, inputSchema]) => ({ name: `in_${speakable(name)}`, inputSchema })),
  ...Object.entries(schemas).map(([name, outputSchema]) => ({ name: `out_${speakable(name)}`, outputSchema })),
  ...names.map((name) => ({ name, description: `Named ${name}`, inputSchema: object({ a: { type: "string" } }) })),
  ...oddTools,
];

export const hostile: ServerTools = {
  name: "hostile",
  title: "Hostile\u0007",
  instructions: "<script>alert(1)</script>",
  version: 5,
  tools: toolsListed("hostile", hostileTools),
};

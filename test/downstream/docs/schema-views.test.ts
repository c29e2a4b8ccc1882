import { describe, expect, it } from "vitest";
import { propertyTable, typeLabel } from "../../../src/downstream/docs/property-table.ts";
import { printJson } from "../../../src/downstream/docs/raw-json.ts";
import type { JsonObject } from "../../../src/openapi/json.ts";
import { readMarkup } from "./markup.ts";

describe("the label of a type", () => {
  it.each<[string, JsonObject]>([
    ["string", { type: "string" }],
    ["string or null", { type: ["string", "null"] }],
    ["array of number", { type: "array", items: { type: "number" } }],
    ["array of any", { type: "array" }],
    ["string or number", { anyOf: [{ type: "string" }, { type: "number" }] }],
    ["string", { oneOf: [{ type: "string" }, { type: "string", format: "uri" }] }],
    ['"a" or 1 or null', { enum: ["a", 1, null] }],
    ['"x"', { const: "x" }],
    ["any", {}],
  ])("%s", (label, schema) => {
    expect(typeLabel(schema)).toBe(label);
  });

  it("ends somewhere", () => {
    let deep: JsonObject = { type: "string" };
    for (let level = 0; level < 50; level++) deep = { type: "array", items: deep };
    expect(typeLabel(deep)).toBe("array of array of array of …");
  });
});

describe("the table of properties", () => {
  it("shows those inside objects and lists, with what is known of them", () => {
    const schema = {
      type: "object",
      properties: {
        path: { type: "string", description: "Where", minLength: 1 },
        edits: { type: "array", items: { type: "object", properties: { oldText: { type: "string" } } } },
        at: { type: "object", properties: { line: { type: "integer", minimum: 1, default: 1 } } },
      },
      required: ["path"],
    };
    const { text } = readMarkup(String(propertyTable(schema, "Arguments", () => true)));
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "path required string Where minLength: 1 edits array of object edits[].oldText",
    );
    expect(text.replaceAll(/\s+/g, " ")).toContain("at.line integer default: 1 · minimum: 1");
  });

  it("is absent where there is nothing to show", () => {
    expect(propertyTable({ type: "object", properties: {} }, "Arguments", () => true)).toBeUndefined();
  });

  it("ends somewhere", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`p${at}`, { type: "string" }]));
    const { text } = readMarkup(
      String(propertyTable({ properties: { ...many, x: { properties: many } } }, "Arguments", () => true)),
    );
    expect(text).toContain("p79");
    expect(text).not.toContain("p80");
    expect(text).toContain("More properties");
  });
});

describe("a schema as JSON", () => {
  it("is what the server wrote, indented", () => {
    expect(printJson({ a: [1, "b", null] })).toEqual({
      text: '{\n  "a": [\n    1,\n    "b",\n    null\n  ]\n}',
      isWhole: true,
    });
    expect(printJson(true)).toEqual({ text: "true", isWhole: true });
    expect(printJson(undefined)).toEqual({ text: "", isWhole: true });
  });

  it("keeps a property named __proto__", () => {
    expect(printJson(JSON.parse('{"__proto__":{"a":1}}')).text).toContain('"__proto__"');
  });

  it.each<[string, unknown]>([
    ["2,000 levels", nested(2_000)],
    ["100,000 levels", nested(100_000)],
    ["a long list", Array.from({ length: 100_000 }, (_, at) => at)],
    ["many lists", Array.from({ length: 1_000 }, () => Array.from({ length: 1_000 }, () => 1))],
    ["a long text", "x".repeat(1_000_000)],
    ["a long key", { ["x".repeat(1_000_000)]: 1 }],
  ])("says that it is not whole when it has %s", (_what, value) => {
    const { text, isWhole } = printJson(value);
    expect(isWhole).toBe(false);
    expect(text.length).toBeLessThan(100_000);
    expect(text).toContain("…");
  });
});

function nested(levels: number): unknown {
  let value: unknown = "end";
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

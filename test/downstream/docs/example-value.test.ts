import { describe, expect, it } from "vitest";
import { exampleObject, exampleValue } from "../../../src/downstream/docs/example-value.ts";
import type { JsonObject } from "../../../src/openapi/json.ts";
import { inlineSchema } from "../../../src/openapi/inline.ts";
import { SchemaValidator } from "../../../src/downstream/rest/checks/validator.ts";
import { toolsListed } from "../../helpers/tools.ts";

const edit = {
  type: "object",
  properties: { oldText: { type: "string" }, newText: { type: "string" } },
  required: ["oldText", "newText"],
};

describe("an example", () => {
  it.each<[JsonObject, unknown]>([
    [{ type: "string" }, "text"],
    [{ type: "string", format: "date" }, "2026-01-31"],
    [{ type: "string", minLength: 6 }, "textxx"],
    [{ type: "string", examples: ["/etc/hosts"], default: "x" }, "/etc/hosts"],
    [{ type: "string", default: "utf8" }, "utf8"],
    [{ enum: ["a", "b"] }, "a"],
    [{ const: 5 }, 5],
    [{ type: "integer", minimum: 10 }, 10],
    [{ type: "number", exclusiveMaximum: 0 }, -1],
    [{ type: "boolean" }, true],
    [{ type: ["null", "integer"] }, 1],
    [{ anyOf: [{ type: "null" }, { type: "string" }] }, "text"],
    [{ type: "array", items: edit }, [{ oldText: "text", newText: "text" }]],
    [{ type: "array", items: { type: "object", properties: { a: { type: "number" } } } }, [{ a: 1 }]],
    [{ type: "array" }, []],
    [{ type: "null" }, null],
    [{}, "text"],
  ])("of %j", (schema, expected) => {
    expect(exampleValue(schema)).toEqual(expected);
  });

  it("of arguments has those that are required", () => {
    const schema = { type: "object", properties: { a: edit, b: { type: "number" } }, required: ["a"] };
    expect(exampleObject(schema)).toEqual({ a: { oldText: "text", newText: "text" } });
  });

  it("ends somewhere", () => {
    let deep: JsonObject = { type: "string" };
    for (let level = 0; level < 500; level++) deep = { type: "array", items: deep };
    expect(JSON.stringify(exampleValue(deep)).length).toBeLessThan(20);
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`p${at}`, { type: "string" }]));
    expect(Object.keys(exampleObject({ properties: many, required: Object.keys(many) })).length).toBe(40);
    expect(exampleValue({ type: "string", default: "x".repeat(100_000) })).toBe("text");
  });

  it("of a usual schema is what the check of arguments lets through", async () => {
    const inputSchema = {
      type: "object",
      properties: {
        path: { type: "string", minLength: 5 },
        edits: { type: "array", items: { $ref: "#/$defs/edit" }, minItems: 1 },
        mode: { enum: ["fast", "slow"] },
        at: { type: "string", format: "date-time" },
        count: { type: "integer", exclusiveMinimum: 3 },
      },
      required: ["path", "edits", "mode", "at", "count"],
      $defs: { edit },
    };
    const value = exampleObject(
      inlineSchema(
        inputSchema,
        () => {},
        () => true,
      ),
    );
    const [tool] = toolsListed("files", [{ name: "edit", inputSchema }]);
    const validator = new SchemaValidator(() => {});
    if (tool === undefined) throw new Error("no tool");
    const text = JSON.stringify(value);
    expect(await validator.check({ server: "files", tool, part: "inputSchema" }, { value, text })).toEqual([]);
    validator.close();
  });
});

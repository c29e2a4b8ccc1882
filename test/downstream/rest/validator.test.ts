import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { CallArguments } from "../../../src/downstream/rest/arguments.ts";
import { SchemaValidator } from "../../../src/downstream/rest/validator.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import type { GatewayEvent } from "../../../src/protocol/events.ts";
import type { ListedTool } from "../../../src/protocol/tool.ts";

const toolWith = (inputSchema: unknown): ListedTool => ({ name: "tool", listed: { inputSchema } });

function checker() {
  const events: GatewayEvent[] = [];
  const validator = new SchemaValidator((event) => events.push(event));
  const check = (schema: unknown, args: JsonObject) => validator.check(toolWith(schema), "inputSchema", given(args));
  return { validator, events, check };
}

const tuple = [{ type: "string" }, { type: "number" }];

describe("arguments are checked", () => {
  it.each([
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-04/schema#",
  ])("as draft-07 when the schema is of %s", async ($schema) => {
    const schema = { $schema, properties: { pair: { items: tuple, additionalItems: false } } };
    expect(await checker().check(schema, { pair: ["a", "b"] })).toMatchObject([
      { pointer: "/pair/1", keyword: "type" },
    ]);
    expect(await checker().check(schema, { pair: ["a", 1] })).toEqual([]);
  });

  it.each([undefined, "https://json-schema.org/draft/2020-12/schema", "https://example.com/own"])(
    "as 2020-12 when the schema is of %s",
    async ($schema) => {
      const schema = { $schema, properties: { pair: { prefixItems: tuple, items: false } } };
      expect(await checker().check(schema, { pair: ["a", "b"] })).toMatchObject([
        { pointer: "/pair/1", keyword: "type" },
      ]);
      expect(await checker().check(schema, { pair: ["a", 1] })).toEqual([]);
    },
  );

  it("with nothing converted and nothing filled in", async () => {
    const schema = { properties: { n: { type: "integer", default: 7 }, b: { type: "boolean" } } };
    const args = { b: "true" };
    expect(await checker().check(schema, args)).toMatchObject([
      { pointer: "/b", keyword: "type", expected: "boolean" },
    ]);
    expect(args).toEqual({ b: "true" });
  });

  it("with formats", async () => {
    const schema = { properties: { at: { format: "date-time" } } };
    expect(await checker().check(schema, { at: "yesterday" })).toMatchObject([
      { keyword: "format", expected: "date-time" },
    ]);
  });

  it("with pointers that escape what pointers escape (RFC 6901 §3)", async () => {
    const errors = await checker().check({ required: ["a/b~c"], additionalProperties: false }, { "x/y~z": 1 });
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(["/a~1b~0c", "/x~1y~0z"]);
  });

  it("and no more than twenty errors are told", async () => {
    const schema = { properties: { items: { items: { type: "string" } } } };
    expect(await checker().check(schema, { items: Array.from({ length: 1_000 }, (_, n) => n) })).toHaveLength(20);
  });

  it("against the schema of their own tool, though two have the same $id", async () => {
    const { check } = checker();
    const $id = "https://example.com/same.json";
    expect(await check({ $id, properties: { a: { type: "string" } } }, { a: "x" })).toEqual([]);
    expect(await check({ $id, properties: { a: { type: "number" } } }, { a: "x" })).toHaveLength(1);
  });

  it("within references of the schema", async () => {
    const schema = {
      properties: { node: { $ref: "#/$defs/node" } },
      $defs: { node: { properties: { child: { $ref: "#/$defs/node" } }, type: "object" } },
    };
    const errors = await checker().check(schema, { node: { child: { child: 1 } } });
    expect(errors).toMatchObject([{ pointer: "/node/child/child", keyword: "type" }]);
  });
});

describe("arguments are not checked", () => {
  it.each([
    ["a type that does not exist", { properties: { a: { type: "date" } } }],
    ["a reference that leads nowhere", { properties: { a: { $ref: "#/$defs/nowhere" } } }],
    ["a reference to somewhere else", { properties: { a: { $ref: "http://127.0.0.1:1/x.json" } } }],
    ["a keyword of a wrong type", { properties: { a: { required: "a" } } }],
    ["a list where a schema belongs", { properties: [] }],
  ])("and the log says so once, when the schema has %s", async (_what, schema) => {
    const { validator, events } = checker();
    const tool = toolWith(schema);
    for (const a of [1, "x", null]) expect(await validator.check(tool, "inputSchema", given({ a }))).toEqual([]);
    expect(events).toMatchObject([{ type: "trouble" }]);
  });

  it.each([undefined, null, true, "x", 1])("when the schema is %j", async (schema) => {
    const { events, check } = checker();
    expect(await check(schema, { a: 1 })).toEqual([]);
    expect(events).toEqual([]);
  });

  it.each([
    ["itself", { properties: { a: { $ref: "#/properties/a" } } }],
    [
      "one that leads back",
      { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
    ],
    ["what holds it", { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } } }],
    ["the whole schema", { allOf: [{ $ref: "#" }] }],
  ])("when a reference leads to %s, and that does not end us", async (_what, schema) => {
    const { check } = checker();
    for (const a of [1, "x", {}]) expect(await check(schema, { a })).toEqual([]);
  });

  it("against a pattern", async () => {
    expect(await checker().check({ properties: { a: { pattern: "^(a+)+$" } } }, { a: `${"a".repeat(60)}!` })).toEqual(
      [],
    );
  });
});

describe("what was learnt of a tool", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;

  /** Lists change, and each list has its own tools. */
  async function checkNewTool(validator: SchemaValidator): Promise<WeakRef<object>> {
    const tool = toolWith({ type: "object", properties: { a: { type: "string" } } });
    await validator.check(tool, "inputSchema", given({}));
    return new WeakRef(tool);
  }

  it("is forgotten with the tool", async () => {
    const { validator } = checker();
    const tools: WeakRef<object>[] = [];
    for (let n = 0; n < 50; n++) tools.push(await checkNewTool(validator));
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(tools.filter((tool) => tool.deref() !== undefined).length).toBeLessThan(5);
  });
});

function given(value: JsonObject): CallArguments {
  return { value, text: JSON.stringify(value) };
}

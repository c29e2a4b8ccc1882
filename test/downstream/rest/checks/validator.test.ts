import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { CallArguments } from "../../../../src/downstream/rest/arguments.ts";
import { SchemaValidator } from "../../../../src/downstream/rest/checks/validator.ts";
import type { JsonObject } from "../../../../src/lib/json.ts";
import type { GatewayEvent } from "../../../../src/protocol/events.ts";
import type { Tool } from "../../../../src/protocol/tool.ts";

const toolWith = (inputSchema: unknown): Tool => ({
  server: "git",
  name: "tool",
  title: undefined,
  description: undefined,
  inputSchema,
  outputSchema: undefined,
  annotations: undefined,
  taskSupport: "forbidden",
  listed: {},
});

function checker() {
  const events: GatewayEvent[] = [];
  const validator = new SchemaValidator((event) => events.push(event));
  const checkTool = async (tool: Tool, args: JsonObject) =>
    validator.check({ server: "git", tool, part: "inputSchema" }, given(args));
  const check = (schema: unknown, args: JsonObject) => checkTool(toolWith(schema), args);
  return { validator, events, check, checkTool };
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
    const { checkTool, events } = checker();
    const tool = toolWith(schema);
    for (const a of [1, "x", null]) expect(await checkTool(tool, { a })).toEqual([]);
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

describe("an expensive check", () => {
  const string = { type: "string" };
  const long = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`p${n}`, string]));

  it("is checked like all else, off the main thread, whether the schema is large or the value", async () => {
    const large = checker();
    expect(await large.check({ properties: long }, { p499: 1 })).toMatchObject([{ pointer: "/p499", keyword: "type" }]);
    expect(await large.check({ properties: long }, { p499: "x" })).toEqual([]);
    const items = Array.from({ length: 10_000 }, () => "x");
    const schema = { properties: { items: { items: { anyOf: [string, string, string] } } } };
    expect(await checker().check(schema, { items: [...items, 1] })).not.toEqual([]);
    expect(await checker().check(schema, { items })).toEqual([]);
  });

  it("and goes over the limits is not checked, and the log says so once", async () => {
    const below = (level: number) => ({ $ref: `#/$defs/d${level - 1}` });
    const levels = Array.from({ length: 41 }, (_, n) => [`d${n}`, n === 0 ? string : { allOf: [below(n), below(n)] }]);
    const schema = { properties: { a: { $ref: "#/$defs/d40" } }, $defs: Object.fromEntries(levels) as object };
    const { check, events } = checker();
    // As after each new list of tools: the same schema in a new object.
    for (const _again of [1, 2, 3]) expect(await check(structuredClone(schema), { a: "x" })).toEqual([]);
    expect(events).toMatchObject([
      { type: "trouble", what: expect.stringContaining("nothing is checked against it") as string },
    ]);
  });

  it("beyond what is looked at is not checked", async () => {
    const { check, events } = checker();
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`p${n}`, string]));
    expect(await check({ properties: many }, { p1: 1 })).toEqual([]);
    expect(await check({ properties: { a: { enum: ["x".repeat(600_000)] } } }, { a: 1 })).toEqual([]);
    expect(events).toMatchObject([{ cause: "the schema is too large" }]);
  });
});

describe("a format", () => {
  const misfits = async (format: string, a: unknown): Promise<number> =>
    (await checker().check({ properties: { a: { format } } }, { a })).length;

  it.each([
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uuid",
    "json-pointer",
  ])("is checked: %s", async (format) => {
    expect(await misfits(format, "not one, \u0000 as it is")).toBe(1);
  });

  it.each(["email", "hostname", "uri", "uri-reference", "uri-template", "ipv6", "byte", "duration", "json-pointer"])(
    "is not looked for in a long text: %s",
    async (format) => {
      expect(await misfits(format, " ".repeat(80_000))).toBe(0);
    },
  );

  it.each(["url", "regex"])("is left to the server where checking it may take for ever: %s", async (format) => {
    expect(await misfits(format, "(")).toBe(0);
  });

  it("of numbers is checked", async () => {
    expect([await misfits("int32", 2 ** 40), await misfits("int32", 7)]).toEqual([1, 0]);
  });
});

it("a schema that wants to be checked later is checked at once", async () => {
  const { check } = checker();
  expect(await check({ $async: true, properties: { a: { type: "string" } } }, { a: 1 })).toHaveLength(1);
});

describe("the plan of a schema", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;

  /** Lists change, and each list has tool objects of its own. */
  async function checkNewTool(validator: SchemaValidator): Promise<WeakRef<object>> {
    const tool = toolWith({ type: "object", properties: { a: { type: "string" } } });
    await validator.check({ server: "git", tool, part: "inputSchema" }, given({}));
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

import { describe, expect, it } from "vitest";
import { schemaCost } from "../../../../src/downstream/rest/checks/schema-cost.ts";

const string = { type: "string" };
const width = (schema: unknown): number => schemaCost(schema).width;
const endless = { values: Number.POSITIVE_INFINITY, width: Number.POSITIVE_INFINITY };

/** Each level refers twice to the one below. */
function doubling(levels: number): object {
  const $defs: Record<string, object> = { d0: string };
  for (let level = 1; level <= levels; level++) {
    const below = { $ref: `#/$defs/d${level - 1}` };
    $defs[`d${level}`] = { allOf: [below, below] };
  }
  return { $ref: `#/$defs/d${levels}`, $defs };
}

describe("the width of a schema", () => {
  it("stays small where each member has a schema of its own, however deep", () => {
    let schema: object = string;
    for (let level = 0; level < 10; level++)
      schema = { type: "object", properties: { a: schema, b: string, c: string } };
    expect(width(schema)).toBeLessThan(4);
  });

  it.each(["allOf", "anyOf", "oneOf"])("grows with each branch of %s", (keyword) => {
    expect(width({ [keyword]: Array.from({ length: 100 }, () => string) })).toBeGreaterThanOrEqual(100);
    const items = { items: { [keyword]: Array.from({ length: 100 }, () => string) } };
    expect(width({ properties: { a: items } })).toBeGreaterThanOrEqual(100);
  });

  it("adds up what several branches say of the same part", () => {
    const branch = { properties: { a: { anyOf: [string, string, string] } } };
    expect(width({ anyOf: [branch, branch, branch, branch] })).toBeGreaterThanOrEqual(16);
  });

  it("counts a reference each time it is followed, and walks what it leads to once", () => {
    expect(width(doubling(10))).toBeGreaterThanOrEqual(2 ** 10);
    expect(width(doubling(40))).toBeGreaterThanOrEqual(2 ** 40);
    expect(schemaCost(doubling(2_000))).toEqual(endless);
  });

  it.each(["enum", "required"])("grows with each entry of %s", (keyword) => {
    expect(width({ items: { [keyword]: Array.from({ length: 50 }, (_, n) => `${n}`) } })).toBeGreaterThanOrEqual(50);
  });
});

describe("the values of a schema", () => {
  it("are all that is in it, definitions where they are and where they are used", () => {
    expect(schemaCost({ type: "object", properties: { a: string }, required: ["a"] }).values).toBe(6);
    const used = { properties: { a: { $ref: "#/$defs/a" }, b: { $ref: "#/$defs/a" } }, $defs: { a: string } };
    expect(schemaCost(used).values).toBeGreaterThanOrEqual(10);
  });
});

describe("a schema has no bound", () => {
  it.each([
    ["refers to itself", { $ref: "#" }],
    ["holds what refers to it", { properties: { a: { $ref: "#" } } }],
    ["is recursive by a definition", { $ref: "#/$defs/a", $defs: { a: { items: { $ref: "#/$defs/a" } } } }],
    ["refers to nowhere", { $ref: "#/$defs/nowhere" }],
    ["refers to somewhere else", { $ref: "https://example.com/x.json" }],
    ["refers by an anchor", { $ref: "#here" }],
    ["refers to no text", { $ref: 1 }],
    ["refers by a broken escape", { $ref: "#/%zz" }],
    ["refers dynamically", { items: { $dynamicRef: "#here" } }],
  ])("when it %s", (_what, schema) => {
    expect(schemaCost(schema)).toEqual(endless);
  });

  it("and has one when a property has the name of a reference", () => {
    expect(width({ properties: { $ref: string, $dynamicRef: string } })).toBeLessThan(4);
  });

  it("and is found by what pointers escape (RFC 6901 §6)", () => {
    const $defs = { "a/b~c %": string };
    expect(width({ $ref: "#/$defs/a~1b~0c%20%25", $defs })).toBeLessThan(4);
  });
});

it.each([true, false, "x", null, [], {}])("the schema %j costs next to nothing", (schema) => {
  expect(width(schema)).toBeLessThanOrEqual(1);
});

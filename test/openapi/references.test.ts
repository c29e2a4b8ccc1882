import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/openapi/document.ts";
import type { JsonObject } from "../../src/openapi/json.ts";
import { toJson } from "../../src/openapi/serialize.ts";
import { describeTool, options } from "./options.ts";
import { toolsListed } from "../helpers/tools.ts";

const withRefs = (properties: unknown, rest: object = {}) => ({ inputSchema: { type: "object", properties, ...rest } });
const inlined = { profile: "openwebui" } as const;
const propertiesOf = (input: JsonObject | undefined) => input?.["properties"];

describe("references in the full profile", () => {
  it("lead to components named after the operation and the definition", () => {
    const { input, schemas } = describeTool(
      withRefs(
        { a: { $ref: "#/$defs/A" }, b: { $ref: "#/definitions/B" } },
        {
          $defs: { A: { type: "string" }, Unused: { type: "null" } },
          definitions: { B: { type: "array", items: { $ref: "#/$defs/A" } } },
        },
      ),
    );
    expect(propertiesOf(input)).toEqual({
      a: { $ref: "#/components/schemas/git-log_A" },
      b: { $ref: "#/components/schemas/git-log_B" },
    });
    expect(schemas).toMatchObject({
      "git-log_A": { type: "string" },
      "git-log_B": { type: "array", items: { $ref: "#/components/schemas/git-log_A" } },
    });
    expect(schemas).not.toHaveProperty("git-log_Unused");
  });

  it("keep the keywords beside them", () => {
    const { input } = describeTool(
      withRefs({ a: { $ref: "#/$defs/A", description: "This one." } }, { $defs: { A: {} } }),
    );
    expect(propertiesOf(input)).toEqual({ a: { $ref: "#/components/schemas/git-log_A", description: "This one." } });
  });

  it("let a schema contain itself", () => {
    const { input, schemas } = describeTool(
      withRefs({ children: { type: "array", items: { $ref: "#" } } }, { required: ["children"] }),
    );
    expect(input).toEqual({ $ref: "#/components/schemas/git-log_Root" });
    expect(schemas["git-log_Root"]).toEqual({
      type: "object",
      properties: { children: { type: "array", items: { $ref: "#/components/schemas/git-log_Root" } } },
      required: ["children"],
    });
  });

  it("see through a root that only names a definition", () => {
    const { input } = describeTool({
      inputSchema: { $ref: "#/definitions/Args", definitions: { Args: { type: "object", properties: { a: {} } } } },
    });
    expect(input).toEqual({ type: "object", properties: { a: {} } });
  });

  it("may point anywhere in their schema", () => {
    const { input, schemas } = describeTool(
      withRefs({ a: { items: [{ type: "string" }] }, b: { $ref: "#/properties/a/items/0" } }),
    );
    expect(propertiesOf(input)).toMatchObject({ b: { $ref: "#/components/schemas/git-log_properties_a_items_0" } });
    expect(schemas["git-log_properties_a_items_0"]).toEqual({ type: "string" });
  });

  it.each([
    ["#/$defs/x~1y", { "x/y": { type: "string" } }],
    ["#/$defs/x~0y", { "x~y": { type: "string" } }],
    ["#/$defs/x%20y", { "x y": { type: "string" } }],
    ["#there", { a: { $anchor: "there", type: "string" } }],
    ["#there", { a: { $id: "#there", type: "string" } }],
    ["https://x.example/s#/$defs/a", { a: { type: "string" } }],
    ["#/$defs/alias", { alias: { $ref: "#/$defs/a" }, a: { type: "string" } }],
  ])("are found as %s", ($ref, $defs) => {
    const { schemas, input } = describeTool(withRefs({ p: { $ref } }, { $id: "https://x.example/s", $defs }));
    const component = JSON.stringify(propertiesOf(input)).match(/schemas\/([^"]+)/)?.[1] ?? "";
    expect(schemas[component]).toEqual({ type: "string" });
  });

  it("keep definitions apart whose names come out alike", () => {
    const $defs = { "a b": { type: "string" }, a_b: { type: "number" }, "A b": { type: "boolean" } };
    const { input, schemas } = describeTool(
      withRefs({ x: { $ref: "#/$defs/a b" }, y: { $ref: "#/$defs/a_b" }, z: { $ref: "#/$defs/A b" } }, { $defs }),
    );
    const names = JSON.stringify(input).match(/git-log_[A-Za-z0-9_]+/g) ?? [];
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(3);
    expect(names.map((name) => schemas[name]?.["type"])).toEqual(["string", "number", "boolean"]);
  });

  it("keep input and output of a tool apart", () => {
    const tool = { ...withRefs({ a: { $ref: "#/$defs/A" } }, { $defs: { A: { type: "string" } } }) };
    const { schemas } = describeTool({
      ...tool,
      outputSchema: { $ref: "#/$defs/A", $defs: { A: { type: "object", properties: { a: { $ref: "#" } } } } },
    });
    expect(schemas["git-log_A"]).toEqual({ type: "string" });
    expect(schemas["git-log_Output_A"]).toMatchObject({ type: "object" });
  });
});

describe("references that lead out or nowhere", () => {
  it.each([
    "https://evil.example/s.json",
    "file:///etc/passwd",
    "other.json#/a",
    "#/$defs/none",
    "#nowhere",
    "#/%",
    "#/required",
  ])("are noted and never followed: %s", ($ref) => {
    const { input, warnings } = describeTool(withRefs({ p: { $ref, description: "A thing." } }, { required: ["p"] }));
    expect(propertiesOf(input)).toEqual({ p: { description: `A thing.\n\nDescribed elsewhere: ${$ref}` } });
    expect(warnings).toEqual([
      `git/"log": the reference ${JSON.stringify($ref)} points outside its schema or to nothing, and was not followed`,
    ]);
  });

  it("include rings of names", () => {
    const $defs = { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } };
    expect(propertiesOf(describeTool(withRefs({ p: { $ref: "#/$defs/a" } }, { $defs })).input)).toEqual({
      p: { description: "Described elsewhere: #/$defs/a" },
    });
  });
});

describe("references for readers that follow none", () => {
  it("are replaced by what they mean", () => {
    const { input } = describeTool(
      withRefs(
        { a: { $ref: "#/$defs/A" } },
        { $defs: { A: { type: "array", items: { $ref: "#/$defs/B" } }, B: { type: "string" } } },
      ),
      inlined,
    );
    expect(propertiesOf(input)).toEqual({ a: { type: "array", items: { type: "string" } } });
  });

  it("take notes beside them over the definition's own", () => {
    const { input } = describeTool(
      withRefs(
        { a: { $ref: "#/$defs/A", description: "This one.", default: "x" } },
        { $defs: { A: { type: "integer", description: "Any." } } },
      ),
      inlined,
    );
    expect(propertiesOf(input)).toEqual({ a: { type: "integer", description: "This one." } });
  });

  it("hold together with constraints beside them", () => {
    const { input } = describeTool(
      withRefs({ a: { $ref: "#/$defs/A", maxLength: 3 } }, { $defs: { A: { type: "string" } } }),
      inlined,
    );
    expect(propertiesOf(input)).toEqual({ a: { allOf: [{ type: "string" }, { maxLength: 3 }] } });
  });

  it("stop where a schema returns to itself, as wide as they must", () => {
    const $defs = {
      Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } } },
      List: { type: "array", items: { $ref: "#/$defs/List" } },
      Json: { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#/$defs/Json" } }] },
    };
    const { input } = describeTool(
      withRefs({ n: { $ref: "#/$defs/Node" }, l: { $ref: "#/$defs/List" }, j: { $ref: "#/$defs/Json" } }, { $defs }),
      inlined,
    );
    expect(propertiesOf(input)).toEqual({
      n: { type: "object", properties: { next: { type: "object", properties: {} } } },
      l: { type: "array", items: { type: "array", items: {} } },
      j: { anyOf: [{ type: "string" }, { type: "array", items: {} }] },
    });
  });
});

describe("definitions that multiply", { timeout: 30_000 }, () => {
  const twice = (next: number) => ({ anyOf: [{ $ref: `#/$defs/d${next}` }, { $ref: `#/$defs/d${next}` }] });
  const bomb = (levels: number) => {
    const $defs = Object.fromEntries(Array.from({ length: levels }, (_, i) => [`d${i}`, twice(i + 1)]));
    return withRefs({ p: { $ref: "#/$defs/d0" } }, { $defs: { ...$defs, [`d${levels}`]: { type: "string" } } });
  };

  it.each(["full", "gpt", "openwebui"] as const)("cost no more than a tool may, in %s", (profile) => {
    const { operation, warnings } = describeTool(bomb(40), { profile });
    expect(JSON.stringify(operation, null, 2).length).toBeLessThan(5_000_000);
    expect(JSON.stringify(operation)).not.toContain("git-log_d");
    expect(warnings).toContain('git/"log": a schema is larger than a document can hold and is described only in part');
  });

  it("stay references while they are small", () => {
    expect(Object.keys(describeTool(bomb(5)).schemas)).toContain("git-log_d5");
  });

  it("cost one server at most its budget, and other servers nothing", () => {
    const tools = Array.from({ length: 20 }, (_, i) => ({ name: `t${i}`, ...bomb(40) }));
    const quiet = { name: "log", ...withRefs({ p: { $ref: "#/$defs/A" } }, { $defs: { A: { type: "string" } } }) };
    const servers = [
      { name: "loud", tools: toolsListed("loud", tools) },
      { name: "quiet", tools: toolsListed("quiet", [quiet]) },
    ];
    const { document } = openapiDocument(servers, { ...options, profile: "openwebui" });
    expect(toJson(document).length).toBeLessThan(40_000_000);
    const body = document.paths["/api/quiet/log"]?.post?.requestBody?.content["application/json"]?.schema;
    expect(propertiesOf(body)).toEqual({ p: { type: "string" } });
  });

  it("may form a long chain", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`d${i}`, { title: `${i}`, $ref: `#/$defs/d${i + 1}` }]),
    );
    for (const profile of ["full", "gpt"] as const) {
      expect(() => describeTool(withRefs({ p: { $ref: "#/$defs/d0" } }, { $defs }), { profile })).not.toThrow();
    }
  });
});

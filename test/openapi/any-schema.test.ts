import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/openapi/document.ts";
import { lintForGpt } from "../../src/openapi/gpt-lint.ts";
import { toJson } from "../../src/openapi/serialize.ts";
import { toolPayloads } from "./open-webui.ts";
import { git, options } from "./options.ts";

const keywords = [
  ..."type properties items prefixItems additionalItems required enum const default examples $ref $defs definitions".split(
    " ",
  ),
  ..."anyOf allOf oneOf not if additionalProperties patternProperties dependencies minimum exclusiveMinimum".split(" "),
  ..."pattern description nullable $anchor $dynamicRef propertyNames contains x-y unknown __proto__".split(" "),
];

/** Schemas that are nearly right, which break more than noise does. */
const { schema } = fc.letrec<{ schema: unknown; value: unknown }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.boolean(),
    fc.dictionary(fc.constantFrom(...keywords), tie("value"), { maxKeys: 5 }),
  ),
  value: fc.oneof(
    { depthSize: "small" },
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      "string",
      "object",
      "array",
      "null",
      ["string", "null"],
      "#",
      "#/$defs/a",
      "#/properties/a",
      "#a",
      "https://x.example",
    ),
    tie("schema"),
    fc.array(tie("schema"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "$ref", "__proto__"), tie("schema"), { maxKeys: 3 }),
  ),
}));

describe("whatever a server lists", { timeout: 30_000 }, () => {
  it("becomes a document whose references all lead somewhere", () => {
    const property = fc.property(schema, schema, (inputSchema, outputSchema) => {
      const { document } = openapiDocument(git({ name: "t", inputSchema, outputSchema }), options);
      const refs = new Set(toJson(document).match(/(?<="\$ref": "#\/components\/)[^"]+/g));
      const { schemas = {}, responses = {} } = document.components ?? {};
      const defined = [
        ...Object.keys(schemas).map((name) => `schemas/${name}`),
        ...Object.keys(responses).map((name) => `responses/${name}`),
      ];
      expect(refs).toEqual(new Set(defined));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("is taken by GPT Actions and by Open WebUI", () => {
    const property = fc.property(schema, fc.constantFrom("3.1", "3.0"), (inputSchema, version) => {
      const servers = git({ name: "t", inputSchema });
      expect(lintForGpt(openapiDocument(servers, { ...options, version, profile: "gpt" }).document)).toEqual([]);
      const { document } = openapiDocument(servers, { ...options, version, profile: "openwebui" });
      expect(toJson(document)).not.toContain('"$ref"');
      expect(toolPayloads(document).length).toBe(1);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("does not have to be JSON for us to survive it", () => {
    const property = fc.property(
      fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
      (tool) => {
        expect(() =>
          toJson(openapiDocument(git(tool, { name: "t", inputSchema: tool, annotations: tool }), options).document),
        ).not.toThrow();
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});

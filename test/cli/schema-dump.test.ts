import { expect, it } from "vitest";
import { schemaDump } from "../../src/cli/schema-dump.ts";

it("nothing is dumped by default", () => {
  expect(schemaDump({}, {})).toBeUndefined();
  expect(schemaDump({ schemaFormat: "json" }, {})).toBeUndefined();
  expect(schemaDump({}, { npm_config_schemadump: "true" })).toBeUndefined();
});

it("the flags of --schemaDump are those of the command openapi", () => {
  expect(
    schemaDump(
      {
        schemaDump: true,
        schemaFormat: "json",
        schemaAccept: "all",
        schemaServer: "git",
        config: "x.yaml",
        output: "o.json",
      },
      {},
    ),
  ).toEqual({ config: "x.yaml", format: "json", accept: "all", server: "git", output: "o.json" });
  expect(schemaDump({ schemaDump: true }, {})).toEqual({});
});

it("npm start --schemaDump --schemaFormat=json, which npm takes for its own, is understood", () => {
  const env = { npm_lifecycle_event: "start", npm_config_schemadump: "true", npm_config_schemaformat: "json" };
  expect(schemaDump({}, env)).toEqual({ format: "json" });
  expect(schemaDump({ schemaFormat: "yaml" }, env)).toEqual({ format: "yaml" });
});

import { beforeAll, describe, expect, it } from "vitest";
import type { ServerTools } from "../../src/openapi/server-tools.ts";
import { openapiDocument } from "../../src/openapi/document.ts";
import { lintForGpt } from "../../src/openapi/gpt-lint.ts";
import type { DocumentOptions } from "../../src/openapi/options.ts";
import { toJson } from "../../src/openapi/serialize.ts";
import { hostile } from "./hostile.ts";
import { filesOf, redocly, schemaOf, spectral } from "./linters.ts";
import { toolPayloads } from "./open-webui.ts";
import { options } from "./options.ts";
import { realServers } from "./real-tools.ts";

const minutes = 2 * 60_000;
const versions = ["3.1", "3.0"] as const;
const profiles = ["full", "gpt", "openwebui"] as const;
const everyScheme: DocumentOptions["security"] = [
  { kind: "basic" },
  { kind: "bearer" },
  { kind: "apiKey", header: "X-API-Key" },
  { kind: "oidc", url: "https://idp.acme.dev/.well-known/openid-configuration" },
];

let real: readonly ServerTools[] = [];
beforeAll(async () => {
  real = await realServers();
}, minutes);

/** Every form of the document of `servers`, by file name. */
function everyForm(name: string, servers: readonly ServerTools[], overrides: Partial<DocumentOptions> = {}) {
  return versions.flatMap((version) =>
    profiles.map((profile) => {
      const { document } = openapiDocument(servers, { ...options, ...overrides, version, profile });
      return [`${name}-${version}-${profile}.json`, toJson(document)] as const;
    }),
  );
}

function allDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ...everyForm("real", real, { security: everyScheme }),
    ...everyForm("open", real, { security: [], sessionParameter: "absent", layout: "api" }),
    ...everyForm("all", real.slice(0, 1), { accept: "all" }),
    ...everyForm("one", real.slice(0, 1), { sessionParameter: "optional", layout: "server" }),
    ...everyForm("hostile", [hostile]),
    ...everyForm("empty", []),
  ]);
}

describe("documents of the reference servers and of a hostile one", () => {
  it("are free of errors for redocly", { timeout: minutes }, async () => {
    await using files = await filesOf(allDocuments());
    expect(await redocly(files.paths)).toEqual([]);
  });

  it("are free of errors for spectral", { timeout: minutes }, async () => {
    await using files = await filesOf(allDocuments());
    expect(await spectral(files.paths)).toEqual([]);
  });

  it("are valid by the schema of OpenAPI", { timeout: minutes }, async () => {
    for (const [name, text] of allDocuments()) expect([name, await schemaOf(text)]).toEqual([name, "valid"]);
  });
});

describe("a broken document", () => {
  it("is seen by every linter", { timeout: minutes }, async () => {
    const { document } = openapiDocument(real, options);
    const text = toJson(document).replaceAll('"type": "string"', '"type": "text"');
    await using files = await filesOf(new Map([["broken.json", text]]));
    expect((await redocly(files.paths)).length).toBeGreaterThan(0);
    expect((await spectral(files.paths)).length).toBeGreaterThan(0);
    expect(await schemaOf(text.replace('"paths"', '"routes"'))).not.toBe("valid");
  });
});

describe("the gpt profile", { timeout: minutes }, () => {
  it("has one document per reference server that GPT Actions takes whole", () => {
    expect(real.length).toBe(3);
    for (const version of versions) {
      for (const server of real) {
        const { document, limitProblems, warnings } = openapiDocument([server], {
          ...options,
          version,
          profile: "gpt",
        });
        expect(Object.keys(document.paths).length).toBeGreaterThan(5);
        expect({ limitProblems, problems: lintForGpt(document) }).toEqual({ limitProblems: [], problems: [] });
        expect(warnings.filter((warning) => !warning.includes("only runs as a task"))).toEqual([]);
      }
    }
  });

  it("stays readable for GPT Actions whatever a server lists", () => {
    const { document, limitProblems } = openapiDocument([hostile], { ...options, profile: "gpt" });
    expect(lintForGpt(document)).toEqual(limitProblems);
  });
});

describe("the openwebui profile", { timeout: minutes }, () => {
  it.each(versions)("is understood by Open WebUI without a reference left, in %s", (version) => {
    const { document } = openapiDocument([...real, hostile], { ...options, version, profile: "openwebui" });
    const tools = toolPayloads(document);
    expect(tools.length).toBe(Object.keys(document.paths).length);
    expect(JSON.stringify(tools)).not.toContain('"$ref":"');
    for (const tool of tools) expect([tool.name, tool.description]).not.toContain("");
  });

  it("shows the model the arguments of every tool of the reference servers", () => {
    const { document } = openapiDocument(real, { ...options, profile: "openwebui" });
    const shown = new Map(toolPayloads(document).map((tool) => [tool.name, tool]));
    for (const server of real) {
      for (const tool of server.tools) {
        const { name, inputSchema } = JSON.parse(JSON.stringify(tool));
        const payload = shown.get(`${server.name}-${name}`);
        const required = ["sessionId", ...(inputSchema.required ?? [])];
        const properties = ["sessionId", ...Object.keys(inputSchema.properties)];
        expect([name, new Set(payload?.required)]).toEqual([name, new Set(required)]);
        expect([name, new Set(Object.keys(payload?.properties ?? {}))]).toEqual([name, new Set(properties)]);
      }
    }
  });

  it("declares no body for a tool without arguments, which Open WebUI could not call", () => {
    const { document } = openapiDocument(real, { ...options, profile: "openwebui", sessionParameter: "absent" });
    for (const [path, { post }] of Object.entries(document.paths)) {
      const [tool] = toolPayloads({ ...document, paths: { [path]: post === undefined ? {} : { post } } });
      const hasArguments = Object.keys(tool?.properties ?? {}).length > 0;
      expect([path, post?.requestBody !== undefined]).toEqual([path, hasArguments]);
    }
  });
});

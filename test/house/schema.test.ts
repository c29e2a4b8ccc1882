import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { loadConfig, parseConfig } from "../../src/config/load.ts";

// The published schema, with which editors check a config, matches the code and agrees with the gateway.

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

type Verdict = (data: unknown) => boolean;

let isValid: Verdict;
beforeAll(() => {
  isValid = compile(JSON.parse(read("schemas/config.schema.json")));
});

describe("schemas/config.schema.json", () => {
  it("is what the code says: npm run schema writes it", () => {
    expect(read("schemas/config.schema.json")).toBe(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
  });

  it("describes every key, and gives an example that fits it", { timeout: 30_000 }, () => {
    const keys = keysOf(configJsonSchema(), "");
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter(({ schema }) => (schema.description ?? "") === "").map(({ at }) => at)).toEqual([]);
    const unfit = keys.filter(({ schema: { examples = [], ...shape } }) => {
      const fits = compile(shape);
      return examples.length === 0 || !examples.every((example) => fits(example));
    });
    expect(unfit.map(({ at, schema }) => `${at} ${JSON.stringify(schema.examples)}`)).toEqual([]);
    // A schema is compiled for each of them.
  });
});

describe("config.example.yaml", () => {
  it("is a valid config to the gateway", () => {
    const { config } = loadConfig(join(root, "config.example.yaml"), {});
    expect(Object.keys(config.servers)).toEqual(["everything", "filesystem", "memory"]);
    expect(config.hostname).toBe("127.0.0.1");
  });

  it("is a valid config to the schema", () => {
    expect(isValid(parse(read("config.example.yaml")))).toBe(true);
  });

  it("is a valid config with everything that it holds in comments", () => {
    // A comment that is a key, or stands below one: all but sentences.
    const whole = read("config.example.yaml").replaceAll(/^( *)# (?=[a-zA-Z]+:(?: |$)| {2,})/gm, "$1");
    const env = { ADMIN_PASSWORD: "a-password", MCP_GATEWAY_TOKEN: "a-token", METRICS_TOKEN: "b-token" };
    const { auth, publicUrl, servers } = parseConfig("config.example.yaml", whole, env).config;
    expect(Object.keys(auth).toSorted()).toEqual(["apiKeys", "basic", "bearer", "jwt"]);
    expect(publicUrl).toBe("https://mcp.example.com");
    expect(Object.values(servers)).toContainEqual(
      expect.objectContaining({ path: "/srv/files", env: { DEBUG: "0" }, warm: 2 }),
    );
    expect(isValid(parse(whole))).toBe(true);
  });

  it("names the schema to editors", () => {
    expect(read("config.example.yaml")).toMatch(
      /^# yaml-language-server: \$schema=\.\/schemas\/config\.schema\.json\n/,
    );
  });
});

describe("the schema says of a config what the gateway says:", () => {
  const server = "servers: { git: { command: x } }";
  it.each([
    ["no more than a server", server, true],
    ["nothing", "{}", false],
    ["an unknown key", `prot: 1\n${server}`, false],
    ["an unknown key of a server", "servers: { git: { command: x, arg: [] } }", false],
    ["a number as a port", `port: 80\n${server}`, true],
    ["a text as a port", `port: eighty\n${server}`, false],
    ["a port that is none", `port: 65536\n${server}`, false],
    ["a URL", `publicUrl: https://mcp.example.com/x\n${server}`, true],
    ["a text as a URL", `publicUrl: mcp.example.com\n${server}`, false],
    ["a duration", `limits: { idle: 5m }\n${server}`, true],
    ["a duration without unit", `limits: { idle: "5" }\n${server}`, false],
    ["a level", `debug: { level: verbose }\n${server}`, true],
    ["an unknown level", `debug: { level: loud }\n${server}`, false],
    ["a token", `auth: { bearer: { tokens: [a-token] } }\n${server}`, true],
    ["a token with a space", `auth: { bearer: { tokens: ["a token"] } }\n${server}`, false],
    ["any origin", `allowedOrigins: ["*"]\n${server}`, true],
    ["an origin that is no URL", `allowedOrigins: [example.com]\n${server}`, false],
    ["a server without a command", "servers: { git: { args: [] } }", false],
    ["a server with a type", "servers: { git: { type: stdio, command: x } }", true],
    ["a server with a url", "servers: { far: { url: https://mcp.example.com/mcp } }", true],
    ["a server over HTTP+SSE", "servers: { far: { type: sse, url: https://mcp.example.com/sse } }", true],
    ["a server with a type and no url", "servers: { far: { type: http } }", false],
    ["a url that is none", "servers: { far: { type: http, url: ftp://mcp.example.com } }", false],
    [
      "a credential of no known type",
      "servers: { far: { type: http, url: https://a.example.com, auth: { type: x } } }",
      false,
    ],
    ["a server of no known type", "servers: { git: { type: telnet, command: x } }", false],
    ["a server whose name is none", 'servers: { "a b": { command: x } }', false],
    ["a server whose name is a placeholder", 'servers: { "${NAME}": { command: x } }', false],
    ["a variable that is a number", "servers: { git: { command: x, env: { A: 1 } } }", false],
  ])("%s", (_what, yaml, expected) => {
    expect({ schema: isValid(parse(yaml)), gateway: accepts(yaml) }).toEqual({ schema: expected, gateway: expected });
  });

  it.each([
    ["a port", "port: ${PORT}"],
    ["a port with a default", 'port: "${PORT:-80}"'],
    ["a switch", "auth: { basic: { enabled: '${ON}', credentials: [{ username: a, password: b }] } }"],
    ["a duration", 'limits: { idle: "${IDLE}" }'],
    ["half a duration", 'limits: { idle: "${IDLE}m" }'],
    ["a level", 'logging: { level: "${LEVEL}" }'],
    ["a URL", 'publicUrl: "${URL}/x"'],
    ["a token", 'auth: { bearer: { tokens: ["${TOKEN}"] } }'],
  ])("a placeholder may stand in the place of %s", (_what, yaml) => {
    expect(isValid(parse(`${yaml}\n${server}`))).toBe(true);
  });
});

interface Described {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Record<string, Described>;
}

/** Every key at any depth, with its path. */
function keysOf(node: unknown, at: string): { at: string; schema: Described }[] {
  if (Array.isArray(node)) return node.flatMap((inner) => keysOf(inner, at));
  if (typeof node !== "object" || node === null) return [];
  const { properties = {}, ...others } = node as Described & Record<string, unknown>;
  const own = Object.entries(properties).flatMap(([key, schema]) => [
    { at: `${at}.${key}`, schema },
    ...keysOf(schema, `${at}.${key}`),
  ]);
  const inner = ["items", "anyOf", "oneOf", "additionalProperties"].flatMap((key) => keysOf(others[key], at));
  return [...own, ...inner];
}

function accepts(yaml: string): boolean {
  try {
    parseConfig("config.yaml", yaml, {});
    return true;
  } catch {
    return false;
  }
}

/** With the ajv that the MCP SDK installs; the gateway's own use of ajv is elsewhere. */
function compile(schema: object): Verdict {
  const require = createRequire(createRequire(import.meta.url).resolve("@modelcontextprotocol/sdk/client/index.js"));
  const { default: Ajv } = require("ajv") as {
    default: new (options: object) => { compile: (schema: object) => Verdict };
  };
  const { default: addFormats } = require("ajv-formats") as { default: (ajv: object) => void };
  const ajv = new Ajv({ allErrors: true, strict: false });
  addFormats(ajv);
  return ajv.compile(schema);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { credentialFor } from "../../../src/downstream/docs/snippets/credential.ts";
import { exampleCall } from "../../../src/downstream/docs/snippets/example-call.ts";
import { shellWord, type Snippet, type SnippetPlace } from "../../../src/downstream/docs/snippets/snippet.ts";
import { snippetsFor } from "../../../src/downstream/docs/snippets/snippets.ts";
import { ROOT } from "../../helpers/gateway.ts";
import { toolsListed } from "../../helpers/tools.ts";
import type { SecurityScheme } from "../../../src/protocol/security-scheme.ts";

const BEARER: readonly SecurityScheme[] = [{ kind: "basic" }, { kind: "bearer" }];

function snippet(
  client: string,
  place: Partial<SnippetPlace> & { security?: readonly SecurityScheme[] } = {},
): Snippet {
  const { security = BEARER, ...rest } = place;
  const found = snippetsFor({
    server: "files",
    baseUrl: "http://127.0.0.1:3000",
    credential: credentialFor(security),
    documentsArePublic: false,
    example: { tool: "read", body: '{"path":"text"}' },
    ...rest,
  }).find((one) => one.client === client);
  if (found === undefined) throw new Error(`no snippet for ${client}`);
  return found;
}

describe("the snippets", () => {
  it("are there for every client", () => {
    const names =
      "LibreChat, Claude Code, Claude Desktop, Cursor, VS Code, Open WebUI, GPT Actions, mcp-remote, MCP Inspector, curl";
    const all = snippetsFor({
      server: "files",
      baseUrl: "http://127.0.0.1:3000",
      credential: undefined,
      documentsArePublic: true,
      example: undefined,
    });
    expect(all.map(({ client }) => client).join(", ")).toBe(names);
    for (const { text } of all) expect(text).toContain("http://127.0.0.1:3000/");
  });

  it("name no credential when none is needed", () => {
    const all = snippetsFor({
      server: "files",
      baseUrl: "https://mcp.example.com/gw",
      credential: undefined,
      documentsArePublic: false,
      example: { tool: "read", body: "{}" },
    });
    for (const { text, notes } of all)
      expect(`${text} ${notes.join(" ")}`).not.toMatch(/Authorization|MCP_GATEWAY|undefined/);
  });

  it.each<[string, readonly SecurityScheme[], string]>([
    ["a token before a password", BEARER, "Authorization: Bearer ${MCP_GATEWAY_TOKEN}"],
    ["a password", [{ kind: "basic" }], "Authorization: Basic ${MCP_GATEWAY_BASIC}"],
    ["an API key", [{ kind: "apiKey", header: "X-API-Key" }], "X-API-Key: ${MCP_GATEWAY_API_KEY}"],
    [
      "a token of an identity provider",
      [{ kind: "oidc", url: "https://x" }],
      "Authorization: Bearer ${MCP_GATEWAY_TOKEN}",
    ],
  ])("show %s as a variable", (_what, security, header) => {
    for (const client of ["Claude Code", "mcp-remote", "MCP Inspector", "curl"]) {
      expect(snippet(client, { security }).text).toContain(`"${header}"`);
    }
  });
});

describe("LibreChat's snippet", () => {
  it("holds all that LibreChat needs, and nothing else", () => {
    expect(parse(snippet("LibreChat").text)).toEqual({
      mcpSettings: { allowedAddresses: ["127.0.0.1:3000"] },
      mcpServers: {
        files: {
          type: "streamable-http",
          url: "http://127.0.0.1:3000/files/mcp",
          headers: { Authorization: "Bearer ${MCP_GATEWAY_TOKEN}", "X-User-Id": "{{LIBRECHAT_USER_ID}}" },
          requiresOAuth: false,
          timeout: 120_000,
          initTimeout: 120_000,
          serverInstructions: true,
        },
      },
    });
  });

  it("tells how a container reaches a gateway on this machine", () => {
    expect(snippet("LibreChat").notes.join(" ")).toContain("host.docker.internal");
    expect(snippet("LibreChat", { baseUrl: "https://mcp.example.com" }).notes.join(" ")).not.toContain("docker");
  });

  it.each([
    ["http://gateway:3000", "gateway:3000"],
    ["https://mcp.example.com/prefix", "mcp.example.com:443"],
    ["http://10.0.0.5", "10.0.0.5:80"],
    ["http://[::1]:3000", "[::1]:3000"],
    ["http://172.31.0.1:3000", "172.31.0.1:3000"],
  ])("allows the address of %s", (baseUrl, address) => {
    const { mcpSettings, mcpServers } = parse(snippet("LibreChat", { baseUrl }).text);
    expect(mcpSettings).toEqual({ allowedAddresses: [address] });
    expect(mcpServers.files.url).toBe(`${baseUrl}/files/mcp`);
  });

  it.each(["https://203.0.113.4", "http://172.32.0.1:3000", "http://8.8.8.8"])(
    "does not list the public address %s, which LibreChat refuses to see there",
    (baseUrl) => {
      expect(parse(snippet("LibreChat", { baseUrl }).text)).not.toHaveProperty("mcpSettings");
    },
  );

  it.each(["null", "true", "on", "12", "1e3", "0x1f", "a-b_c", "No"])("keeps a server named %s a text", (server) => {
    expect(Object.keys(parse(snippet("LibreChat", { server }).text).mcpServers)).toEqual([server]);
    expect(parse(snippet("LibreChat", { server }).text, { version: "1.1" }).mcpServers).toHaveProperty([server]);
  });
});

describe("the snippets for coding clients", () => {
  it("Claude Code: one command", () => {
    expect(snippet("Claude Code").text).toBe(
      `claude mcp add --transport http files 'http://127.0.0.1:3000/files/mcp' --header "Authorization: Bearer \${MCP_GATEWAY_TOKEN}"`,
    );
  });

  it("Cursor: the config, and a link that holds the same", () => {
    const { text, link } = snippet("Cursor");
    const entry = {
      url: "http://127.0.0.1:3000/files/mcp",
      headers: { Authorization: "Bearer ${env:MCP_GATEWAY_TOKEN}" },
    };
    expect(JSON.parse(text)).toEqual({ mcpServers: { files: entry } });
    const { protocol, host, pathname, searchParams } = new URL(link?.href ?? "");
    expect({ protocol, host, pathname }).toEqual({
      protocol: "cursor:",
      host: "anysphere.cursor-deeplink",
      pathname: "/mcp/install",
    });
    expect(searchParams.get("name")).toBe("files");
    expect(JSON.parse(Buffer.from(searchParams.get("config") ?? "", "base64").toString())).toEqual(entry);
  });

  it("VS Code: asks for the credential, in the config and in the link", () => {
    const { text, link } = snippet("VS Code");
    const { inputs, servers } = JSON.parse(text);
    expect(inputs).toEqual([
      { type: "promptString", id: "mcp-gateway-credential", description: "MCP gateway: your token", password: true },
    ]);
    const entry = {
      type: "http",
      url: "http://127.0.0.1:3000/files/mcp",
      headers: { Authorization: "Bearer ${input:mcp-gateway-credential}" },
    };
    expect(servers).toEqual({ files: entry });
    const [scheme, query = ""] = (link?.href ?? "").split("?");
    expect(scheme).toBe("vscode:mcp/install");
    expect(JSON.parse(decodeURIComponent(query))).toEqual({ name: "files", ...entry, inputs });
  });

  it("without authentication they have neither headers nor inputs", () => {
    const entry = { url: "http://127.0.0.1:3000/files/mcp" };
    expect(JSON.parse(snippet("Cursor", { security: [] }).text)).toEqual({ mcpServers: { files: entry } });
    expect(JSON.parse(snippet("VS Code", { security: [] }).text)).toEqual({
      servers: { files: { type: "http", ...entry } },
    });
  });
});

describe("the snippets for clients that start a program", () => {
  const desktop = (security: readonly SecurityScheme[]): unknown =>
    JSON.parse(snippet("Claude Desktop", { security }).text).mcpServers.files;
  const { name } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly name: string };
  const args = ["-y", name, "connect", "http://127.0.0.1:3000/files/mcp"];

  it("Claude Desktop: the gateway's own command, with the credential in a variable", () => {
    expect(desktop([])).toEqual({ command: "npx", args });
    expect(desktop(BEARER)).toEqual({ command: "npx", args, env: { MCP_GATEWAY_TOKEN: "${MCP_GATEWAY_TOKEN}" } });
    expect(desktop([{ kind: "basic" }])).toEqual({
      command: "npx",
      args: [...args, "--header", "Authorization:${MCP_GATEWAY_HEADER}"],
      env: { MCP_GATEWAY_HEADER: "Basic ${MCP_GATEWAY_BASIC}" },
    });
    expect(desktop([{ kind: "apiKey", header: "X-API-Key" }])).toMatchObject({
      args: [...args, "--header", "X-API-Key:${MCP_GATEWAY_HEADER}"],
    });
  });

  it.each([
    ["http://127.0.0.1:3000", false],
    ["http://localhost:3000", false],
    ["https://mcp.example.com", false],
    ["http://gateway:3000", true],
    ["http://[::1]:3000", true],
  ])("mcp-remote to %s: --allow-http %s", (baseUrl, isNeeded) => {
    expect(snippet("mcp-remote", { baseUrl }).text.includes("--allow-http")).toBe(isNeeded);
  });
});

describe("the snippets for OpenAPI clients", () => {
  it("GPT Actions: the URL to import, and what stands in its way", () => {
    const { text, notes } = snippet("GPT Actions");
    expect(text).toBe("http://127.0.0.1:3000/api/files/openapi.gpt.json");
    expect(notes).toHaveLength(3);
    const fine = snippet("GPT Actions", { baseUrl: "https://mcp.example.com", documentsArePublic: true });
    expect(fine.notes).toEqual(["Authentication: API Key, Bearer, and your token."]);
  });

  it("Open WebUI: what it cannot do with a password", () => {
    expect(snippet("Open WebUI").notes).toEqual([]);
    expect(snippet("Open WebUI", { security: [{ kind: "basic" }] }).notes.join(" ")).toContain("bearer tokens only");
  });

  it("curl: without a call that can be shown, at least the list", () => {
    const { text } = snippet("curl", { example: undefined, security: [] });
    expect(text).toBe("curl -fsS 'http://127.0.0.1:3000/api/files'");
  });
});

describe("a word for a shell", () => {
  it.each([
    ["plain", "'plain'"],
    ["it's", String.raw`'it'\''s'`],
    ['$(reboot) `reboot` \\ "', "'$(reboot) `reboot` \\ \"'"],
  ])("%s", (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});

describe("the call that curl shows", () => {
  const example = (...tools: unknown[]) => exampleCall(toolsListed("x", tools));
  const schema = (properties: object, required = Object.keys(properties)) => ({ type: "object", properties, required });

  it("gives each required argument a value of its type", () => {
    const properties = {
      s: { type: "string", default: "'; reboot" },
      n: { type: "number" },
      b: { type: "boolean" },
      a: { type: "array" },
      o: { type: "object" },
      e: { enum: ["$(reboot)", "fine"] },
      c: { const: 7 },
    };
    const body = '{"s":"text","n":1,"b":true,"a":[],"o":{},"e":"fine","c":7}';
    expect(example({ name: "t", inputSchema: schema(properties) })).toEqual({ tool: "t", body });
  });

  it("prefers a tool that only reads to one that may change something, and never destroys", () => {
    const rm = { name: "a", annotations: { destructiveHint: true } };
    const write = { name: "b" };
    const read = { name: "c", annotations: { readOnlyHint: true } };
    expect(example(rm, write, read)?.tool).toBe("c");
    expect(example(rm, write)?.tool).toBe("b");
    expect(example(rm)).toBeUndefined();
  });

  it.each<[string, object]>([
    ["a name that is not plain", { name: "a'b" }],
    ["a name that is an option", { name: "-rf" }],
    ["a required argument that is not plain", { name: "t", inputSchema: schema({ "$(x)": { type: "string" } }) }],
    ["a required argument of no known type", { name: "t", inputSchema: schema({ a: {} }) }],
    ["an enum of nothing plain", { name: "t", inputSchema: schema({ a: { enum: ["$(x)"] } }) }],
    ["a task", { name: "t", execution: { taskSupport: "required" } }],
  ])("leaves out a tool with %s", (_what, tool) => {
    expect(example(tool)).toBeUndefined();
    expect(example(tool, { name: "z" })).toEqual({ tool: "z", body: "{}" });
  });
});

describe("with tokens of an issuer", () => {
  const security: readonly SecurityScheme[] = [
    { kind: "oidc", url: "https://idp.example.com/.well-known/openid-configuration" },
  ];

  it.each(["Claude Code", "Cursor", "VS Code", "mcp-remote"])("%s is said to sign its user in", (client) => {
    expect(snippet(client, { security }).notes.join(" ")).toContain("the client signs you in");
    expect(snippet(client).notes.join(" ")).not.toContain("signs you in");
  });

  it("programs that cannot do that get a token", () => {
    expect(snippet("curl", { security }).notes.join(" ")).toContain("an access token of your identity provider");
  });
});

it("Open WebUI, which only knows bearer tokens, sends an API key as one", () => {
  const { text, notes } = snippet("Open WebUI", { security: [{ kind: "apiKey", header: "X-API-Key" }] });
  expect(text).toContain("Auth: Bearer, and your API key");
  expect(notes).toEqual([]);
});

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runCli, type CliAnswer } from "../helpers/cli.ts";

// The built executable (dist/main.js), as a user starts it.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-import-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: readonly string[]): Promise<CliAnswer> => runCli(args, { cwd: folder });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe("mcp-gateway import", { timeout: 20_000 }, () => {
  it("prints a config that is valid, and says on stderr what became of the rest", async () => {
    write("claude.json", '{"mcpServers":{"git":{"command":"x","alwaysAllow":["a"]}}}');
    write("proxy.yaml", "proxy: { servers: [{ name: n8n, connection: { url: 'http://n8n.example' } }] }\n");
    const { code, stdout, stderr } = await run("import", "claude.json", "proxy.yaml");
    expect(code).toBe(0);
    expect(parse(stdout)).toMatchObject({
      servers: { git: { command: "x" }, n8n: { url: "http://n8n.example" } },
      port: 8082,
    });
    expect(stderr).toContain("note: claude.json:1:37 servers.git.alwaysAllow is a client setting and is ignored\n");
    write("imported.yaml", stdout);
    expect((await run("validate", "-c", "imported.yaml")).stderr).toContain("2 servers (git, n8n)");
  });

  it("writes a file for this user only, and never over another one", async () => {
    write("mcp.json", '{"servers":{"git":{"command":"x","env":{"TOKEN":"secret"}}}}');
    expect(await run("import", "mcp.json", "-o", "out.yaml")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(statSync(join(folder, "out.yaml")).mode & 0o777).toBe(0o600);
    const again = await run("import", "mcp.json", "--output", "out.yaml");
    expect(again).toMatchObject({ code: 1, stderr: "out.yaml exists already, and is not overwritten\n" });
  });

  it("exits with 1 when something is missing in the result, and with 78 when a file cannot be read as one", async () => {
    write("far.json", '{"mcpServers":{"a":{"type":"ws","url":"ws://x"},"b":{"command":"x"}}}');
    const { code, stdout, stderr } = await run("import", "far.json");
    expect([code, parse(stdout)]).toEqual([1, { servers: { b: { command: "x" } } }]);
    expect(stderr).toContain("problem: far.json:1:33 servers.a: servers over ws are not supported");
    write("rubbish.json", "{ [");
    expect(await run("import", "rubbish.json")).toMatchObject({ code: 78, stdout: "" });
    expect(await run("import", "nowhere.json")).toMatchObject({ code: 1, stdout: "" });
    expect(await run("import")).toMatchObject({ code: 2 });
  });
});

describe("mcp-gateway init", { timeout: 20_000 }, () => {
  it("writes a valid config with a token that nobody has, and never over another file", async () => {
    const { code, stderr } = await run("init", "first.yaml");
    expect(code).toBe(0);
    const text = readFileSync(join(folder, "first.yaml"), "utf8");
    const { auth } = parse(text) as { auth: { bearer: { tokens: [string] } } };
    expect(auth.bearer.tokens[0]).toMatch(/^mcp_[\w-]{43}$/);
    expect(stderr).toContain("mcp-gateway -c first.yaml");
    expect(statSync(join(folder, "first.yaml")).mode & 0o777).toBe(0o600);
    expect((await run("validate", "-c", "first.yaml")).code).toBe(0);
    const again = await run("init", "first.yaml");
    expect(again).toMatchObject({ code: 1, stderr: "first.yaml exists already, and is not overwritten\n" });
    expect(readFileSync(join(folder, "first.yaml"), "utf8")).toBe(text);
    await run("init");
    expect(readFileSync(join(folder, "config.yaml"), "utf8")).not.toContain(auth.bearer.tokens[0]);
  });
});

describe("mcp-gateway validate", { timeout: 20_000 }, () => {
  it("says whose config it is, and prints what it became", async () => {
    write("isa.yml", "upstreams: [{ name: a, url: 'http://a.example', timeoutMs: 1500 }]\npolicy: {}\n");
    const { code, stdout, stderr } = await run("validate", "-c", "isa.yml", "--print");
    expect(code).toBe(0);
    expect(stderr).toContain(
      "note: isa.yml:1:1 this is a config of @isanjosgon/mcp-gateway, read as one of this gateway",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      port: 8080,
      policy: { reveal: true },
      servers: { a: { type: "streamable-http", url: "http://a.example", timeout: "1500ms" } },
    });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { fixture } from "../helpers/gateway.ts";
import { runCli, type CliAnswer } from "../helpers/cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-arguments-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: readonly string[]): Promise<CliAnswer> => runCli(args, { cwd: folder });

describe("mcp-gateway --help", { timeout: 20_000 }, () => {
  it("shows the options of run, and three examples that name only options there are", async () => {
    const { stdout } = await run("--help");
    for (const option of ["-c, --config <file>", "--port <number>", "--host <address>", "--schemaDump"])
      expect(stdout).toContain(option);
    const examples = stdout.split("Examples:")[1] ?? "";
    expect(examples.match(/^ {2}mcp-gateway .*/gm)).toHaveLength(3);
    const declared = stdout.split("Examples:")[0] ?? "";
    for (const [option] of examples.matchAll(/(?<= )--?[A-Za-z]+(?= )/g))
      expect(option === "-y" || declared.includes(option)).toBe(true);
  });
});

describe("a mistyped command line", { timeout: 20_000 }, () => {
  it.each([
    [["--prot", "1"], /unknown option '--prot'\n\(Did you mean --port\?\)/],
    [["--schema-dmp"], /unknown option '--schema-dmp'\n\(Did you mean --schemaDump\?\)/],
    [["config.yaml"], /unknown command "config\.yaml"\. Did you mean -c config\.yaml\?/],
    [["run", "config.yml"], /run takes no argument "config\.yml"\. Did you mean -c config\.yml\?/],
    [["validate", "my.json"], /validate takes no argument "my\.json"\. Did you mean -c my\.json\?/],
    [["npx", "-y", "x"], /Put the command of a server after --: mcp-gateway run -- npx …/],
    [["run", "npx", "-y", "x"], /Put the command of a server after --: mcp-gateway run -- npx …/],
    [["run", "--"], /-- must be followed by the command of a server/],
    [["validate", "--", "x"], /validate takes no server command/],
    [["run", "-c", "x.yaml", "--", "y"], /either a config \(-c\) or a server command/],
    [["--port", "80000"], /A port is a whole number from 0 to 65535\./],
    [["--port", "http"], /A port is a whole number from 0 to 65535\./],
    [["--host="], /An address is needed, such as 127\.0\.0\.1 or 0\.0\.0\.0\./],
  ])("%j is refused with the cure, and exits with 2", async (args, expected) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(expected);
  });
});

describe("an option", { timeout: 60_000 }, () => {
  it.each([
    ["--schemaDump", "--schemaFormat", "--allowPartial"],
    ["--schema-dump", "--schema-format", "--allow-partial"],
  ])("of run may be spelt %s", async (dump, format, allow) => {
    const file = config({ echo: fixture("echo"), gone: { command: "gti-is-not-there" } });
    const { code, stdout } = await run("-c", file, dump, `${format}=json`, allow);
    expect(code).toBe(0);
    expect(Object.keys((JSON.parse(stdout) as { paths: object }).paths)).toContain("/api/echo/echo");
  });

  it.each([["--allow-partial"], ["--allowPartial"]])("of openapi may be spelt %s", async (allow) => {
    const file = config({ echo: fixture("echo"), gone: { command: "gti-is-not-there" } });
    expect(await run("openapi", "-c", file)).toMatchObject({ code: 1 });
    expect(await run("openapi", "-c", file, allow)).toMatchObject({ code: 0 });
  });

  it("behind -- is the server's own, however it is spelt", async () => {
    const [command, script] = [process.execPath, ...(fixture("echo")["args"] as string[])];
    const { code, stdout } = await run("openapi", "--", command, script ?? "", "--allowPartial");
    expect(code).toBe(0);
    expect(stdout).toContain("/api/echo/echo:");
  });
});

describe("mcp-gateway health", { timeout: 20_000 }, () => {
  it("asks the port of --port, and the one of a gateway without config when there is none", async () => {
    const server = createServer((_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const env = { CONFIG_PATH: "/nowhere/config.yaml" };
    const answer = await runCli(["health", "--port", String(port)], { cwd: folder, env });
    server.close();
    expect(answer).toMatchObject({ code: 0, stderr: `http://127.0.0.1:${port} is ready\n` });
    expect(await runCli(["health", "-c", "nowhere.yaml"], { cwd: folder })).toMatchObject({ code: 78 });
  });
});

describe("mcp-gateway validate", { timeout: 20_000 }, () => {
  it("tells what became of a pasted config", async () => {
    const file = join(folder, "pasted.json");
    writeFileSync(file, '{"mcpServers": {"a": {"command": "x"}, "A": {"command": "y"}}}');
    const { code, stderr } = await run("validate", "-c", file);
    expect(code).toBe(0);
    expect(stderr).toContain(`note: ${file}:1:2 mcpServers is read as servers\n`);
    expect(stderr).toContain(`warning: ${file}:1:40 servers.A differs from servers.a only in case`);
  });

  it("shows every key of the schema with --print, with its effective value", async () => {
    const file = join(folder, "print.yaml");
    writeFileSync(file, "debug: { level: debug }\nrest: { timeout: 20s }\nservers: { git: { command: x } }\n");
    const { stdout } = await run("validate", "-c", file, "--print");
    const shown = JSON.parse(stdout) as object;
    expect(shown).toMatchObject({
      publicUrl: null,
      logging: { level: "debug" },
      auth: { basic: { enabled: false }, bearer: { enabled: false } },
      servers: { git: { type: "stdio", path: folder, timeout: null, warm: 0 } },
    });
    expect(missing(configJsonSchema(), shown, "")).toEqual([]);
  });
});

function config(servers: object): string {
  const file = join(folder, "servers.yaml");
  writeFileSync(file, JSON.stringify({ servers }));
  return file;
}

/** The keys that a schema declares and a value lacks. */
function missing(schema: unknown, value: unknown, at: string): string[] {
  if (typeof schema !== "object" || schema === null || typeof value !== "object" || value === null) return [];
  const { properties = {} } = schema as { properties?: Record<string, object> };
  return Object.entries(properties).flatMap(([key, inner]) => {
    const own: unknown = Reflect.get(value, key);
    return own === undefined ? [`${at}.${key}`] : missing(inner, own, `${at}.${key}`);
  });
}

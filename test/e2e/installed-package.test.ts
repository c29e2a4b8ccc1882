import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { fixture, ROOT, startGateway } from "../helpers/gateway.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";

// The npm package, installed into an empty folder without a network, is complete.

const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-installed-"));
const modules = join(folder, "node_modules");
const installed = join(modules, "mcp-session-gateway");
const executable = join(modules, ".bin/mcp-gateway");

beforeAll(async () => {
  // The existing build: otherwise npm would rebuild it while other tests use it.
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], ROOT);
  const [tarball = "no tarball"] = readdirSync(folder);
  writeFileSync(join(folder, "package.json"), "{}");
  const offline = ["--offline", "--cache", join(folder, "empty-cache"), "--no-audit", "--no-fund"];
  await run("npm", ["install", ...offline, join(folder, tarball)]);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("it brings nothing but itself", () => {
  expect(readdirSync(modules).filter((name) => !name.startsWith("."))).toEqual(["mcp-session-gateway"]);
});

test("its command runs, and says its version", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect((await run(executable, ["--version"])).stdout.trim()).toBe(version);
});

test("--schemaDump describes the tools of a server", async () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, JSON.stringify({ hostname: "127.0.0.1", servers: { echo: fixture("echo") } }));
  const { stdout } = await run(executable, ["--schemaDump", "-c", file]);
  expect((parse(stdout) as { paths: object }).paths).toHaveProperty(["/api/echo/echo", "post"]);
});

test("it serves sessions, REST calls with checked arguments, and pages", async () => {
  await using gateway = await startGateway(
    { servers: { echo: fixture("echo") } },
    { main: join(installed, "dist/main.js") },
  );
  await using client = await StreamableClient.open(`${gateway.url}/echo/mcp`);
  expect(await client.call("echo", { message: "hello" })).toContain("hello");
  const rest = new RestClient(gateway.url);
  expect((await rest.call("echo/echo", { message: "hello" })).text).toContain("hello");
  expect(await rest.call("echo/echo", { message: 5 })).toMatchObject({ status: 422 });
  const page = await rest.ask("/docs");
  expect([page.status, page.text]).toEqual([200, expect.stringContaining("<!doctype html>")]);
  for (const path of ["/docs/style.css", "/docs/page.js"]) expect(await rest.ask(path)).toMatchObject({ status: 200 });
});

test("it names whose code it holds, under which licence", () => {
  const notices = readFileSync(join(installed, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
  expect(notices).toMatch(/^express@5\.\d+\.\d+, license: MIT$/m);
  expect(notices).toContain("Copyright (c) 2009-2014 TJ Holowaychuk");
  expect(readFileSync(join(installed, "LICENSE"), "utf8")).toContain("MIT License");
});

function run(command: string, args: readonly string[], cwd = folder): Promise<{ readonly stdout: string }> {
  // A clean environment: under npm, the test run has variables of npm's own, which npm would follow.
  const { PATH = "", HOME = folder } = process.env;
  return promisify(execFile)(command, args, { cwd, env: { PATH, HOME }, timeout: 60_000 });
}

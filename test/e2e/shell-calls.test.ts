import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { processesMatching } from "../helpers/children.ts";
import { runCli, type CliAnswer } from "../helpers/cli.ts";
import { fixture, ROOT } from "../helpers/gateway.ts";
import { until } from "../helpers/until.ts";

// Tools listed and called from a shell: the built executable, with real servers.

const folder = mkdtempSync(join(tmpdir(), "shell-calls-"));
const mark = randomUUID();
const marked = (name: string, env: object = {}): object => fixture(name, { env: { MARK: mark, ...env } });

afterEach(() =>
  until(() => processesMatching(mark).length === 0, { deadlineMs: 2_000, what: "nothing runs any more" }),
);
afterAll(() => rmSync(folder, { recursive: true }));

function config(servers: object, more: object = {}): string {
  const file = join(folder, `${randomUUID()}.yaml`);
  writeFileSync(file, JSON.stringify({ hostname: "127.0.0.1", servers, ...more }));
  return file;
}

const both = config({
  checked: marked("checked-arguments"),
  all: marked("offers-everything"),
  theirs: marked("echo", { WHO: "{{headers.x-user}}" }),
});

const run = (...args: readonly string[]): Promise<CliAnswer> => runCli(args, { cwd: folder });

async function piped(input: string, ...args: readonly string[]): Promise<CliAnswer> {
  const child = spawn(process.execPath, [join(ROOT, "dist/main.js"), ...args], { cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  child.stdin.end(input);
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

describe("mcp-gateway tools", { timeout: 30_000 }, () => {
  test("prints the tools of a server with their arguments, and of all servers as JSON; the log stays out of it", async () => {
    const { code, stdout, stderr } = await run("tools", "checked", "-c", both);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("checked (checked-arguments.mjs 1.0.0)\n  draft-07\n      Shows its arguments\n");
    expect(stdout).toContain('mode?: "r" | "w"');
    const all = await run("tools", "--json", "-c", both, "--header", "X-User: ann");
    expect(all.code).toBe(0);
    expect(JSON.parse(all.stdout)).toMatchObject([
      { server: "checked", tools: expect.arrayContaining([expect.objectContaining({ name: "draft-07" })]) },
      { server: "all", serverInfo: { name: "offers-everything" } },
      { server: "theirs", tools: expect.arrayContaining([expect.objectContaining({ name: "echo" })]) },
    ]);
  });

  test("a server that does not start is named, the others are printed, and the exit code is 1", async () => {
    const file = config({ gone: { command: "no-such-program" }, all: marked("offers-everything") });
    const { code, stdout, stderr } = await run("tools", "-c", file);
    expect(code).toBe(1);
    expect(stdout).toContain("all (offers-everything 1.0.0)\n  read_a\n");
    expect(stderr).toBe(
      'server "gone": The MCP server "gone" could not be started: "no-such-program" was not found on PATH.\n',
    );
    const json = await run("tools", "-c", file, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject([{ server: "gone", error: { code: "spawn_failed" } }, {}]);
  });
});

describe("mcp-gateway call", { timeout: 30_000 }, () => {
  test("prints the text of the result; the arguments come from the option, a file or stdin", async () => {
    const file = join(folder, "arguments.json");
    writeFileSync(file, '\uFEFF{"n": 9007199254740993}\n');
    for (const [args, input] of [
      ['{"n":9007199254740993}', ""],
      [`@${file}`, ""],
      ["-", '{\n"n":\n9007199254740993}'],
    ])
      expect(await piped(input ?? "", "call", "checked", "with-default", "--args", args ?? "", "-c", both)).toEqual({
        code: 0,
        stdout: expect.stringMatching(/9007199254740993|9007199254740992/),
        stderr: "",
      });
  });

  test("the server may be part of the name, and comes after -- in the place of a config", async () => {
    const named = await run("call", "checked__unique", "-c", both, "--json");
    expect(named.code).toBe(0);
    expect(JSON.parse(named.stdout)).toHaveProperty("content");
    const alone = [process.execPath, join(ROOT, "test/fixtures/servers/echo.mjs")];
    const { code, stdout } = await run("call", "echo", "--args", '{"message":"hello"}', "--", ...alone);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "hello\n" });
  });

  test("a server that is filled in from its caller gets the headers given here, and is not started without them", async () => {
    const { code, stdout } = await run("call", "theirs", "env", "-c", both, "--header", "x-user: ann");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ WHO: "ann" });
    const refused = await run("call", "theirs", "env", "-c", both);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).toContain('needs the header x-user of the request. --header "Name: value" gives it.');
  });

  test("what a tool reports as an error goes to stderr, with exit code 1", async () => {
    const file = config({ narrator: marked("narrates") });
    const failed = await run("call", "narrator", "failure", "-c", file);
    expect(failed).toEqual({ code: 1, stdout: "", stderr: "no such file\n" });
    const json = await run("call", "narrator", "failure", "-c", file, "--json");
    expect([json.code, json.stderr]).toEqual([1, ""]);
    expect(JSON.parse(json.stdout)).toMatchObject({ isError: true });
  });

  test.each([
    ["no tool", ["call"], /missing required argument/],
    ["an unknown option", ["call", "checked", "unique", "--nope"], /unknown option/],
    ["an unknown server", ["call", "chekced", "unique"], /no server "chekced"; it has: .* did you mean "checked"\?/],
    [
      "an unknown tool",
      ["call", "checked", "uniqe"],
      /has no such tool\. Did you mean "unique"\? mcp-gateway tools checked/,
    ],
    [
      "arguments that are no JSON",
      ["call", "checked", "unique", "--args", "{a:1}"],
      /not valid JSON.*Quote it for the shell/,
    ],
    ["arguments that are no object", ["call", "checked", "unique", "--args", "[1]"], /must be a JSON object/],
    ["a file that is not there", ["call", "checked", "unique", "--args", "@nowhere.json"], /nowhere\.json/],
    [
      "arguments that do not fit the schema",
      ["call", "checked", "with-default", "--args", '{"n":"x"}'],
      /do not match the tool's schema at \/n: must be integer\. mcp-gateway tools checked --json/,
    ],
    ["a time that is none", ["call", "checked", "unique", "--timeout", "soon"], /--timeout: soon/],
    ["a header that is none", ["tools", "--header", "soon"], /a header is written/],
  ])("%s is wrong use: exit code 64, and nothing on stdout", async (_what, args, message) => {
    const { code, stdout, stderr } = await run(...args, "-c", both);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("a config with mistakes is exit code 78, and the help 0", async () => {
    const file = join(folder, "broken.yaml");
    writeFileSync(file, "prot: 1\n");
    expect((await run("call", "a", "b", "-c", file)).code).toBe(78);
    const help = await run("call", "--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("Exit codes: 0, 1 if a tool");
  });

  test("a call that takes too long ends", async () => {
    const file = config({ slow: marked("never-answers") });
    const listed = await run("tools", "--json", "-c", file);
    const [tool] = (JSON.parse(listed.stdout) as { tools: { name: string }[] }[])[0]?.tools ?? [];
    const { code, stderr } = await run("call", "slow", tool?.name ?? "", "--timeout", "200ms", "-c", file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/did not answer|took longer|200/);
  });
});

describe("mcp-gateway routes", { timeout: 30_000 }, () => {
  test("prints every way in without starting anything, and with --ask what the servers have in common", async () => {
    const file = config(
      { one: marked("offers-everything"), two: marked("offers-everything"), gone: { command: "no-such-program" } },
      { routing: [{ match: { tool: "write" }, server: "two" }], cache: { dir: join(folder, "cache") } },
    );
    const { code, stdout, stderr } = await run("routes", "-c", file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("routing.0  tool write → two\n");
    expect(stdout).toContain("not known: what one, two, gone list;");
    const asked = await run("routes", "-c", file, "--ask", "--json");
    expect(asked.code).toBe(0);
    const report = JSON.parse(asked.stdout) as { unknown: unknown; sharedNames: { name: string }[] };
    expect(report.unknown).toEqual(["gone"]);
    expect(report.sharedNames.find(({ name }) => name === "write")).toMatchObject({ plainly: "two" });
    expect(report.sharedNames.find(({ name }) => name === "drop")).not.toHaveProperty("plainly");
  });

  test("a route to a server that is not there is a mistake of the config: exit code 78", async () => {
    const file = config({ git: marked("echo") }, { routing: [{ match: { method: "*" }, upstream: "gti" }] });
    const { code, stderr } = await run("routes", "-c", file);
    expect(code).toBe(78);
    expect(stderr).toMatch(/:1:\d+ routing\.0\.upstream: there is no server of this name; did you mean "git"\?/);
  });
});

import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { processesMatching } from "../helpers/children.ts";
import { fixture, realServer, ROOT, startGateway } from "../helpers/gateway.ts";
import { until } from "../helpers/until.ts";

// The documents on the command line, with nothing else on stdout.

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, { readonly post?: Readonly<Record<string, unknown>> }>>;
  readonly components?: { readonly securitySchemes?: object };
}

const folder = mkdtempSync(join(tmpdir(), "openapi-dump-"));
/** An environment variable of everything that a dump starts. */
const mark = randomUUID();

afterEach(() =>
  until(() => processesMatching(mark).length === 0, { deadlineMs: 1_000, what: "nothing runs any more" }),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** A config file with these servers, each marked by the variable. */
function config(servers: Record<string, { readonly env?: object }>, more: object = {}): string {
  const file = join(folder, `${randomUUID()}.yaml`);
  const marked = Object.entries(servers).map(([name, entry]) => [
    name,
    { ...entry, env: { ...entry.env, MARK: mark } },
  ]);
  writeFileSync(file, JSON.stringify({ hostname: "127.0.0.1", servers: Object.fromEntries(marked), ...more }));
  return file;
}

function started(command: string, args: readonly string[], env: Record<string, string>) {
  const { PATH = "", HOME = folder } = process.env;
  // A clean environment: under npm, the test run has variables of npm's own, which are what is tested.
  return spawn(command, args, {
    cwd: ROOT,
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
  });
}

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const child = started(command, args, env);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

const gateway = (...args: string[]): Promise<Run> => run(process.execPath, ["dist/main.js", ...args]);
const npmStart = (file: string, ...args: string[]): Promise<Run> =>
  run("npm", ["start", "--silent", ...args], { CONFIG_PATH: file, npm_config_update_notifier: "false" });

/** Parses stdout as a single document. */
function documentIn(stdout: string, format: "json" | "yaml"): Document {
  const shape = format === "json" ? /^\{\n {2}"openapi": "3[^]*\n\}\n$/ : /^openapi: "?3\.[^]*[^\n]\n$/;
  if (!shape.test(stdout)) throw new Error(`this is more or less than a document:\n${stdout.slice(0, 500)}`);
  return (format === "json" ? JSON.parse(stdout) : parse(stdout)) as Document;
}

const toolsIn = ({ paths }: Document): unknown[] =>
  Object.values(paths).flatMap(({ post }) =>
    post === undefined ? [] : `${String(post["x-mcp-server"])}:${String(post["x-mcp-tool"])}`,
  );

const two = { counter: fixture("counter"), pages: fixture("lists-in-pages") };
const ALL = [
  "counter:next",
  "counter:whoami",
  ...["five", "four", "grow", "one", "six", "three", "two"].map((name) => `pages:${name}`),
];

describe("the commands of the README", () => {
  test("npm start -- --schemaDump prints YAML", async () => {
    const { code, stdout } = await npmStart(config(two), "--", "--schemaDump");
    expect(toolsIn(documentIn(stdout, "yaml"))).toEqual(ALL);
    expect(code).toBe(0);
  });

  test("npm start -- --schemaDump --schemaFormat json prints JSON", async () => {
    const { code, stdout } = await npmStart(config(two), "--", "--schemaDump", "--schemaFormat", "json");
    expect(toolsIn(documentIn(stdout, "json"))).toEqual(ALL);
    expect(code).toBe(0);
  });

  test("do the same without the dashes, when npm takes the flags for its own", async () => {
    const yaml = await npmStart(config(two), "--schemaDump");
    const json = await npmStart(config(two), "--schemaDump", "--schemaFormat=json");
    expect([yaml.code, json.code]).toEqual([0, 0]);
    expect(documentIn(yaml.stdout, "yaml")).toEqual(documentIn(json.stdout, "json"));
  });

  test("print what the command openapi prints", async () => {
    const file = config(two);
    const dumps = await Promise.all([
      gateway("-c", file, "--schemaDump"),
      gateway("--config", file, "--schemaDump", "--schemaFormat", "yaml"),
      gateway("openapi", "-c", file),
      gateway("openapi", "-c", file, "--format", "yaml"),
    ]);
    const [first] = dumps;
    expect(dumps.map(({ code, stdout }) => [code, stdout === first.stdout])).toEqual(dumps.map(() => [0, true]));
    const options = [
      "--schemaProfile",
      "gpt",
      "--schemaServer",
      "pages",
      "--schemaVersion",
      "3.0",
      "--schemaFormat",
      "json",
    ];
    const [dump, command] = await Promise.all([
      gateway("-c", file, "--schemaDump", ...options),
      gateway("openapi", "-c", file, "--profile", "gpt", "--server", "pages", "--version", "3.0", "--format", "json"),
    ]);
    expect(dump.stdout === command.stdout).toBe(true);
    expect(toolsIn(documentIn(dump.stdout, "json"))).toHaveLength(7);
  });
});

describe("a dump", () => {
  test("says how to authenticate, and no secret", async () => {
    const auth = {
      basic: { credentials: [{ username: "admin", password: "the-pass-word" }] },
      bearer: { tokens: ["the-bearer-token"] },
    };
    const { stdout, stderr } = await gateway("openapi", "-c", config(two, { auth }), "--format", "json");
    const { security, components } = documentIn(stdout, "json");
    expect(security).toEqual(expect.arrayContaining([{ basicAuth: [] }, { bearerAuth: [] }]));
    expect(components?.securitySchemes).toMatchObject({
      basicAuth: { scheme: "basic" },
      bearerAuth: { scheme: "bearer" },
    });
    expect(stdout + stderr).not.toMatch(/the-pass-word|the-bearer-token/);
  });

  test("goes to a file with -o, for one server, profile and version", async () => {
    const file = join(folder, "gpt.json");
    const options = ["--format", "json", "--profile", "gpt", "--server", "pages", "--version", "3.0", "-o", file];
    const more = { publicUrl: "https://mcp.example.com" };
    const { code, stdout } = await gateway("openapi", "-c", config(two, more), ...options);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const document = documentIn(readFileSync(file, "utf8"), "json");
    expect(document).toMatchObject({ openapi: "3.0.3", servers: [{ url: "https://mcp.example.com/api/pages" }] });
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(["/one", "/grow"]));
    expect(document.paths["/one"]?.post).toMatchObject({ operationId: "pages-one", "x-openai-isConsequential": true });
  });

  test("has only the tools that --tools names", async () => {
    const { stdout } = await gateway("openapi", "-c", config(two), "--tools", "pages:t*", "next");
    expect(toolsIn(documentIn(stdout, "yaml"))).toEqual(["counter:next", "pages:three", "pages:two"]);
  });

  test("is the same each time, to the byte", async () => {
    const servers = { filesystem: realServer("server-filesystem", folder), hostile: fixture("hostile-schemas") };
    const file = config(servers);
    const [one, other] = await Promise.all([gateway("openapi", "-c", file), gateway("openapi", "-c", file)]);
    expect([one.code, other.code]).toEqual([0, 0]);
    expect(one.stdout === other.stdout).toBe(true);
    expect(toolsIn(documentIn(one.stdout, "yaml")).length).toBeGreaterThan(30);
  });

  test("is whole through a pipe, however long", async () => {
    const { code, stdout } = await gateway(
      "openapi",
      "-c",
      config({ many: fixture("many-tools", { env: { COUNT: "1000" } }) }),
    );
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(500_000);
    expect(toolsIn(documentIn(stdout, "yaml"))).toHaveLength(1_000);
  });

  test("ends quietly when its reader has had enough", async () => {
    const file = config({ many: fixture("many-tools", { env: { COUNT: "1000" } }) });
    const { code, stdout, stderr } = await run("bash", [
      "-c",
      `set -o pipefail; "${process.execPath}" dist/main.js openapi -c "${file}" | head -n 1`,
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^openapi: "?3\.1\.0"?\n$/) as string });
    expect(stderr).not.toMatch(/EPIPE|at .*\.js/);
  });

  test("logs to stderr, however talkative the log is and the servers are", async () => {
    const servers = { rubbish: fixture("prints-rubbish"), counter: fixture("counter") };
    const { code, stdout, stderr } = await gateway("openapi", "-c", config(servers, { logging: { level: "verbose" } }));
    expect(code).toBe(0);
    expect(toolsIn(documentIn(stdout, "yaml"))).toHaveLength(4);
    expect(stderr).toContain("tools/list");
  });

  test("does not need the port of the config", async () => {
    await using busy = await startGateway({ servers: two });
    const { code, stdout } = await gateway("openapi", "-c", config(two, { port: busy.port }));
    expect(code).toBe(0);
    expect(documentIn(stdout, "yaml").servers).toEqual([{ url: busy.url }]);
  });

  test("takes localhost for all interfaces, and warns", async () => {
    const { stdout, stderr } = await gateway("openapi", "-c", config(two, { hostname: "0.0.0.0", port: 3999 }));
    expect(documentIn(stdout, "yaml").servers).toEqual([{ url: "http://localhost:3999" }]);
    expect(stderr).toMatch(/warn.*(?:publicUrl|0\.0\.0\.0|localhost)/i);
  });

  test("for GPT Actions warns when the address is not https", async () => {
    const { stderr } = await gateway("openapi", "-c", config(two), "--profile", "gpt");
    expect(stderr).toMatch(/https/);
  });
});

describe("a server that cannot be listed", () => {
  const servers = { ends: fixture("exits-at-once"), counter: fixture("counter"), refuses: fixture("refuses-init") };

  test("is named on stderr, left out, and makes the exit code 1", async () => {
    const { code, stdout, stderr } = await gateway("openapi", "-c", config(servers));
    expect(code).toBe(1);
    for (const name of ["ends", "refuses"]) expect(stderr).toMatch(new RegExp(`"${name}".*missing from the document`));
    expect(toolsIn(documentIn(stdout, "yaml"))).toEqual(["counter:next", "counter:whoami"]);
  });

  test("is no failure with --allow-partial, in either spelling", async () => {
    const file = config(servers);
    const runs = await Promise.all([
      gateway("openapi", "-c", file, "--allow-partial"),
      gateway("-c", file, "--schemaDump", "--allowPartial"),
    ]);
    for (const { code, stdout } of runs) {
      expect(code).toBe(0);
      expect(toolsIn(documentIn(stdout, "yaml"))).toEqual(["counter:next", "counter:whoami"]);
    }
  });

  test("because it never says anything ends the dump at limits.start", async () => {
    const limits = { start: "300ms" };
    const file = config({ silent: fixture("never-initializes"), counter: fixture("counter") }, { limits });
    const { code, stderr } = await gateway("openapi", "-c", file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/"silent".*did not answer/);
  });

  test("because it never lists its tools ends the dump at limits.request", async () => {
    const limits = { request: "300ms" };
    const { code, stderr } = await gateway("openapi", "-c", config({ lazy: fixture("never-lists") }, { limits }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/"lazy".*did not answer/);
  });

  test("is none of the business of a dump of another one", async () => {
    const { code, stderr } = await gateway("openapi", "-c", config(servers), "--server", "counter");
    expect(code).toBe(0);
    expect(stderr).not.toContain("ends");
  });
});

describe("the limits of GPT Actions", () => {
  test("make the exit code 3 beyond thirty operations, with the tools to drop", async () => {
    const file = config({ many: fixture("many-tools", { env: { COUNT: "31" } }) });
    const { code, stdout, stderr } = await gateway("openapi", "-c", file, "--profile", "gpt");
    expect(code).toBe(3);
    expect(stderr).toMatch(/30 operations.*many:tool-/);
    expect(toolsIn(documentIn(stdout, "yaml"))).toHaveLength(31);
    const fewer = await gateway("openapi", "-c", file, "--profile", "gpt", "--tools", "many:tool-1*");
    expect(fewer.code).toBe(0);
  });

  test("are kept by thirty, and mean nothing to other readers", async () => {
    const thirty = config({ many: fixture("many-tools", { env: { COUNT: "30" } }) });
    expect((await gateway("openapi", "-c", thirty, "--profile", "gpt")).code).toBe(0);
    const more = config({ many: fixture("many-tools", { env: { COUNT: "31" } }) });
    expect((await gateway("openapi", "-c", more)).code).toBe(0);
  });
});

describe("a dump that cannot be", () => {
  test.each([
    ["of an unknown profile", 2, ["--profile", "nope"]],
    ["of an unknown version", 2, ["--version", "2.0"]],
    ["in an unknown format", 2, ["--format", "xml"]],
    ["with an unknown flag", 2, ["--nope"]],
    ["of an unknown server", 1, ["--server", "nope"]],
    ["to a folder that is not there", 1, ["-o", join(folder, "nowhere", "x.yaml")]],
  ])("%s prints nothing to stdout and exits with %i", async (_what, expected, args) => {
    const { code, stdout, stderr } = await gateway("openapi", "-c", config(two), ...args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toMatch(/nope|2\.0|xml|nowhere/);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test("of a config with mistakes exits with 78", async () => {
    const { code, stdout } = await gateway("openapi", "-c", config(two, { prot: 3000 }));
    expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  });

  test("leaves no process behind when it is interrupted", async () => {
    const file = config({ silent: fixture("never-initializes") });
    for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
      const child = started(process.execPath, ["dist/main.js", "openapi", "-c", file], {});
      await until(() => processesMatching(mark).length >= 1, { what: "its servers run" });
      child.kill(signal);
      await until(() => child.exitCode !== null || child.signalCode !== null, { what: "it ends" });
      await until(() => processesMatching(mark).length === 0, { deadlineMs: 8_000, what: "nothing is left" });
      expect([child.exitCode, child.signalCode]).not.toContain(0);
    }
  });

  test("writes no file when it fails", async () => {
    const file = join(folder, "never.yaml");
    const { code } = await gateway("openapi", "-c", config(two), "--server", "nope", "-o", file);
    expect(code).not.toBe(0);
    expect(existsSync(file)).toBe(false);
  });
});

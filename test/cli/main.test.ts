import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { until } from "../helpers/until.ts";

// The built executable, as a user starts it.

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "dist/main.js");
const OK = "servers: { git: { command: git-mcp } }\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("mcp-gateway validate", { timeout: 20_000 }, () => {
  it("says that a config is valid, on stderr, and exits with 0", async () => {
    const file = write("servers: { git: { command: x }, files: { command: y } }\n");
    const { code, stdout, stderr } = await run(["validate", "-c", file]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "",
      stderr: `${file} is valid: 2 servers (git, files)\n`,
    });
  });

  it("says all that is wrong, with file, line, column and what was meant, and exits with 78", async () => {
    const file = write("prot: 1\nlogging: { level: loud }\nservers:\n  git: { comand: x, args: '${NOPE}' }\n");
    const { code, stdout, stderr } = await run(["validate", "-c", file]);
    expect([code, stdout]).toEqual([78, ""]);
    expect(stderr).toContain(`${file}:1:1 unknown key "prot"; did you mean "port"?\n  1 | prot: 1\n      ^\n`);
    expect(stderr).toContain(`${file}:2:19 logging.level: must be one of error, warn, info, debug, verbose`);
    expect(stderr).toContain("servers.git.command: is missing");
    expect(stderr).toContain('unknown key "comand"; did you mean "command"?');
    expect(stderr).toContain("the environment variable NOPE is not set");
    expect(stderr).not.toMatch(/^\s+at .*\.js/m);
  });

  it.each([
    ["broken YAML", "servers: [\n"],
    ["an alias bomb", `a: &a [x,x,x,x,x,x,x,x,x]\n${bombLines()}${OK}`],
    ["an anchor that is nowhere", "servers: *nowhere\n"],
    ["nesting that exhausts the parser", `${"[".repeat(20_000)}${"]".repeat(20_000)}\n`],
    ["nesting that closing brackets hide", `# ${"]".repeat(20_000)}\na: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`],
    ["nothing", ""],
  ])("names the file and exits with 78 for %s", async (_what, source) => {
    const file = write(source);
    const { code, signal, stderr } = await run(["validate", "-c", file]);
    expect({ code, signal, starts: stderr.slice(0, file.length) }).toEqual({ code: 78, signal: null, starts: file });
  });

  it("exits with 78 for a file that is not there", async () => {
    const { code, stderr } = await run(["validate", "-c", "nowhere.yaml"]);
    expect([code, stderr]).toEqual([
      78,
      "nowhere.yaml: there is no such file; name the config with -c FILE or the variable CONFIG_PATH\n",
    ]);
  });

  it("shows every default with --print, as JSON on stdout, and no secret", async () => {
    const file = write(`
publicUrl: https://mcp.example.com/gateway
auth:
  basic: { credentials: [{ username: admin, password: "pw" }] }
  bearer: { tokens: ["hunter2-token", "\${TOKEN}"] }
servers:
  git:
    command: git-mcp
    args: ["--key=\${API_KEY}", "--root=/srv", "a: b", --password, pw, -H, "X-Api-Key: hunter2-header"]
    env: { GITHUB_TOKEN: hunter2-github, LOG_LEVEL: debug, WITH: "\${API_KEY}", DATABASE_URL: "postgres://me:hunter2-url@host/db" }
`);
    const env = { TOKEN: "hunter2-env", API_KEY: "hunter2-key" };
    const { code, stdout, stderr } = await run(["validate", "-c", file, "--print"], { env });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain("hunter2");
    expect(JSON.parse(stdout)).toMatchObject({
      hostname: "0.0.0.0",
      port: 3000,
      publicUrl: "https://mcp.example.com/gateway",
      limits: { sessions: 200, heartbeat: "15s" },
      auth: {
        basic: { enabled: true, credentials: [{ username: "admin", password: "[redacted]" }] },
        bearer: { tokens: ["[redacted]", "[redacted]"] },
      },
      servers: {
        git: {
          args: ["--key=[redacted]", "--root=/srv", "a: b", "--password", "[redacted]", "-H", "X-Api-Key: [redacted]"],
          env: { GITHUB_TOKEN: "[redacted]", LOG_LEVEL: "debug", WITH: "[redacted]", DATABASE_URL: "[redacted]" },
        },
      },
    });
  });
});

describe("the config is looked for", { timeout: 20_000 }, () => {
  const named = (name: string): string => write(`servers: { ${name}: { command: x } }\n`);
  const found = async (args: readonly string[], options: Options = {}): Promise<string | undefined> => {
    const { stderr } = await run(["validate", ...args], options);
    return /\((.*)\)/.exec(stderr)?.[1];
  };

  it("in the file named by -c, before all others", async () => {
    const env = { CONFIG_PATH: named("by-variable") };
    expect(await found(["-c", named("by-flag")], { env })).toBe("by-flag");
    expect(await found(["--config", named("by-flag")], { env })).toBe("by-flag");
  });

  it("in the file named by CONFIG_PATH, before those in this folder", async () => {
    const cwd = mkdtempSync(join(folder, "cwd-"));
    writeFileSync(join(cwd, "config.yaml"), "servers: { here: { command: x } }\n");
    expect(await found([], { cwd, env: { CONFIG_PATH: named("by-variable") } })).toBe("by-variable");
    expect(await found([], { cwd, env: { CONFIG_PATH: "" } })).toBe("here");
  });

  it("in config.yaml, then in config.yml", async () => {
    const cwd = mkdtempSync(join(folder, "cwd-"));
    writeFileSync(join(cwd, "config.yml"), "servers: { short: { command: x } }\n");
    expect(await found([], { cwd })).toBe("short");
    writeFileSync(join(cwd, "config.yaml"), "servers: { long: { command: x } }\n");
    expect(await found([], { cwd })).toBe("long");
  });

  it("in the bundled example when there is none here", async () => {
    expect(await found([])).toBe("everything, filesystem, memory");
  });
});

describe("mcp-gateway health", { timeout: 20_000 }, () => {
  let server: Server;
  let status = 200;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());
  const port = (): number => (server.address() as AddressInfo).port;

  it("asks a gateway whether it is ready, and exits with 0 when it is", async () => {
    status = 200;
    const { code, stderr } = await run(["health", "--url", `http://127.0.0.1:${port()}`]);
    expect([code, stderr]).toEqual([0, `http://127.0.0.1:${port()} is ready\n`]);
    expect(asked.at(-1)).toBe("/ready");
  });

  it("exits with 1 when it is not", async () => {
    status = 503;
    const { code, stderr } = await run(["health", "--url", `http://127.0.0.1:${port()}`]);
    expect([code, stderr]).toEqual([1, `http://127.0.0.1:${port()} answers 503\n`]);
  });

  it("exits with 1 when nothing listens there", async () => {
    const nobody = await freePort();
    const { code, stderr } = await run(["health", "--url", `http://127.0.0.1:${nobody}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${nobody} does not answer \\(.+\\)\\n$`));
  });

  it("finds it by the config, over loopback when that is bound to all interfaces", async () => {
    status = 200;
    for (const hostname of ["0.0.0.0", "127.0.0.1"]) {
      const file = write(`hostname: ${hostname}\nport: ${port()}\n${OK}`);
      expect(await run(["health", "-c", file])).toMatchObject({ code: 0 });
    }
  });

  it("exits with an error and without a stack for an invalid URL", async () => {
    const { code, stderr } = await run(["health", "--url", "not a url"]);
    expect(code).not.toBe(0);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("mcp-gateway schema", { timeout: 20_000 }, () => {
  it("prints the JSON Schema of the config", async () => {
    const { code, stdout } = await run(["schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });
});

describe("mcp-gateway", { timeout: 20_000 }, () => {
  it.each([["--help"], ["-h"], ["help"]])("lists its commands with %s", async (flag) => {
    const { code, stdout } = await run([flag]);
    expect(code).toBe(0);
    for (const command of ["run", "validate", "health", "schema"])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
  });

  it.each([["--version"], ["-V"]])("tells its version with %s", async (flag) => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(await run([flag])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each([
    ["valdiate", "validate"],
    ["helth", "health"],
    ["serv", "serve"],
  ])("takes %s for no command, asks whether %s was meant, and exits with 2", async (command, meant) => {
    const { code, stdout, stderr } = await run([command]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(new RegExp(`did you mean (one of )?.*${meant}`, "i"));
  });

  it("exits with 2 for a command that is like none", async () => {
    const { code, stderr } = await run(["frobnicate"]);
    expect(code).toBe(2);
    expect(stderr).toContain("frobnicate");
  });

  it("exits with 2 for an unknown option, and asks whether another was meant", async () => {
    const { code, stderr } = await run(["validate", "--confg", "x"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--confg.*\n?.*did you mean --config/i);
  });

  it("exits with 2 when -c has no file behind it", async () => {
    expect(await run(["validate", "-c"])).toMatchObject({ code: 2 });
  });
});

describe("mcp-gateway run", { timeout: 20_000 }, () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const gateway of running.splice(0)) gateway.kill("SIGKILL");
  });

  const start = async (source: string, { args = ["-c"], env = {}, says = "listening on" }: StartOptions = {}) => {
    const gateway = spawn(process.execPath, [MAIN, ...args, write(source)], { env: { ...bareEnv(), ...env } });
    running.push(gateway);
    let said = "";
    gateway.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    gateway.stdout.on("data", (chunk: Buffer) => (said += `stdout: ${chunk.toString()}`));
    await until(() => said.includes(says) || gateway.exitCode !== null, {
      what: "it listens",
      deadlineMs: 15_000,
    });
    return { gateway, said };
  };

  it("is the default command, and has the alias serve", async () => {
    for (const args of [["-c"], ["run", "-c"], ["serve", "-c"]]) {
      const { said } = await start(`hostname: 127.0.0.1\nport: 0\n${OK}`, { args });
      expect(said).toMatch(/\[INFO\]: MCP gateway listening on 127\.0\.0\.1:\d+/);
      expect(said).not.toContain("stdout:");
    }
  });

  it("shows each server with its URLs, and warns of a command that is not on PATH", async () => {
    const { said } = await start(`hostname: 127.0.0.1\nport: 0\nservers: { git: { command: gti-mcp, args: [-y] } }\n`);
    expect(said).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+ /m);
    expect(said).toMatch(/git +\/git +\/git\/mcp +\/git\/sse +\/api\/git +gti-mcp -y/);
    expect(said).toMatch(/\[WARN\]: server "git": "gti-mcp" was not found on PATH/);
    expect(said).toContain("auth: none");
  });

  it("warns of an open door, and of auth that is switched off", async () => {
    const open = await start(`port: 0\n${OK}`);
    expect(open.said).toMatch(/\[WARN\]: listening on 0\.0\.0\.0 without auth/);
    const off = await start(`hostname: 127.0.0.1\nport: 0\nauth: { bearer: { enabled: false } }\n${OK}`);
    expect(off.said).toMatch(/\[WARN\]: .*disabled/);
    expect(off.said).not.toMatch(/without auth/);
  });

  it("shows no secret, not even in the command lines of servers", async () => {
    const { said } = await start(
      `hostname: 127.0.0.1\nport: 0\nauth: { bearer: { tokens: ["\${TOKEN}"] } }\nservers: { git: { command: git-mcp, args: ["--key", "\${API_KEY}"] } }\n`,
      { env: { TOKEN: "hunter2-token", API_KEY: "hunter2-key" } },
    );
    expect(said).toContain("auth: bearer");
    expect(said).not.toContain("hunter2");
  });

  it("exits with 1 and says so when the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run(["-c", write(`hostname: 127.0.0.1\nport: ${port}\n${OK}`)]);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^The port is in use: .*127\\.0\\.0\\.1:${port}.*port`));
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("exits with 1 and says so when the address is none of this machine", async () => {
    const { code, stderr } = await run(["-c", write(`hostname: 203.0.113.1\nport: 0\n${OK}`)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not have this address: .*203\.0\.113\.1/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("exits with 78 and all mistakes when the config is wrong, and listens to nobody", async () => {
    const { code, stderr } = await run(["-c", write(`prot: 1\n${OK}`)]);
    expect(code).toBe(78);
    expect(stderr).toContain('unknown key "prot"; did you mean "port"?');
    expect(stderr).not.toContain("listening");
  });

  it("exits with 0 on SIGTERM and on SIGINT, from its first line on", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const { gateway } = await start(`hostname: 127.0.0.1\nport: 0\n${OK}`, { says: "\n" });
      gateway.kill(signal);
      await until(() => gateway.exitCode !== null || gateway.signalCode !== null, { what: "it has ended" });
      expect([gateway.exitCode, gateway.signalCode]).toEqual([0, null]);
    }
  });
});

interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What it must have said before it is used. */
  readonly says?: string;
}

interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs in a folder without config.yaml, and without the gateway's variables unless the test sets them. */
function run(args: readonly string[], { cwd = folder, env = {} }: Options = {}) {
  return new Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { cwd, env: { ...bareEnv(), ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}

function bareEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: process.env["HOME"] };
}

let files = 0;

function write(source: string): string {
  const file = join(folder, `file-${++files}.yaml`);
  writeFileSync(file, source);
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function bombLines(): string {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  return names
    .slice(1)
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${names[index]}`).join(",")}]\n`)
    .join("");
}

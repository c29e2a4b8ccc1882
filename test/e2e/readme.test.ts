import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claudeCode } from "../helpers/claude-code.ts";
import { runCli } from "../helpers/cli.ts";
import { type GatewayProcess, realServer, refuseUnexpectedErrors, ROOT, startGateway } from "../helpers/gateway.ts";
import { blocksOf, spansOf, type CodeBlock, userTexts } from "../helpers/markdown.ts";
import { until } from "../helpers/until.ts";

/**
 * The shell blocks of README, SECURITY and docs/ are run as they are, each in a fresh folder, against the built gateway. What is
 * put in place of the world, and nothing else:
 * - `npm ci` has been done, `npm start` is the built gateway, as package.json has it;
 * - `claude` is Claude Code, with settings of its own;
 * - `npx` runs the package that is installed here instead of downloading it; `mcp-session-gateway` is the built gateway;
 * - port 3000 is a free one. Blocks that start no gateway find one there, with every server that the texts call; those that
 *   send a token find one that asks for it.
 */
const NOT_RUN: readonly { readonly begins: string; readonly reason: string }[] = [
  { begins: "docker build", reason: "needs Docker; test/e2e/image.test.ts replays the stages of the Dockerfile" },
  { begins: "npm ci\nnpm install --global .", reason: "installs for the whole machine, and needs systemd" },
];

const files = userTexts();
const blocks = files.flatMap(blocksOf).filter(({ language }) => language === "sh");
const exempt = ({ text }: CodeBlock): boolean => NOT_RUN.some(({ begins }) => text.startsWith(begins));

const TOKEN = "a-token-of-the-test";
const END_MS = 50_000;

let gateway: GatewayProcess;
/** What README starts with: without auth. */
let open: GatewayProcess;
let bin: string;

beforeAll(async () => {
  const servers = { everything: realServer("server-everything"), filesystem: realServer("server-filesystem", "docs") };
  gateway = await startGateway({ console: { enabled: true }, auth: { bearer: { tokens: [TOKEN] } }, servers });
  open = await startGateway({ servers });
  bin = programs(await claudeCode());
}, 120_000);

afterAll(async () => {
  rmSync(bin, { recursive: true, force: true });
  await gateway[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

describe("a shell block", () => {
  it("is run, or is named here with the reason why not", () => {
    expect(blocks.length).toBeGreaterThan(10);
    for (const { begins } of NOT_RUN) expect(blocks.filter(({ text }) => text.startsWith(begins))).toHaveLength(1);
  });

  it.each(blocks.filter((block) => !exempt(block)))("works: $place", async (block) => {
    const ended = await run(block);
    expect(ended).toMatchObject({ code: 0 });
    refuseUnexpectedErrors(ended.said);
  });

  it("that adds a server to Claude Code lets it connect", async () => {
    const added = blocks.filter(({ text }) => text.startsWith("claude mcp add"));
    expect(added).toHaveLength(1);
    for (const block of added) {
      const { said } = await run({ ...block, text: `${block.text}claude mcp list\n` });
      expect(said).toMatch(/everything: \S+ \(HTTP\).*Connected/);
    }
  });

  it("that fails is seen to fail", async () => {
    const wrong = { place: "here:1", language: "sh", text: "curl -fsS 'http://localhost:3000/api/nowhere'\n" };
    expect((await run(wrong)).code).not.toBe(0);
  });
});

describe("what stands in backticks exists:", () => {
  it("options of the command line", async () => {
    const commands = [
      "run",
      "openapi",
      "health",
      "validate",
      "schema",
      "hash-key",
      "policy",
      "connect",
      "tools",
      "call",
      "routes",
    ];
    const helps = await Promise.all(
      [[], ...commands.map((name) => [name])].map((args) => runCli([...args, "--help"], { cwd: ROOT })),
    );
    const known = new Set(helps.flatMap(({ stdout }) => stdout.match(/--[A-Za-z][\w-]*/g) ?? []));
    const ofOthers = new Set(["--silent", "--target", "--import"]); // npm, docker, node
    const named = files.flatMap(spansOf).flatMap((span) => span.match(/(?<![\w-])--[A-Za-z][\w-]*/g) ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((option) => !known.has(option) && !ofOthers.has(option))).toEqual([]);
  });

  it("URLs: each is served, whatever it says to this request", async () => {
    const { code: unserved } = await problemAt("/nowhere/at/all");
    expect(unserved).toBe("not_found");
    const paths = files.flatMap(spansOf).flatMap(pathIn);
    expect(paths).toEqual(
      expect.arrayContaining(["/everything/mcp", "/api/everything/echo", "/ready", "/openapi.yaml"]),
    );
    const problems = await Promise.all([...new Set(paths)].map(async (path) => ({ path, ...(await problemAt(path)) })));
    expect(problems.filter(({ code }) => code === unserved)).toEqual([]);
  });
});

/** The path of a URL of ours in a span: `GET /api/<server>`, `http://localhost:3000/docs`, `/live`. */
function pathIn(span: string): string[] {
  const path = /^(?:(?:GET|POST|DELETE) |https?:\/\/(?:localhost:3000|mcp\.example\.com))?(\/[^\s]*)$/.exec(span)?.[1];
  if (path === undefined || FOLDERS.test(path)) return [];
  const filled = path
    .replaceAll("<server>", "everything")
    .replaceAll("<tool>", "echo")
    .replaceAll("<id>", "some-id-123");
  return [filled.replaceAll("/:", "/")];
}

/** Paths of the file system, and the prefix of a proxy. */
const FOLDERS = /^\/(?:config|home|var|etc|proc|gateway|run)(?:\/|$)|^\/$/;

async function problemAt(path: string): Promise<{ readonly status: number; readonly code: unknown }> {
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  if (response.ok) {
    // It may be a stream without an end.
    await response.body?.cancel();
    return { status: response.status, code: undefined };
  }
  const text = await response.text();
  const code = /"(?:code|reason)":\s*"(\w+)"/.exec(text)?.[1];
  return { status: response.status, code };
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a block to its end; one that starts a gateway until that is ready, which is then told to stop. */
async function run({ text }: CodeBlock): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-readme-"));
  symlinkSync(join(ROOT, "config.example.yaml"), join(folder, "config.example.yaml"));
  const { port } = text.includes("MCP_GATEWAY_TOKEN") ? gateway : open;
  const script = text.replaceAll("localhost:3000", `localhost:${port}`);
  const shell = spawn("sh", ["-eu", "-c", script], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env["PATH"]}`,
      MCP_GATEWAY_TOKEN: TOKEN,
      HOME: folder,
      XDG_STATE_HOME: folder,
      PORT_OF_TEST: `${port}`,
    },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [shell.stdout, shell.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const hasEnded = (): boolean => shell.exitCode !== null || shell.signalCode !== null;
  const listening = (): string | undefined => /MCP gateway listening on [\d.]+:(\d+)/.exec(said)?.[1];
  try {
    await until(() => hasEnded() || listening() !== undefined, {
      deadlineMs: END_MS,
      what: "the block ends or listens",
    });
    if (listening() === undefined) return { code: shell.exitCode, said };
    const { status } = await fetch(`http://127.0.0.1:${listening()}/ready`);
    if (shell.pid !== undefined) process.kill(-shell.pid, "SIGTERM");
    await until(hasEnded, { deadlineMs: END_MS, what: "the gateway of the block ends" });
    return { code: status === 200 ? 0 : status, said };
  } catch (error) {
    if (shell.pid !== undefined && !hasEnded()) process.kill(-shell.pid, "SIGKILL");
    throw new Error(`it said:\n${said}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder for PATH with the programs that stand for others. */
function programs(claude: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-bin-"));
  mkdirSync(folder, { recursive: true });
  const main = join(ROOT, "dist/main.js");
  const write = (name: string, ...lines: readonly string[]): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${lines.join("\n")}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  // A gateway that serves gets a free port; `health` asks the one that runs.
  write(
    "mcp-gateway",
    'first="${1:-run}"',
    'case "$first" in',
    `  health) shift; exec "${process.execPath}" "${main}" health --port "$PORT_OF_TEST" "$@" ;;`,
    `  run|serve) [ $# -eq 0 ] || shift; exec "${process.execPath}" "${main}" run --port 0 "$@" ;;`,
    `  *) exec "${process.execPath}" "${main}" "$@" ;;`,
    "esac",
  );
  write(
    "npm",
    'case "$1" in --silent) shift ;; esac',
    'case "$1" in',
    "  ci) exit 0 ;;",
    '  start) shift; [ "${1:-}" = --silent ] && shift; [ "${1:-}" = -- ] && shift; exec mcp-gateway "$@" ;;',
    '  *) echo "npm $1 is not known here" >&2; exit 1 ;;',
    "esac",
  );
  write("claude", "export DISABLE_AUTOUPDATER=1", `exec "${process.execPath}" "${claude}" "$@"`);
  const cases = [
    "@modelcontextprotocol/server-everything",
    "@modelcontextprotocol/server-filesystem",
    "@modelcontextprotocol/server-memory",
    "mcp-remote",
  ].map((name) => `  ${name}) shift; exec "${process.execPath}" "${programOf(name)}" "$@" ;;`);
  write(
    "npx",
    'while [ "$1" = -y ]; do shift; done',
    'case "$1" in',
    ...cases,
    '  mcp-session-gateway) shift; exec mcp-gateway "$@" ;;',
    '  *) echo "$1 is not installed here" >&2; exit 1 ;;',
    "esac",
  );
  return folder;
}

function programOf(name: string): string {
  const manifest: { readonly bin: string | Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"),
  );
  const { bin: programsOf } = manifest;
  const file = typeof programsOf === "string" ? programsOf : (programsOf[name] ?? Object.values(programsOf)[0] ?? "");
  return join(ROOT, "node_modules", name, file);
}

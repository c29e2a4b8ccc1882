import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { processesMatching } from "./children.ts";
import { until } from "./until.ts";

export const ROOT = join(import.meta.dirname, "../..");

/** What the last-resort handler logs. */
const UNEXPECTED_ERROR = "Unexpected error: shutting down";
const CONFIG_FILE = "config.yaml";
const START_MS = 20_000;
/** The gateway promises to exit within 15 s after a signal. */
const EXIT_MS = 20_000;
/** EOF 2 s, SIGTERM 3 s, SIGKILL, and the reaper's walk over /proc. */
const GONE_MS = 7_000;

type Config = Readonly<Record<string, unknown>>;

export interface GatewayProcess extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything it wrote to stderr. */
  log(): string;
  /** The running processes of all sessions, or of those of one server: children, grandchildren, daemons. */
  children(server?: string): number[];
  /** Sends the signal and waits for the exit: the exit code, or null when the signal itself ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts a new gateway with the same config and state after this one has exited; on the same port if the config names one. */
  again(change?: (config: string) => string): Promise<GatewayProcess>;
  /** Only sends the signal. */
  signal(signal: NodeJS.Signals): void;
  /** Only waits for the exit. */
  exit(): Promise<number | null>;
  /** Resolves when none of its processes is left: no child, no grandchild, no reaper. Rejects after `deadlineMs`. */
  nothingLeft(deadlineMs?: number): Promise<void>;
}

/** An entry of `servers:` for one of `test/fixtures/servers/`, with additional keys. */
export function fixture(name: string, more: Config = {}): Config {
  return { command: process.execPath, args: [join(ROOT, `test/fixtures/servers/${name}.mjs`)], ...more };
}

/** An entry of `servers:` for the `index.js` of a real server from node_modules. */
export function realServer(name: string, ...args: readonly string[]): Config {
  return { command: process.execPath, args: [`node_modules/@modelcontextprotocol/${name}/dist/index.js`, ...args] };
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly openFiles?: number;
  /** The program to start: by default the one in dist/. */
  readonly main?: string;
  /** The config is written as it is; the address comes from the command line. For configs without processes. */
  readonly isVerbatim?: boolean;
}

/**
 * Starts the built gateway as a process, on a free port of loopback unless `hostname` is set, from YAML text or an equivalent
 * object. Disposing it sends SIGTERM and fails if any process is left. Each server gets a variable in its `env` by which its
 * processes are found; the gateway and its reaper have another one. Running calls are not waited for at the end (`drain: 7s`)
 * unless `limits` sets it. `openFiles` limits its open files.
 */
export async function startGateway(
  config: string | Config,
  { env = {}, openFiles, main = "dist/main.js", isVerbatim = false }: StartOptions = {},
): Promise<GatewayProcess> {
  const mark = randomUUID();
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-e2e-"));
  // JSON is YAML.
  const isText = typeof config === "string";
  const text = isText && isVerbatim ? config : JSON.stringify(forTests(isText ? parse(config) : config, mark));
  writeFileSync(join(folder, CONFIG_FILE), text);
  const flags = isVerbatim ? ["--host", "127.0.0.1", "--port", "0"] : [];
  return launch({ mark, folder, main, env, openFiles, flags });
}

interface Launch {
  readonly mark: string;
  /** Contains the config and the state. */
  readonly folder: string;
  /** The gateway's program. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly openFiles: number | undefined;
  readonly flags: readonly string[];
}

async function launch(how: Launch): Promise<GatewayProcess> {
  const { mark, folder, main, env, openFiles, flags } = how;
  const own = [process.execPath, main, "-c", join(folder, CONFIG_FILE), ...flags];
  // `exec` replaces the shell, so its pid is the gateway's.
  const limited = openFiles === undefined ? own : ["sh", "-c", `ulimit -n ${openFiles}; exec "$0" "$@"`, ...own];
  const [command = "", ...args] = limited;
  const gateway = spawn(command, args, {
    cwd: ROOT,
    env: { ...ownEnv(), XDG_STATE_HOME: folder, ...env, MCP_TEST_GATEWAY: mark },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log = collect(gateway);
  const exited = once(gateway, "exit").then(([code]: (number | null)[]) => code ?? null);
  try {
    await until(() => portIn(log()) !== undefined || hasExited(gateway), {
      deadlineMs: START_MS,
      what: "the gateway listens",
    });
    const port = portIn(log());
    if (port === undefined) throw new Error(`it exited with code ${await exited}`);
    return running({ gateway, port, log, exited, how });
  } catch (error) {
    gateway.kill("SIGKILL");
    rmSync(folder, { recursive: true });
    throw new Error(`The gateway did not start. It said:\n${log()}`, { cause: error });
  }
}

interface TestConfig {
  readonly port?: number;
  readonly hostname?: string;
  readonly servers?: object;
  readonly limits?: object;
}

function forTests(
  { hostname = "127.0.0.1", port = 0, servers = {}, limits = {}, ...rest }: TestConfig,
  mark: string,
): Config {
  const marked = Object.entries(servers).map(([name, entry]: [string, { env?: object }]) => {
    // A server with a URL has no process of the gateway's.
    if ("url" in entry) return [name, entry];
    return [name, { ...entry, env: { ...entry.env, MCP_TEST_RUN: `${mark}:${name};` } }];
  });
  return {
    ...rest,
    hostname,
    port,
    limits: { drain: "7s", ...limits },
    servers: Object.fromEntries(marked),
  };
}

// A clean environment, without the test runner's own variables.
const ownEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(["PATH", "HOME", "TMPDIR", "LANG"].map((name) => [name, process.env[name]]));

function collect(gateway: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  gateway.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

function portIn(log: string): number | undefined {
  const port = /listening on [\d.]+:(\d+)/.exec(log)?.[1];
  return port === undefined ? undefined : Number(port);
}

interface Running {
  readonly gateway: ChildProcess;
  readonly port: number;
  readonly log: () => string;
  readonly exited: Promise<number | null>;
  readonly how: Launch;
}

function running({ gateway, port, log, exited, how }: Running): GatewayProcess {
  const { mark, folder } = how;
  const pid = gateway.pid ?? Number.NaN;
  const self: GatewayProcess = {
    url: `http://127.0.0.1:${port}`,
    port,
    pid,
    log,
    children: (server) => processesMatching(server === undefined ? `${mark}:` : `${mark}:${server};`),
    signal: (signal) => void gateway.kill(signal),
    stop(signal = "SIGTERM") {
      gateway.kill(signal);
      return self.exit();
    },
    async exit() {
      await until(() => hasExited(gateway), { deadlineMs: EXIT_MS, what: "the gateway ends" });
      return exited;
    },
    again: (change = (config) => config) => {
      const file = join(folder, CONFIG_FILE);
      writeFileSync(file, change(readFileSync(file, "utf8")));
      return launch(how);
    },
    async nothingLeft(deadlineMs = GONE_MS) {
      await until(() => processesMatching(mark).length === 0, {
        deadlineMs,
        what: "no process of the gateway is left",
      }).catch((error: unknown) => {
        throw new Error(`Left behind:\n${killed(processesMatching(mark)).join("\n")}\n${log()}`, { cause: error });
      });
    },
    async [Symbol.asyncDispose]() {
      try {
        if (!hasExited(gateway)) await self.stop();
        await self.nothingLeft();
        refuseUnexpectedErrors(log());
      } finally {
        killed(processesMatching(mark));
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
  return self;
}

/** Fails when an error reached the last-resort handler. */
export function refuseUnexpectedErrors(log: string): void {
  if (log.includes(UNEXPECTED_ERROR)) throw new Error(`The gateway met an unexpected error:\n${log}`);
}

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** Kills what a failed test left behind, and returns what it was. */
function killed(pids: readonly number[]): string[] {
  return pids.map((pid) => {
    const command = quietly(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
    quietly(() => process.kill(pid, "SIGKILL"));
    return `${pid} ${command ?? "(gone by itself)"}`;
  });
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined; // it is gone, which is what is wanted
  }
}

/** How many file descriptors a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Memory of a process in MiB: current and peak. */
export function memoryOf(pid: number): { readonly rssMiB: number; readonly peakMiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { rssMiB: mib("VmRSS"), peakMiB: mib("VmHWM") };
}

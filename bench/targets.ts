import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EchoCommand } from "./echo-command.ts";
import { gatewayConfig } from "./gateway-config.ts";

/** A listening process, and how long its start took. */
export interface Target {
  readonly pid: number;
  readonly port: number;
  readonly startMs: number;
  /** Stops it; resolves with its exit code, undefined when it had to be killed. */
  stop(): Promise<number | undefined>;
}

/** Callbacks for the output and the end of a process. */
export interface ProcessListener {
  readonly stdout?: (text: string) => void;
  readonly stderr?: (text: string) => void;
  /** The process has ended, for whatever reason: its exit code or the signal. */
  readonly end?: (how: string) => void;
}

/** The environment of a process, besides its arguments. */
export interface ProcessEnvironment extends ProcessListener {
  readonly env?: Readonly<Record<string, string>>;
  /** The limit of open files, for it and each of its children. */
  readonly openFiles?: number | undefined;
}

export interface GatewayOptions {
  readonly main: string;
  readonly echo: EchoCommand;
  readonly nodeArgs?: readonly string[];
  /** Additional entries under `servers:`. */
  readonly servers?: object;
  /** Limits that replace those of the benchmark. */
  readonly limits?: object;
  readonly hasMetrics?: boolean;
}

const START_MS = 20_000;
const STOP_MS = 20_000;

export function startGateway({
  main,
  echo,
  nodeArgs = [],
  servers = {},
  limits = {},
  hasMetrics,
}: GatewayOptions): Promise<Target> {
  return startConfigured([...nodeArgs, main], gatewayConfig(echo, servers, limits, hasMetrics));
}

/** Starts the gateway with a temporary config file of this text. */
export async function startConfigured(
  args: readonly string[],
  config: string,
  around: ProcessEnvironment = {},
): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-bench-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, config);
  const env = { XDG_STATE_HOME: folder, ...around.env };
  const target = await start([...args, "--config", file], { ...around, env });
  const stop = async (): Promise<number | undefined> => {
    const code = await target.stop();
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  return { ...target, stop };
}

export function startIdealRelay({ command, args }: EchoCommand, nodeArgs: readonly string[] = []): Promise<Target> {
  return start([...nodeArgs, fileURLToPath(new URL("ideal-relay.mjs", import.meta.url)), command, ...args]);
}

/** A bare HTTP server: the lower bound for the start of any server on Node. */
export function startBareServer(): Promise<Target> {
  const program = `
    const server = require("node:http").createServer((req, res) => res.end());
    server.listen(0, "127.0.0.1", () => process.stderr.write("listening on 127.0.0.1:" + server.address().port + "\\n"));`;
  return start(["-e", program]);
}

async function start(args: readonly string[], around: ProcessEnvironment = {}): Promise<Target> {
  const startedAt = performance.now();
  const { env, openFiles, ...ears } = around;
  const limited = openFiles === undefined ? [] : ["sh", "-c", 'ulimit -n "$0" && exec "$@"', String(openFiles)];
  const [command = "", ...rest] = [...limited, process.execPath, ...args];
  const child = spawn(command, rest, {
    stdio: ["ignore", ears.stdout === undefined ? "ignore" : "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  endWithUs(child);
  child.once("exit", (code, signal) => ears.end?.(String(code ?? signal)));
  if (ears.stdout !== undefined) child.stdout?.setEncoding("utf8").on("data", ears.stdout);
  if (ears.stderr !== undefined) child.stderr?.setEncoding("utf8").on("data", ears.stderr);
  const port = await listeningPort(child, ears.end === undefined);
  const startMs = performance.now() - startedAt;
  const { pid } = child;
  if (pid === undefined) throw new Error("a process without an id");
  return { pid, port, startMs, stop: () => end(child) };
}

const LAST_WORDS = 2_000;
/** Processes that were asked to stop. */
const asked = new WeakSet<ChildProcess>();

/**
 * Reads the output to the end, so that the pipe does not fill up; prints the last of it if the process ends unexpectedly and no
 * listener is told.
 */
function listeningPort(child: ChildProcess, tellsEnd: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    let isListening = false;
    const giveUp = (why: string): void => reject(new Error(`${why}:\n${said}`));
    const timer = setTimeout(giveUp, START_MS, `did not listen within ${START_MS} ms`);
    child.once("exit", (code, signal) => {
      giveUp(`ended with ${code ?? signal}`);
      if (tellsEnd && isListening && !asked.has(child))
        process.stderr.write(`${child.spawnargs.join(" ")} ended:\n${said}\n`);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-LAST_WORDS);
      const port = isListening ? undefined : /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      isListening = true;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

function endWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

async function end(child: ChildProcess): Promise<number | undefined> {
  asked.add(child);
  const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }
  clearTimeout(kill);
  return child.exitCode ?? undefined;
}

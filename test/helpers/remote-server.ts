import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { ROOT } from "./gateway.ts";
import { until } from "./until.ts";

const START_MS = 20_000;

/** A program that serves MCP over HTTP, as somebody else wrote it. */
export interface RemoteServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  log(): string;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
}

/** server-everything in one of its HTTP modes: `/mcp` or `/sse`. */
export function everythingAt(mode: "streamableHttp" | "sse"): Promise<RemoteServer> {
  return remoteServer([`node_modules/@modelcontextprotocol/server-everything/dist/index.js`, mode], /on port \d+/);
}

/** A fixture that listens on the port in PORT and then says so with `ready`. */
export function remoteFixture(name: string, ...args: readonly string[]): Promise<RemoteServer> {
  return remoteServer([`test/fixtures/servers/${name}.mjs`, ...args], /ready/);
}

async function remoteServer(command: readonly string[], ready: RegExp): Promise<RemoteServer> {
  const port = await freePort();
  let child: ChildProcess;
  let log = "";
  const start = async (): Promise<void> => {
    log = "";
    child = spawn(process.execPath, command, {
      cwd: ROOT,
      env: { PATH: process.env["PATH"], PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const pipe of [child.stdout, child.stderr]) pipe?.on("data", (chunk: Buffer) => (log += chunk.toString()));
    await until(() => ready.test(log), { deadlineMs: START_MS, what: `${command[0]} listens` });
  };
  const kill = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? Number.NaN;
    },
    log: () => log,
    kill,
    start,
    [Symbol.asyncDispose]: () => kill(),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

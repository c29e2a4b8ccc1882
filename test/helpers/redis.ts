import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { until } from "./until.ts";

/** A real Redis on loopback that keeps nothing on disk. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** What `redis-cli` answers. */
  ask(...command: readonly string[]): string;
  /** Makes it silent: it accepts connections and commands and answers nothing. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Why tests that need Redis are skipped; undefined when it is installed. */
export const withoutRedis: string | undefined =
  spawnSync("redis-server", ["--version"]).status === 0 ? undefined : "redis-server is not installed";

export async function startRedis(...options: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  let server: ChildProcess | undefined;
  const ask = (...command: readonly string[]): string =>
    spawnSync("redis-cli", ["-p", String(port), ...command], { encoding: "utf8", timeout: 5_000 }).stdout.trim();
  const redis: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    ask,
    freeze: () => void server?.kill("SIGSTOP"),
    thaw: () => void server?.kill("SIGCONT"),
    async start() {
      const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
      server = spawn("redis-server", [...settings, ...options], { stdio: "ignore" });
      await until(() => /PONG|NOAUTH/.test(ask("ping")), { deadlineMs: 10_000, what: "Redis answers" });
    },
    async stop() {
      const running = server;
      server = undefined;
      if (running === undefined || running.exitCode !== null) return;
      const gone = once(running, "exit");
      running.kill("SIGKILL");
      await gone;
    },
    [Symbol.asyncDispose]: () => redis.stop(),
  };
  await redis.start();
  return redis;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

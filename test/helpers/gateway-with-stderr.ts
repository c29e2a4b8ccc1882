import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesMatching } from "./children.ts";
import { refuseUnexpectedErrors, ROOT } from "./gateway.ts";
import { until } from "./until.ts";

const START_MS = 20_000;
const EXIT_MS = 20_000;
const READ_BYTES = 1024 * 1024;

/** The reading end of the gateway's stderr. Only `read` reads from it. */
interface StderrReader {
  /** Reads what is available; returns everything read so far. */
  read(): string;
  close(): void;
}

export interface GatewayWithStderr extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly stderr: StderrReader;
  hasExited(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Waits for the exit: the exit code, or null when a signal ended it. */
  exit(): Promise<number | null>;
}

interface Far {
  /** What the child gets as its stderr. */
  readonly stdio: "pipe" | number;
  readonly reader: (child: ChildProcess) => StderrReader;
}

/** Starts the built gateway with a stderr of the given kind, which only the test reads. */
export async function startWithStderr(
  kind: "pipe" | "socket" | `/${string}`,
  config: Readonly<Record<string, unknown>>,
): Promise<GatewayWithStderr> {
  const mark = randomUUID();
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-stderr-"));
  const port = await freePort();
  const file = join(folder, "config.yaml");
  writeFileSync(file, JSON.stringify({ ...config, hostname: "127.0.0.1", port }));
  const { stdio, reader } = kind === "pipe" ? pipe(folder) : kind === "socket" ? socket() : target(kind);
  const child = spawn(process.execPath, ["dist/main.js", "-c", file], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], XDG_STATE_HOME: folder, MCP_TEST_GATEWAY: mark },
    stdio: ["ignore", "ignore", stdio],
  });
  if (typeof stdio === "number") closeSync(stdio);
  const stderr = reader(child);
  const url = `http://127.0.0.1:${port}`;
  const self: GatewayWithStderr = {
    url,
    pid: child.pid ?? Number.NaN,
    stderr,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    signal: (signal) => void child.kill(signal),
    async exit() {
      await until(() => self.hasExited(), { deadlineMs: EXIT_MS, what: "the gateway ends" });
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill();
        await self.exit();
        refuseUnexpectedErrors(stderr.read());
      } finally {
        for (const pid of processesMatching(mark)) process.kill(pid, "SIGKILL");
        stderr.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
  await until(async () => (await fetch(`${url}/ready`)).ok, { deadlineMs: START_MS, what: "the gateway is ready" });
  return self;
}

/** A real pipe; Node's `stdio: "pipe"` is a socket. */
function pipe(folder: string): Far {
  const path = join(folder, "stderr");
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const chunk = Buffer.alloc(READ_BYTES);
  let [text, isOpen] = ["", true];
  const readAll = (): void => {
    for (;;) {
      const length = readSync(fd, chunk);
      if (length === 0) return;
      text += chunk.toString("utf8", 0, length);
    }
  };
  return {
    stdio: openSync(path, constants.O_WRONLY),
    reader: () => ({
      read() {
        try {
          if (isOpen) readAll();
        } catch {
          // EAGAIN: nothing more is available now.
        }
        return text;
      },
      close() {
        if (isOpen) closeSync(fd);
        isOpen = false;
      },
    }),
  };
}

function socket(): Far {
  return {
    stdio: "pipe",
    reader: ({ stderr }) => {
      let text = "";
      return {
        read() {
          // Starts reading.
          if (stderr !== null && stderr.listenerCount("data") === 0)
            stderr.setEncoding("utf8").on("data", (more: string) => (text += more));
          return text;
        },
        close: () => void stderr?.destroy(),
      };
    },
  };
}

const target = (path: string): Far => ({
  stdio: openSync(path, "a"),
  reader: () => ({ read: () => "", close: () => undefined }),
});

/** A port on which nothing listens at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

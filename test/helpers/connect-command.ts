import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { LineSplitter } from "../../src/lib/lines.ts";
import { refuseUnexpectedErrors, ROOT } from "./gateway.ts";
import { until } from "./until.ts";

const MAIN = join(ROOT, "dist/main.js");

export type Env = Readonly<Record<string, string>>;

/** What starts `mcp-gateway connect`, for the stdio transport of an SDK. */
export function connectCommand(
  args: readonly string[],
  env: Env = {},
): { command: string; args: string[]; env: Record<string, string> } {
  return {
    command: process.execPath,
    args: [MAIN, "connect", ...args],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  };
}

/** The stdio transport of SDK v1, and what the command logs. */
export function stdioTransport(
  args: readonly string[],
  env?: Env,
): { transport: StdioClientTransport; log: () => string } {
  const transport = new StdioClientTransport({ ...connectCommand(args, env), stderr: "pipe" });
  let log = "";
  transport.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  return { transport, log: () => log };
}

interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
  readonly params?: Record<string, unknown>;
}

/** The command with bare pipes. */
export interface BareConnect extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  /** Every line on stdout, parsed: anything else than a message fails here. */
  messages(): Message[];
  log(): string;
  say(...lines: readonly (string | object)[]): void;
  /** The response to this id. */
  answerTo(id: number | string | null, deadlineMs?: number): Promise<Message>;
  /** Resolves with the exit code, or null for a signal. */
  exit(deadlineMs?: number): Promise<number | null>;
}

/** `words` is the whole command line, in the place of `connect` and `args`. */
export function bareConnect(args: readonly string[], env?: Env, words?: readonly string[]): BareConnect {
  const { command, args: usual, env: variables } = connectCommand(args, env);
  const child = spawn(command, words === undefined ? usual : [MAIN, ...words], { env: variables });
  const splitter = new LineSplitter(64 * 1024 * 1024, {
    line: (line) => all.push(parsed(line.toString())),
    tooLong: fail,
  });
  const all: Message[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => splitter.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.on("error", () => undefined);
  const messages = (): Message[] => [...all];
  const log = (): string => Buffer.concat(err).toString("utf8");
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    messages,
    log,
    say: (...lines) => {
      for (const line of lines) child.stdin.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
    },
    answerTo: (id, deadlineMs = 20_000) =>
      until(() => messages().find((message) => message.id === id && message.method === undefined), {
        what: `request ${id} is answered`,
        deadlineMs,
      }),
    async exit(deadlineMs = 10_000) {
      await until(hasExited, { what: "the command ends", deadlineMs });
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (!hasExited()) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      refuseUnexpectedErrors(log());
      // Such as one of Node, of listeners or timers.
      if (log().includes("(node:")) throw new Error(`The command warns:\n${log()}`);
    },
  };
}

const parsed = (line: string): Message => JSON.parse(line) as Message;

const fail = (): never => {
  throw new Error("a message has no end");
};

export const INITIALIZE = {
  jsonrpc: "2.0",
  id: "init",
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bare", version: "1" } },
};
export const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };

export const call = (id: number, name: string, args: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});

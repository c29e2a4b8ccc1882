import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { guarded, type Emit } from "../protocol/events.ts";
import { childEnv } from "./child-env.ts";
import type { Exit } from "./exit-error.ts";
import { FairReader } from "./fair-reader.ts";
import { ProcessGroup } from "./process-group.ts";
import type { Reaper } from "./reaper.ts";
import type { StdioCommand } from "./stdio-command.ts";

const STAGES = { eofMs: 2_000, termMs: 3_000 };
/** After an exit the pipe may still hold the last output; a grandchild may keep that pipe open indefinitely. */
const LAST_WORDS_MS = 250;
/** A process that closes a pipe is usually about to exit, and its exit code is more informative than the closed pipe. */
const EXIT_GRACE_MS = 500;
const FAILED = "an event of a server process could not be handled";

export interface ProcessListener {
  /** Data from its stdout. */
  readonly output: (chunk: Buffer) => void;
  /** Data from its stderr. */
  readonly errors: (chunk: Buffer) => void;
  /** The process could not be started. */
  failed(cause: unknown): void;
  exited(exit: ProcessExit): void;
  /** The process has exited and all its output was read. */
  finished(exit: ProcessExit): void;
  /** The process is alive but its pipes are closed; `what` says what it did, in the past tense. */
  cutOff(what: string): void;
}

export type ProcessExit = Pick<Exit, "code" | "signal">;

export interface ProcessOptions {
  readonly command: StdioCommand;
  readonly gatewayEnv: NodeJS.ProcessEnv;
  readonly reaper: Reaper;
  readonly emit: Emit;
}

/** One child process with its pipes. It leads its own process group and is registered with the reaper. */
export class ServerProcess {
  readonly #options: ProcessOptions;
  readonly #listener: ProcessListener;
  #child: ChildProcessWithoutNullStreams | undefined;
  #group: ProcessGroup | undefined;
  #stdout: FairReader | undefined;
  #exit: ProcessExit | undefined;
  #isPaused = false;
  #timer: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: ProcessOptions, listener: ProcessListener) {
    this.#options = options;
    this.#listener = listener;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#group?.pid;
  }

  get stdin(): Writable | undefined {
    return this.#child?.stdin;
  }

  /** The process may have exited although its exit event has not been emitted yet. */
  get hasExited(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Stops reading stdout until `resume`, also after the exit. */
  pause(): void {
    this.#isPaused = true;
    this.#stdout?.pause();
    if (this.#exit !== undefined) clearTimeout(this.#timer);
  }

  resume(): void {
    this.#isPaused = false;
    this.#stdout?.resume();
    if (this.#exit !== undefined) this.#awaitLastWords(this.#exit);
  }

  /** Ends the process and its descendants. No listener is called afterwards. Resolves when all are gone; idempotent. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #start(): void {
    const { command, gatewayEnv, reaper } = this.#options;
    const cookie = randomUUID();
    // Before the first child: afterwards there may be no file descriptors left for the reaper.
    reaper.prepare();
    const child = this.#spawn(
      command,
      childEnv({ gatewayEnv, inheritAll: command.inheritEnv, own: command.env, cookie }),
    );
    if (child === undefined) return;
    child.once("error", (cause) => this.#notify(() => this.#listener.failed(cause)));
    // Without free file descriptors there is neither a process nor a pipe; `error` follows.
    if (!hasPipes(child)) return;
    this.#child = child;
    child.stdin.on("error", () => this.#awaitExit("stopped reading its input"));
    child.stdout.once("end", () => this.#awaitExit("closed its output"));
    const failed = (cause: unknown): void => this.#options.emit({ type: "trouble", what: FAILED, cause });
    this.#stdout = new FairReader(child.stdout, this.#listener.output, failed);
    // The reader is kept alive by its pipe.
    void new FairReader(child.stderr, this.#listener.errors, failed);
    child.once("exit", (code, signal) => this.#onExit({ code, signal }));
    if (child.pid === undefined) return;
    this.#group = new ProcessGroup(child, child.pid);
    reaper.started(child.pid, cookie);
    if (this.#isPaused) this.#stdout.pause();
  }

  #spawn({ command, args, path }: StdioCommand, env: NodeJS.ProcessEnv): ChildProcess | undefined {
    try {
      // Its own process group, so that the whole tree can be signalled.
      return spawn(command, args, { cwd: path, env, detached: true, stdio: "pipe" });
    } catch (cause) {
      // spawn throws for impossible arguments (E2BIG, a NUL byte). Reported asynchronously, because the caller has no reference
      // to this process yet.
      queueMicrotask(() => this.#notify(() => this.#listener.failed(cause)));
      return undefined;
    }
  }

  #onExit(exit: ProcessExit): void {
    clearTimeout(this.#timer);
    this.#exit = exit;
    this.#child?.stdout.once("close", () => this.#finish(exit));
    this.#notify(() => this.#listener.exited(exit));
    // While the client is slow, the remaining output is read once the client catches up.
    if (!this.#isPaused) this.#awaitLastWords(exit);
  }

  #awaitLastWords(exit: ProcessExit): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(exit), LAST_WORDS_MS);
  }

  #finish(exit: ProcessExit): void {
    clearTimeout(this.#timer);
    if (this.#ending === undefined) this.#notify(() => this.#listener.finished(exit));
  }

  #awaitExit(what: string): void {
    if (this.#exit !== undefined || this.#ending !== undefined) return;
    this.#timer ??= setTimeout(() => {
      if (this.#exit === undefined && this.#ending === undefined) this.#notify(() => this.#listener.cutOff(what));
    }, EXIT_GRACE_MS);
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const [child, group] = [this.#child, this.#group];
    if (child === undefined || group === undefined) return;
    const { reaper } = this.#options;
    reaper.ending(group.pid);
    // A child that is blocked on a full stdout would not notice the end of its stdin.
    child.stdout.removeAllListeners("data").resume();
    await group.end(STAGES);
    child.stdout.destroy();
    child.stderr.destroy();
    reaper.ended(group.pid);
  }

  /** Guards listener calls, which run in event callbacks: a throw must not end the gateway. */
  #notify(what: () => void): void {
    guarded(this.#options.emit, FAILED, what);
  }
}

function hasPipes(child: ChildProcess): child is ChildProcessWithoutNullStreams {
  // At EMFILE the pipes are undefined, which the types of Node do not say.
  return Boolean(child.stdin) && Boolean(child.stdout) && Boolean(child.stderr);
}

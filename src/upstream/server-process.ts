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
/** After an exit, what the child wrote last is still in the pipe; a grandchild may hold that pipe open for ever. */
const LAST_WORDS_MS = 250;
/** A process that closes a pipe is usually about to exit: what it exits with tells more than the pipe. */
const EXIT_GRACE_MS = 500;
const FAILED = "an event of a server process could not be handled";

export interface ProcessListener {
  /** What it wrote to stdout. */
  output(chunk: Buffer): void;
  /** What it wrote to stderr. */
  errors(chunk: Buffer): void;
  /** It could not be started. */
  failed(cause: unknown): void;
  exited(exit: ProcessExit): void;
  /** It has exited, and all that it wrote was read. */
  finished(exit: ProcessExit): void;
  /** It lives, and cannot be talked to any more: `what` it did, in the past tense. */
  cutOff(what: string): void;
}

export type ProcessExit = Pick<Exit, "code" | "signal">;

export interface ProcessOptions {
  readonly command: StdioCommand;
  readonly gatewayEnv: NodeJS.ProcessEnv;
  readonly reaper: Reaper;
  readonly emit: Emit;
}

/** One child process with its pipes, the leader of its own process group, known to the reaper. */
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

  /** The system may know of its end before anybody was told. */
  get hasExited(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Reads nothing of its stdout until `resume`; also after its exit. */
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

  /** Ends it with all that it started. Nothing is told after this. Resolves when nothing is left; may be called again. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #start(): void {
    const { command, gatewayEnv, reaper } = this.#options;
    const cookie = randomUUID();
    // Before its first child: with its descriptors taken there may be none left for it.
    reaper.prepare();
    const child = this.#spawn(
      command,
      childEnv({ gatewayEnv, inheritAll: command.inheritEnv, own: command.env, cookie }),
    );
    if (child === undefined) return;
    child.once("error", (cause) => this.#tell(() => this.#listener.failed(cause)));
    // Out of descriptors there is neither a process nor a pipe; `error` follows.
    if (!hasPipes(child)) return;
    this.#child = child;
    child.stdin.on("error", () => this.#awaitExit("stopped reading its input"));
    child.stdout.once("end", () => this.#awaitExit("closed its output"));
    this.#stdout = new FairReader(child.stdout, (chunk) => this.#output(chunk));
    // It lives as long as its pipe.
    void new FairReader(child.stderr, (chunk) => this.#tell(() => this.#listener.errors(chunk)));
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
      // spawn throws where the arguments themselves are impossible (E2BIG, a NUL byte).
      // Not on the caller's stack: nobody knows this process yet.
      queueMicrotask(() => this.#tell(() => this.#listener.failed(cause)));
      return undefined;
    }
  }

  #onExit(exit: ProcessExit): void {
    clearTimeout(this.#timer);
    this.#exit = exit;
    this.#child?.stdout.once("close", () => this.#finish(exit));
    this.#tell(() => this.#listener.exited(exit));
    // What waits for a slow client is read when that client is ready for it.
    if (!this.#isPaused) this.#awaitLastWords(exit);
  }

  #awaitLastWords(exit: ProcessExit): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(exit), LAST_WORDS_MS);
  }

  #finish(exit: ProcessExit): void {
    clearTimeout(this.#timer);
    if (this.#ending === undefined) this.#tell(() => this.#listener.finished(exit));
  }

  #awaitExit(what: string): void {
    if (this.#exit !== undefined || this.#ending !== undefined) return;
    this.#timer ??= setTimeout(() => {
      if (this.#exit === undefined && this.#ending === undefined) this.#tell(() => this.#listener.cutOff(what));
    }, EXIT_GRACE_MS);
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const [child, group] = [this.#child, this.#group];
    if (child === undefined || group === undefined) return;
    const { reaper } = this.#options;
    reaper.ending(group.pid);
    // A child that is blocked on a full stdout could not see the end of its stdin.
    child.stdout.removeAllListeners("data").resume();
    await group.end(STAGES);
    child.stdout.destroy();
    child.stderr.destroy();
    reaper.ended(group.pid);
  }

  /** Every message comes through here: no closure for each. */
  #output(chunk: Buffer): void {
    try {
      this.#listener.output(chunk);
    } catch (cause) {
      this.#options.emit({ type: "trouble", what: FAILED, cause });
    }
  }

  /** Whatever is set off here must not end the gateway. */
  #tell(what: () => void): void {
    guarded(this.#options.emit, FAILED, what);
  }
}

function hasPipes(child: ChildProcess): child is ChildProcessWithoutNullStreams {
  // At EMFILE they are undefined, which the types do not tell.
  return Boolean(child.stdin) && Boolean(child.stdout) && Boolean(child.stderr);
}

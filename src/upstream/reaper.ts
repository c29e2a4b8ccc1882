import { spawn, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { guarded, type Emit } from "../protocol/events.ts";

const RESTART_MS = 1_000;

/**
 * The gateway's side of the reaper process (`reaper-main.ts`). The reaper is started right before the first child. If it dies or
 * cannot be started, it is started again a moment later and told about all running children.
 */
export class Reaper {
  readonly #emit: Emit;
  readonly #program: string;
  readonly #children = new Map<number, string>();
  #process: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `program` runs `reaper-main`. */
  constructor(emit: Emit, program = process.execPath) {
    this.#emit = emit;
    this.#program = program;
  }

  /** Starts the reaper unless it is running: before the first child, which could take the last file descriptors. */
  prepare(): void {
    if (this.#process === undefined && this.#restart === undefined && !this.#isClosed) this.#start();
  }

  started(pid: number, cookie: string): void {
    this.#children.set(pid, cookie);
    this.prepare();
    this.#send(`+ ${pid} ${cookie}`);
  }

  ending(pid: number): void {
    this.#send(`? ${pid}`);
  }

  ended(pid: number): void {
    if (this.#children.delete(pid)) this.#send(`- ${pid}`);
  }

  /** Lets the reaper finish its work and exit. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    this.#process?.stdin?.end();
  }

  #start(): void {
    try {
      this.#spawn();
    } catch (cause) {
      this.#onExit("the reaper process cannot be started; trying again", cause);
    }
  }

  #spawn(): void {
    const main = fileURLToPath(new URL(`./reaper-main${extname(import.meta.url)}`, import.meta.url));
    const reaper = spawn(this.#program, [...process.execArgv, "--max-old-space-size=64", main], {
      // A session of its own: a signal to the gateway's group must not end the reaper.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
    });
    this.#process = reaper;
    // A process that could not be started has no exit event.
    reaper.on("error", (cause) => {
      if (reaper.pid === undefined && this.#process === reaper)
        this.#onExit("the reaper process cannot be started; trying again", cause);
    });
    reaper.once("exit", (code) => {
      if (this.#process === reaper) this.#onExit("the reaper process ended; starting it again", code);
    });
    reaper.unref();
    this.#connect(reaper);
  }

  #connect({ stdin }: ChildProcess): void {
    // Without free file descriptors there is no pipe; an `error` event follows.
    if (!stdin) return;
    stdin.on("error", (cause) => this.#emit({ type: "trouble", what: "the reaper does not read its input", cause }));
    // A pipe handle keeps the event loop alive; the gateway must be able to exit while the reaper runs.
    if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
    for (const [pid, cookie] of this.#children) this.#send(`+ ${pid} ${cookie}`);
  }

  #onExit(what: string, cause: unknown): void {
    this.#process = undefined;
    if (this.#isClosed) return;
    this.#emit({ type: "trouble", what, cause });
    const again = (): void => {
      this.#restart = undefined;
      if (!this.#isClosed && this.#process === undefined && this.#children.size > 0) this.#start();
    };
    this.#restart ??= setTimeout(
      () => guarded(this.#emit, "the reaper could not be restarted", again),
      RESTART_MS,
    ).unref();
  }

  #send(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}

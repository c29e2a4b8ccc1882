import { spawn, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { guarded, type Emit } from "../protocol/events.ts";

const RESTART_MS = 1_000;

/**
 * The gateway's end of the reaper process (`reaper-main.ts`). It is started right before the first child; if it dies, or cannot be started, it is started again a moment later and told everything anew.
 */
export class Reaper {
  readonly #emit: Emit;
  readonly #program: string;
  readonly #children = new Map<number, string>();
  #process: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `program` is what runs `reaper-main`. */
  constructor(emit: Emit, program = process.execPath) {
    this.#emit = emit;
    this.#program = program;
  }

  /** Starts it, unless it runs: before the first child, which could take the last file descriptors. */
  prepare(): void {
    if (this.#process === undefined && this.#restart === undefined && !this.#isClosed) this.#start();
  }

  started(pid: number, cookie: string): void {
    this.#children.set(pid, cookie);
    this.prepare();
    this.#tell(`+ ${pid} ${cookie}`);
  }

  ending(pid: number): void {
    this.#tell(`? ${pid}`);
  }

  ended(pid: number): void {
    if (this.#children.delete(pid)) this.#tell(`- ${pid}`);
  }

  /** Lets the reaper finish what it knows and leave. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    this.#process?.stdin?.end();
  }

  #start(): void {
    try {
      this.#spawn();
    } catch (cause) {
      this.#gone("the reaper process cannot be started; trying again", cause);
    }
  }

  #spawn(): void {
    const main = fileURLToPath(new URL(`./reaper-main${extname(import.meta.url)}`, import.meta.url));
    const reaper = spawn(this.#program, [...process.execArgv, "--max-old-space-size=64", main], {
      // Its own session: what ends the gateway's group must not end it.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
    });
    this.#process = reaper;
    // One that did not start has no exit.
    reaper.on("error", (cause) => {
      if (reaper.pid === undefined && this.#process === reaper)
        this.#gone("the reaper process cannot be started; trying again", cause);
    });
    reaper.once("exit", (code) => {
      if (this.#process === reaper) this.#gone("the reaper process ended; starting it again", code);
    });
    reaper.unref();
    this.#connect(reaper);
  }

  #connect({ stdin }: ChildProcess): void {
    // Without file descriptors left there is none; its `error` event follows.
    if (!stdin) return;
    stdin.on("error", (cause) => this.#emit({ type: "trouble", what: "the reaper does not read its input", cause }));
    // A pipe handle keeps the loop alive like a socket: the gateway must be able to end with the reaper running.
    if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
    for (const [pid, cookie] of this.#children) this.#tell(`+ ${pid} ${cookie}`);
  }

  #gone(what: string, cause: unknown): void {
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

  #tell(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}

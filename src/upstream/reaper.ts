import { spawn, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { guarded, type Emit } from "../protocol/events.ts";

const RESTART_MS = 1_000;

/**
 * The gateway's end of the reaper process (`reaper-main.ts`). It is started with the first child; if it dies it is started
 * again and told everything anew.
 */
export class Reaper {
  readonly #emit: Emit;
  readonly #children = new Map<number, string>();
  #process: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Starts it, if it is not there: before the first child, which must not take the last descriptors. */
  prepare(): void {
    if (this.#process === undefined && this.#restart === undefined && !this.#isClosed) this.#start();
  }

  started(pid: number, cookie: string): void {
    this.#children.set(pid, cookie);
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
    this.#restart = undefined;
    const main = fileURLToPath(new URL(`./reaper-main${extname(import.meta.url)}`, import.meta.url));
    const reaper = spawn(process.execPath, [...process.execArgv, "--max-old-space-size=64", main], {
      // Its own session: what ends the gateway's group must not end it.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
    });
    this.#process = reaper;
    reaper.once("error", (cause) => this.#onEnd("the reaper process cannot be started", cause));
    reaper.once("exit", (code) => this.#onEnd("the reaper process ended", code));
    // Out of descriptors there is no pipe, which the types do not tell; `error` follows.
    reaper.stdin?.on("error", (cause) => this.#emit({ type: "trouble", what: "the reaper does not read", cause }));
    reaper.unref();
    letEnd(reaper.stdin);
    for (const [pid, cookie] of this.#children) this.#tell(`+ ${pid} ${cookie}`);
  }

  #onEnd(what: string, cause: unknown): void {
    if (this.#isClosed || this.#restart !== undefined) return;
    this.#process = undefined;
    this.#emit({ type: "trouble", what: `${what}; it is started again`, cause });
    this.#restart = setTimeout(() => guarded(this.#emit, what, () => this.#start()), RESTART_MS).unref();
  }

  #tell(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}

/** A pipe handle keeps the loop alive like a socket: the gateway must be able to end with the reaper running. */
function letEnd(pipe: Writable | null | undefined): void {
  if (pipe && "unref" in pipe && typeof pipe.unref === "function") pipe.unref();
}

import { spawn, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Emit } from "../protocol/events.ts";

const RESTART_MS = 1_000;

/**
 * The gateway's end of the reaper process (`reaper-main.ts`). It is started with the first child; if it dies it is started
 * again and told everything anew.
 */
export class Reaper {
  readonly #emit: Emit;
  readonly #children = new Map<number, string>();
  #process: ChildProcess | undefined;
  #isClosed = false;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  started(pid: number, cookie: string): void {
    this.#children.set(pid, cookie);
    if (this.#process === undefined) this.#start();
    else this.#tell(`+ ${pid} ${cookie}`);
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
    this.#process?.stdin?.end();
  }

  #start(): void {
    const main = fileURLToPath(new URL(`./reaper-main${extname(import.meta.url)}`, import.meta.url));
    const reaper = spawn(process.execPath, [...process.execArgv, "--max-old-space-size=64", main], {
      // Its own session: what ends the gateway's group must not end it.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
    });
    this.#process = reaper;
    reaper.on("error", (cause) => this.#emit({ type: "trouble", what: "the reaper process cannot be started", cause }));
    reaper.once("exit", (code) => this.#onExit(code));
    reaper.stdin.on("error", (cause) => this.#emit({ type: "trouble", what: "the reaper does not read", cause }));
    reaper.unref();
    // A pipe handle keeps the loop alive like a socket: the gateway must be able to end with the reaper running.
    if ("unref" in reaper.stdin && typeof reaper.stdin.unref === "function") reaper.stdin.unref();
    for (const [pid, cookie] of this.#children) this.#tell(`+ ${pid} ${cookie}`);
  }

  #onExit(code: number | null): void {
    this.#process = undefined;
    if (this.#isClosed) return;
    this.#emit({ type: "trouble", what: "the reaper process ended; it is started again", cause: code });
    setTimeout(() => {
      if (!this.#isClosed && this.#process === undefined && this.#children.size > 0) this.#start();
    }, RESTART_MS).unref();
  }

  #tell(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}

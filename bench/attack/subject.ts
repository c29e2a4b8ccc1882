import { mkdtempSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openFiles, processesWithEnv } from "../proc.ts";
import { startConfigured, type Target } from "../targets.ts";
import { attackConfig, IDLE_MS, MARK, STALL_MS } from "./config.ts";
import { liveObjects } from "./heap.ts";
import { LogWatch } from "./log-watch.ts";

/** What there is of the gateway when nobody is there. */
export interface Look {
  readonly sessions: number;
  readonly processes: number;
  readonly files: number;
  readonly heapMiB: number;
  readonly objects: ReadonlyMap<string, number>;
  readonly resources: Readonly<Record<string, number>>;
}

interface Told {
  readonly type: string;
  readonly heapMiB: number;
  readonly resources: Record<string, number>;
  readonly snapshot: string;
  readonly port: number;
  readonly waiting: number;
  readonly ms: number;
}

/** Idle sessions are swept twice within `rest.idle`, and a server that obeys only SIGKILL takes 5 s to end. */
const SETTLE_MS = IDLE_MS + 12_000;
const LOOK_MS = 60_000;
/** What a stream may stand still before it counts as forgotten. */
const FORGOTTEN_MS = STALL_MS * 2;

/** The gateway under attack, with all that is seen of it from outside. */
export class Subject {
  readonly target: Target;
  readonly log: LogWatch;
  readonly mark: string;
  /** How it ended, if it did. */
  ended: string | undefined;
  /** It has ended unasked, or says that it will. */
  isDying = false;
  readonly stalled: Told[] = [];
  /** Which action has stopped to read on the connection from a port. */
  readonly stallers = new Map<number, string>();
  #isAsked = false;
  readonly #looks: Told[] = [];
  /** Called when it has ended, or says that it will. */
  onDying: () => void = () => undefined;

  private constructor(target: Target, log: LogWatch, mark: string) {
    this.target = target;
    this.log = log;
    this.mark = mark;
    log.onUnexpected = () => this.#die();
  }

  static async start(main: string, files: number | undefined): Promise<Subject> {
    const [mark, log] = [randomUUID(), new LogWatch()];
    const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-attack-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const preload = new URL("tell-on-signal.mjs", import.meta.url).href;
    let rest = "";
    let subject: Subject | undefined;
    const target = await startConfigured(["--expose-gc", "--import", preload, main], attackConfig(mark), {
      openFiles: files,
      env: { ATTACK_HEAP: folder, ATTACK_STALL_MS: String(FORGOTTEN_MS) },
      stderr: log.hear,
      stdout: (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) subject?.hear(JSON.parse(line) as Told);
      },
      end: (how) => subject?.endedWith(how),
    });
    subject = new Subject(target, log, mark);
    return subject;
  }

  /** Waits, within bounds, until all that the clients have left is gone. */
  async settle(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while (performance.now() < deadline && this.ended === undefined) {
      if (this.log.sessions === 0 && this.#processes() === 0) break;
      await sleep(100);
    }
    // Sockets of clients that have left, and what is kept for a short while only.
    await sleep(1_500);
  }

  async look(): Promise<Look | undefined> {
    if (this.ended !== undefined) return undefined;
    const [files, processes, sessions] = [openFiles(this.target.pid), this.#processes(), this.log.sessions];
    const seen = this.#looks.length;
    process.kill(this.target.pid, "SIGUSR2");
    const deadline = performance.now() + LOOK_MS;
    while (this.#looks.length === seen && performance.now() < deadline) await sleep(50);
    const told = this.#looks.at(-1);
    if (told === undefined) return undefined;
    const { heapMiB, resources, snapshot } = told;
    return { files, processes, sessions, heapMiB, resources, objects: liveObjects(snapshot) };
  }

  /** Ends it; what outlives it, and its exit code when that is none of 0. */
  async stop(): Promise<string[]> {
    this.#isAsked = true;
    const how = await this.target.stop();
    // The reaper takes some seconds for what does not want to end.
    const deadline = performance.now() + 8_000;
    while (this.#processes() > 0 && performance.now() < deadline) await sleep(200);
    const strays = this.#processes();
    return [
      ...(how === 0 ? [] : [`ended with ${how ?? "SIGKILL"} when it was asked to end`]),
      ...(strays === 0 ? [] : [`${strays} processes outlived the gateway`]),
    ];
  }

  #die(): void {
    this.isDying = true;
    this.onDying();
  }

  #processes(): number {
    return processesWithEnv(`${MARK}=${this.mark}`).length;
  }

  private hear(told: Told): void {
    if (told.type === "look") this.#looks.push(told);
    else this.stalled.push(told);
  }

  private endedWith(how: string): void {
    this.ended = how;
    if (!this.#isAsked) this.#die();
  }
}

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

/** The state of the gateway when no client is connected. */
export interface Look {
  readonly sessions: number;
  readonly processes: number;
  readonly files: number;
  readonly heapMiB: number;
  readonly objects: ReadonlyMap<string, number>;
  readonly resources: Readonly<Record<string, number>>;
}

interface ProcessReport {
  readonly type: string;
  readonly heapMiB: number;
  readonly resources: Record<string, number>;
  readonly snapshot: string;
  readonly port: number;
  readonly waiting: number;
  readonly ms: number;
}

/** Idle sessions are swept twice within `rest.idle`, and ending a server that only reacts to SIGKILL takes 5 s. */
const SETTLE_MS = IDLE_MS + 12_000;
const LOOK_MS = 60_000;
/** How long a stream may make no progress before it counts as stalled. */
const FORGOTTEN_MS = STALL_MS * 2;

/** The gateway under attack, and everything that is observed of it from outside. */
export class Subject {
  readonly target: Target;
  readonly log: LogWatch;
  readonly mark: string;
  /** How it ended, if it did. */
  ended: string | undefined;
  /** It has ended unexpectedly or announced a shutdown. */
  isDying = false;
  readonly stalled: ProcessReport[] = [];
  /** The action that stopped reading, by local port of the connection. */
  readonly stallers = new Map<number, string>();
  #isAsked = false;
  readonly #looks: ProcessReport[] = [];
  /** Called when it has ended or announced a shutdown. */
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
    const preload = new URL("report-on-signal.mjs", import.meta.url).href;
    let rest = "";
    let subject: Subject | undefined;
    const target = await startConfigured(["--expose-gc", "--import", preload, main], attackConfig(mark), {
      openFiles: files,
      env: { ATTACK_HEAP: folder, ATTACK_STALL_MS: String(FORGOTTEN_MS) },
      stderr: log.hear,
      stdout: (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) subject?.onReport(JSON.parse(line) as ProcessReport);
      },
      end: (how) => subject?.endedWith(how),
    });
    subject = new Subject(target, log, mark);
    return subject;
  }

  /** Waits, up to a limit, until everything the clients left behind is released. */
  async settle(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while (performance.now() < deadline && this.ended === undefined) {
      if (this.log.sessions === 0 && this.#processes() === 0) break;
      await sleep(100);
    }
    // Time for closed sockets and short-lived caches.
    await sleep(1_500);
  }

  async look(): Promise<Look | undefined> {
    if (this.ended !== undefined) return undefined;
    const [files, processes, sessions] = [openFiles(this.target.pid), this.#processes(), this.log.sessions];
    const seen = this.#looks.length;
    process.kill(this.target.pid, "SIGUSR2");
    const deadline = performance.now() + LOOK_MS;
    while (this.#looks.length === seen && performance.now() < deadline) await sleep(50);
    const report = this.#looks.at(-1);
    if (report === undefined) return undefined;
    const { heapMiB, resources, snapshot } = report;
    return { files, processes, sessions, heapMiB, resources, objects: liveObjects(snapshot) };
  }

  /** Stops the gateway; returns the processes that outlived it, and its exit code unless that is 0. */
  async stop(): Promise<string[]> {
    this.#isAsked = true;
    const how = await this.target.stop();
    // The reaper needs some seconds for processes that ignore signals.
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

  private onReport(report: ProcessReport): void {
    if (report.type === "look") this.#looks.push(report);
    else this.stalled.push(report);
  }

  private endedWith(how: string): void {
    this.ended = how;
    if (!this.#isAsked) this.#die();
  }
}

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startBareServer } from "../targets.ts";
import type { ResponseTimes, Note, Order } from "./notes.ts";
import type { Subject } from "./subject.ts";

export interface Fault {
  readonly kind: string;
  readonly name: string;
  readonly key: string;
  readonly detail: string;
  /** Seconds since the start of the round. */
  readonly seconds: number;
}

/** The results of a round so far. */
export class Round {
  readonly faults: Fault[] = [];
  /** By action: how often it ended in which way. */
  readonly ends = new Map<string, Map<string, number>>();
  readonly measured: ResponseTimes[] = [];
  isDead = false;
  /** The latest actions, including unfinished ones. */
  readonly last: string[] = [];
  readonly #running = new Map<string, string>();
  readonly #startedAt = performance.now();

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  get running(): string[] {
    return [...this.#running].map(([key, name]) => `${name} (${key}) runs`);
  }

  fault(kind: string, detail: string, { name = "", key = "" } = {}): void {
    this.faults.push({ kind, name, key, detail, seconds: this.seconds });
  }

  /** Ends the attackers, because results after the gateway's death are meaningless. */
  die(attackers: ChildProcess): void {
    if (this.isDead) return;
    this.isDead = true;
    this.fault("died", "the gateway has ended, or is about to");
    attackers.kill("SIGKILL");
  }

  take(note: Note, subject: Subject): void {
    if (this.isDead) return;
    const { key, name } = note;
    if (note.type === "began") this.#running.set(key, name);
    if (note.type === "fault") this.fault(note.kind, note.detail, note);
    if (note.type === "stalls") subject.stallers.set(note.port, `${name} (${key})`);
    if (note.type === "left") subject.log.left(note.requestId, `${name} (${key})`);
    if (note.type !== "ended") return;
    this.#running.delete(key);
    const counts = this.ends.get(name) ?? new Map<string, number>();
    counts.set(note.end, (counts.get(note.end) ?? 0) + 1);
    this.ends.set(name, counts);
    this.last.push(`${this.seconds.toFixed(1)} s  ${name} (${key}): ${note.end} after ${note.ms} ms`);
    if (this.last.length > 25) this.last.shift();
  }
}

/** Runs attackers and neighbours at once, each in a process of its own. Resolves when the attackers are done or the gateway has died. */
export async function attack(subject: Subject, order: Omit<Order, "port">): Promise<Round> {
  const round = new Round();
  const { port } = subject.target;
  const bare = await startBareServer();
  const neighbour = start("neighbour.ts", String(port), String(bare.port), order.isTight ? "1" : "0");
  const attackers = start("attackers.ts", JSON.stringify({ ...order, port } satisfies Order));
  attackers.on("message", (note: Note) => round.take(note, subject));
  subject.onDying = (): void => round.die(attackers);
  const [code] = (await once(attackers, "exit")) as [number | null];
  subject.onDying = () => undefined;
  if (code !== 0 && !round.isDead) round.fault("harness", `the attackers ended with ${code}`);
  neighbour.on("message", (measured: ResponseTimes) => round.measured.push(measured));
  if (neighbour.connected) neighbour.send("enough");
  await once(neighbour, "exit");
  await bare.stop();
  return round;
}

function start(file: string, ...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args);
}

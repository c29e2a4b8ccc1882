import { guarded, type Emit } from "../../protocol/events.ts";
import type { Circuit } from "./circuit.ts";

/** A connection that can be asked whether its server is there. */
export interface Pulse {
  /** When the server was last heard (`performance.now()`). */
  readonly heardAt: number;
  ping(): void;
}

/** The shortest time between two looks, for an origin that is tried again soon. */
const SHORTEST_MS = 100;

/** Asks a server whether it is still there, while it has connections and says nothing else: one of them at a time. */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #circuit: Circuit;
  readonly #emit: Emit;
  readonly #pulses = new Set<Pulse>();
  #timer: NodeJS.Timeout | undefined;

  /** Infinity for none. */
  constructor(intervalMs: number, circuit: Circuit, emit: Emit) {
    this.#intervalMs = intervalMs;
    this.#circuit = circuit;
    this.#emit = emit;
  }

  add(pulse: Pulse): void {
    this.#pulses.add(pulse);
    this.#wind();
  }

  remove(pulse: Pulse): void {
    this.#pulses.delete(pulse);
    if (this.#pulses.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The origin is not reached any more: it is asked as soon as it may be. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pulses.size > 0) this.#wind();
  }

  #wind(): void {
    if (this.#timer !== undefined || !Number.isFinite(this.#intervalMs)) return;
    const waitMs = this.#circuit.isOpen ? Math.max(SHORTEST_MS, this.#circuit.waitMs) : this.#intervalMs;
    this.#timer = setTimeout(() => guarded(this.#emit, "a heartbeat failed", () => this.#beat()), waitMs).unref();
  }

  #beat(): void {
    this.#timer = undefined;
    const [newest] = [...this.#pulses].toSorted((a, b) => b.heardAt - a.heardAt);
    if (newest === undefined) return;
    const isQuiet = performance.now() - newest.heardAt >= this.#intervalMs;
    if ((isQuiet || this.#circuit.isOpen) && this.#circuit.mayTry) newest.ping();
    this.#wind();
  }
}

import { guarded, type Emit } from "../../protocol/events.ts";
import type { AuditSink } from "./sinks/sink.ts";

/** Lines are collected for this long and written together. */
const COLLECT_MS = 50;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;
/** How much may wait for a sink that does not take anything. */
const WAITING_BYTES = 4 * 1024 * 1024;
/** How long the last lines may take at the end. */
const LAST_LINES_MS = 2_000;
/** A sink whose reader is slow is asked this often, and so many times in a row before that counts as a failure. */
const BUSY_MS = 10;
const PATIENCE = 100;
const NEWLINE = 0x0a;

/**
 * Writes the lines of the audit trail behind the calls: nobody waits for a sink. Lines that do not fit into memory are dropped, and
 * their number is written as soon as something can be written again.
 */
export class AuditTrail {
  readonly #sink: AuditSink;
  readonly #emit: Emit;
  #lines: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  /** What is being written. */
  #batch: Buffer = Buffer.alloc(0);
  #written = 0;
  #generation: number;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #retryMs = RETRY_MS;
  /** Attempts in a row at which the sink was busy. */
  #busy = 0;
  #isFailing = false;
  #isClosed = false;

  constructor(sink: AuditSink, emit: Emit) {
    this.#sink = sink;
    this.#generation = sink.generation;
    this.#emit = emit;
  }

  /** Whether the last attempt to write failed, or lines were dropped since. */
  get isFailing(): boolean {
    return this.#isFailing || this.#dropped > 0;
  }

  /** Takes one line without its end. */
  add(line: string): void {
    // After a drop, further lines are dropped until the gap is reported, so that the report is where the lines are missing.
    if (this.#dropped > 0 || this.#waitingBytes + line.length > WAITING_BYTES) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#waitingBytes += line.length + 1;
    if (this.#timer === undefined && this.#writing === undefined) this.#writeIn(COLLECT_MS);
  }

  /** Opens the sink anew after everything before has been written to the old place. */
  async reopen(): Promise<void> {
    await this.#write();
    try {
      await this.#sink.reopen();
    } catch (cause) {
      this.#emit({ type: "trouble", what: "The audit file could not be opened anew; the old one is kept", cause });
    }
  }

  /** Writes what is left, if that is possible within a moment. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const deadline = performance.now() + LAST_LINES_MS;
    while (this.#hasMore && performance.now() < deadline) {
      await this.#write();
      if (this.#hasMore) await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
    }
    clearTimeout(this.#timer);
    await this.#sink.close().catch(() => undefined);
  }

  get #hasMore(): boolean {
    return this.#lines.length > 0 || this.#written < this.#batch.length || this.#dropped > 0;
  }

  get #pauseMs(): number {
    if (this.#isFailing) return this.#retryMs;
    return this.#busy > 0 ? BUSY_MS : COLLECT_MS;
  }

  #writeIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      guarded(this.#emit, "the audit trail could not be written", () => void this.#write());
    }, ms).unref();
  }

  /** Writes one batch, unless the sink fails. Never rejects. */
  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined;
      if (!this.#isClosed && this.#hasMore) this.#writeIn(this.#pauseMs);
    });
    return this.#writing;
  }

  async #writeBatch(): Promise<void> {
    if (!this.#hasMore) return;
    if (this.#written === this.#batch.length) this.#nextBatch();
    try {
      while (this.#written < this.#batch.length) {
        this.#beginLineAgain();
        this.#written += await this.#sink.write(this.#batch.subarray(this.#written));
        this.#succeeded();
      }
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #nextBatch(): void {
    const lines = this.#dropped > 0 ? [...this.#lines, this.#gap()] : this.#lines;
    this.#batch = Buffer.from(`${lines.join("\n")}\n`);
    this.#written = 0;
    this.#lines = [];
    this.#waitingBytes = this.#batch.length;
  }

  #gap(): string {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#emit({ type: "audit.dropped", lines: dropped });
    return JSON.stringify({ time: new Date().toISOString(), event: "dropped", lines: dropped });
  }

  /** In a new place, the line in whose middle the old one ended begins again. */
  #beginLineAgain(): void {
    if (this.#generation === this.#sink.generation) return;
    this.#generation = this.#sink.generation;
    if (this.#written > 0) this.#written = this.#batch.lastIndexOf(NEWLINE, this.#written - 1) + 1;
  }

  #succeeded(): void {
    this.#busy = 0;
    if (this.#written === this.#batch.length) this.#waitingBytes -= this.#batch.length;
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#retryMs = RETRY_MS;
    this.#emit({ type: "audit.back" });
  }

  #failed(cause: unknown): void {
    // A reader that is merely slow is no failure.
    if (isBusy(cause) && ++this.#busy < PATIENCE) return;
    this.#retryMs = this.#isFailing ? Math.min(this.#retryMs * 2, LONGEST_RETRY_MS) : RETRY_MS;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#emit({ type: "audit.failed", cause });
  }
}

const isBusy = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "EAGAIN";

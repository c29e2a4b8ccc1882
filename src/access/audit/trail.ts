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
const CHUNK_BYTES = 128 * 1024;
const NEWLINE = 0x0a;

/**
 * Writes the lines of the audit trail behind the calls: nobody waits for a sink. Lines that do not fit into memory are dropped, and
 * their number is written as soon as something can be written again.
 */
export class AuditTrail {
  readonly #sink: AuditSink;
  readonly #emit: Emit;
  /** The lines that are collected, as bytes: strings would be copied once more by the garbage collector. */
  #filling: Buffer | undefined;
  #filled = 0;
  readonly #full: Buffer[] = [];
  /** One to fill next, kept from before. */
  #spare: Buffer | undefined;
  #waitingBytes = 0;
  #dropped = 0;
  /** What is being written. */
  #batch: Buffer = Buffer.alloc(0);
  #written = 0;
  /** The chunk that `#batch` is a part of, if it can be filled again afterwards. */
  #chunk: Buffer | undefined;
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

  /** Takes one line of ASCII, without its end. */
  add(line: string): void {
    // After a drop, further lines are dropped until the gap is reported, so that the report is where the lines are missing.
    if (this.#dropped > 0 || this.#waitingBytes + line.length > WAITING_BYTES) {
      this.#dropped++;
      return;
    }
    const size = line.length + 1;
    const chunk = this.#chunkFor(size);
    chunk.write(line, this.#filled, "latin1");
    chunk[this.#filled + line.length] = NEWLINE;
    this.#filled += size;
    this.#waitingBytes += size;
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
    return this.#waitingBytes > 0 || this.#dropped > 0;
  }

  #chunkFor(size: number): Buffer {
    if (this.#filling !== undefined && this.#filled + size <= this.#filling.length) return this.#filling;
    if (this.#filling !== undefined) {
      this.#full.push(this.#filling.subarray(0, this.#filled));
      // A full chunk has been collected for long enough.
      if (!this.isFailing && this.#busy === 0) setImmediate(() => void this.#write());
    }
    const spare = this.#spare;
    this.#spare = undefined;
    const chunk = spare !== undefined && size <= spare.length ? spare : Buffer.alloc(Math.max(CHUNK_BYTES, size));
    this.#filling = chunk;
    this.#filled = 0;
    return chunk;
  }

  get #pauseMs(): number {
    if (this.#isFailing) return this.#retryMs;
    if (this.#busy > 0) return BUSY_MS;
    return this.#full.length > 0 ? 0 : COLLECT_MS;
  }

  #writeIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      guarded(this.#emit, "the audit trail could not be written", () => void this.#write());
    }, ms).unref();
  }

  /** Writes what is there, unless the sink fails. Never rejects. */
  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeChunks().finally(() => {
      this.#writing = undefined;
      if (!this.#isClosed && this.#hasMore) this.#writeIn(this.#pauseMs);
    });
    return this.#writing;
  }

  async #writeChunks(): Promise<void> {
    try {
      // Not what is added meanwhile: under load that would never end.
      for (let chunks = this.#full.length + 2; chunks > 0 && this.#hasMore; chunks--) await this.#writeBatch();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  async #writeBatch(): Promise<void> {
    if (this.#written === this.#batch.length) this.#nextBatch();
    while (this.#written < this.#batch.length) {
      this.#beginLineAgain();
      this.#written += await this.#sink.write(this.#batch.subarray(this.#written));
      this.#succeeded();
    }
  }

  #nextBatch(): void {
    this.#spare = this.#chunk;
    this.#chunk = undefined;
    this.#written = 0;
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#batch = full;
    } else if (this.#filled > 0) {
      this.#chunk = this.#filling;
      this.#batch = this.#filling?.subarray(0, this.#filled) ?? this.#batch;
      this.#filling = undefined;
      this.#filled = 0;
    } else {
      this.#batch = Buffer.from(`${this.#gap()}\n`);
      this.#waitingBytes += this.#batch.length;
    }
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

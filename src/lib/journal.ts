import { open, rename, type FileHandle } from "node:fs/promises";
import { readFileSync } from "node:fs";

export interface JournalOptions {
  readonly file: string;
  /** All lines that are still current; the file is compacted to these. */
  readonly snapshot: () => Iterable<string>;
  /** Called when a write fails; the write is retried. */
  readonly onError: (cause: unknown) => void;
}

/** Lines added within this time are written together. */
const WRITE_AFTER_MS = 10;
const IDLE_WRITE_AFTER_MS = 1_000;
const RETRY_AFTER_MS = 5_000;
/** The file is compacted when it holds at least this many lines and more than twice the lines that were current. */
const MIN_LINES = 1_000;
/** Bounds memory while the disk accepts no writes: beyond this the pending lines are dropped and the whole file is rewritten. */
const MAX_PENDING = 10_000;
/** Readable and writable by the owner only. */
const FILE_MODE = 0o600;

/** An append-only file, written in the background; rewritten atomically when most of its lines are stale. */
export class Journal {
  readonly #options: JournalOptions;
  #pending: string[] = [];
  /** Opening the file for each write would cost more than the write. Undefined until the file has been written once. */
  #handle: FileHandle | undefined;
  #lines = 0;
  #linesKept = 0;
  #mustRewrite = true;
  #timer: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Rewrites the file now, so that later lines only have to be appended. */
  begin(): void {
    this.#flush();
  }

  add(line: string): void {
    if (this.#isClosed) return;
    this.#push(line);
    this.#writeIn(WRITE_AFTER_MS);
  }

  /** For a line that may be lost when the process is killed: it is written with the next one, or a second later. */
  addIdly(line: string): void {
    if (this.#isClosed) return;
    this.#push(line);
    this.#idle ??= setTimeout(() => this.#flush(), IDLE_WRITE_AFTER_MS).unref();
  }

  /** Writes the pending lines. Resolves when they are written or the write has failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== undefined || this.#idle !== undefined) this.#flush();
    await this.#writing;
    await this.#handle?.close();
  }

  #push(line: string): void {
    if (this.#mustRewrite || this.#pending.length >= MAX_PENDING) this.#rewriteSoon();
    else this.#pending.push(line);
  }

  #rewriteSoon(): void {
    this.#mustRewrite = true;
    this.#pending = [];
  }

  #writeIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#flush(), ms).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idle);
    this.#timer = this.#idle = undefined;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (this.#lines > Math.max(MIN_LINES, 2 * this.#linesKept)) this.#rewriteSoon();
    try {
      if (this.#mustRewrite || this.#handle === undefined) await this.#rewrite();
      else await this.#append(this.#handle);
    } catch (cause) {
      this.#rewriteSoon();
      this.#options.onError(cause);
      if (!this.#isClosed) this.#writeIn(RETRY_AFTER_MS);
    }
  }

  async #append(handle: FileHandle): Promise<void> {
    const lines = this.#pending.splice(0);
    this.#lines += lines.length;
    await handle.appendFile(textOf(lines));
  }

  async #rewrite(): Promise<void> {
    const { file, snapshot } = this.#options;
    const lines = [...snapshot()];
    this.#mustRewrite = false;
    this.#pending = [];
    this.#lines = this.#linesKept = lines.length;
    await this.#handle?.close();
    this.#handle = undefined;
    const handle = await open(`${file}.new`, "w", FILE_MODE);
    try {
      await handle.appendFile(textOf(lines));
      await rename(`${file}.new`, file);
    } catch (cause) {
      await handle.close();
      throw cause;
    }
    this.#handle = handle;
  }
}

/** The complete lines of a journal; none when the file does not exist. An incomplete last line is dropped. */
export function journalLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

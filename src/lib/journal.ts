import { appendFile, rename, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";

export interface JournalOptions {
  readonly file: string;
  /** All lines that are worth keeping, for a file without the ones that are not. */
  readonly snapshot: () => Iterable<string>;
  /** Writing failed; it is tried again. */
  readonly onError: (cause: unknown) => void;
}

/** Lines that are said together are written together. */
const WRITE_AFTER_MS = 1;
const RETRY_AFTER_MS = 5_000;
/** More than twice what was worth keeping, and at least so many lines, are written anew. */
const MIN_LINES = 1_000;
/** A disk that takes nothing must not make this grow: beyond it the whole file is written anew. */
const MAX_PENDING = 10_000;
/** Only the owner reads and writes. */
const FILE_MODE = 0o600;

/** A file to which lines are added behind the back of who says them; written anew, atomically, when most of it is stale. */
export class Journal {
  readonly #options: JournalOptions;
  #pending: string[] = [];
  #lines = 0;
  #linesKept = 0;
  #mustRewrite = true;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Writes the file anew, so that what is added later has only to be appended. */
  begin(): void {
    this.#flush();
  }

  add(line: string): void {
    if (this.#isClosed) return;
    if (this.#mustRewrite || this.#pending.length >= MAX_PENDING) this.#rewriteSoon();
    else this.#pending.push(line);
    this.#writeIn(WRITE_AFTER_MS);
  }

  /** Writes what is not written yet. Resolves when it is, or cannot be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#flush();
    await this.#writing;
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
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (this.#lines > Math.max(MIN_LINES, 2 * this.#linesKept)) this.#rewriteSoon();
    try {
      if (this.#mustRewrite) await this.#rewrite();
      else await this.#append();
    } catch (cause) {
      this.#rewriteSoon();
      this.#options.onError(cause);
      if (!this.#isClosed) this.#writeIn(RETRY_AFTER_MS);
    }
  }

  async #append(): Promise<void> {
    const lines = this.#pending.splice(0);
    this.#lines += lines.length;
    await appendFile(this.#options.file, textOf(lines), { mode: FILE_MODE });
  }

  async #rewrite(): Promise<void> {
    const { file, snapshot } = this.#options;
    const lines = [...snapshot()];
    this.#mustRewrite = false;
    this.#pending = [];
    this.#lines = this.#linesKept = lines.length;
    await writeFile(`${file}.new`, textOf(lines), { mode: FILE_MODE });
    await rename(`${file}.new`, file);
  }
}

/** The whole lines of a journal; none when there is no such file. What was cut off in writing is left out. */
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

import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { AuditSink, AuditSinkKind } from "./sink.ts";

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
/** Not blocking: opening a FIFO that nobody reads, or writing to one that is full, would otherwise never end. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK;
const OWNER_ONLY = 0o600;
/** No reader yet (ENXIO), no reader any more (EPIPE). */
const READERLESS: readonly unknown[] = ["ENXIO", "EPIPE"];

export const file: AuditSinkKind = {
  name: "file",
  open: async ({ file: path = "" }) => {
    const sink = new FileSink(path);
    await sink.begin();
    return sink;
  },
};

/** Appends to a file, or writes to a FIFO whenever somebody reads it. */
class FileSink implements AuditSink {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #generation = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get generation(): number {
    return this.#generation;
  }

  async begin(): Promise<void> {
    try {
      await this.reopen();
    } catch (cause) {
      // Somebody may come to read the FIFO.
      if (!isReaderless(cause)) throw cause;
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#handle === undefined) {
      await this.reopen();
      // Asked anew, because what was cut begins again in a new place.
      return 0;
    }
    try {
      return (await this.#handle.write(bytes)).bytesWritten;
    } catch (cause) {
      if (isReaderless(cause)) await this.close();
      throw cause;
    }
  }

  async reopen(): Promise<void> {
    const handle = await open(this.#path, FLAGS, OWNER_ONLY);
    const before = this.#handle;
    this.#handle = handle;
    this.#generation++;
    await before?.close();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

const isReaderless = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && READERLESS.includes(cause.code);

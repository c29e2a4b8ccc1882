import { randomBytes } from "node:crypto";
import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Journal, journalLines } from "../lib/journal.ts";
import { makeFolder } from "../lib/state-folder.ts";
import type { RecordLog, SessionRecords, StoredRecord } from "./records.ts";

const KEY_BYTES = 32;

const storedSchema = z.object({
  key: z.string(),
  owner: z.string(),
  at: z.number(),
  record: z.object({
    initialize: z.string(),
    serverDigest: z.string().optional(),
    revision: z.string().optional(),
    toolsDigest: z.string().optional(),
    logLevel: z.string().optional(),
    caller: z.string().optional(),
    subscriptions: z.array(z.string()).optional(),
  }),
});
const lineSchema = z.union([storedSchema, z.object({ forgotten: z.string() })]);

/** Session records in a folder that only its owner can read: a journal, and the key of their digests. */
export class RecordFile {
  readonly #file: string;
  readonly #secret: Buffer;
  #journal: Journal | undefined;

  /** Throws when the folder cannot be created, read or written. */
  constructor(folder: string) {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    this.#file = join(folder, "sessions.jsonl");
    this.#secret = secretIn(join(folder, "sessions.key"));
  }

  get secret(): Buffer {
    return this.#secret;
  }

  /** Restores the stored records, and stores all changes from now on. */
  attach(records: SessionRecords, onError: (cause: unknown) => void): void {
    const journal = new Journal({
      file: this.#file,
      snapshot: () => Array.from(records.all(), (stored) => JSON.stringify(stored)),
      onError,
    });
    this.#journal = journal;
    const log: RecordLog = {
      kept: (stored) => journal.add(JSON.stringify(stored)),
      forgotten: (key) => journal.addIdly(JSON.stringify({ forgotten: key })),
    };
    records.restore(storedIn(journalLines(this.#file)), log);
    journal.begin();
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#journal?.close();
  }
}

/** The latest entry of each key, oldest first. Unreadable lines are skipped. */
function storedIn(lines: readonly string[]): StoredRecord[] {
  const stored = new Map<string, StoredRecord>();
  for (const line of lines) {
    const entry = lineSchema.safeParse(parsed(line)).data;
    if (entry === undefined) continue;
    if ("forgotten" in entry) stored.delete(entry.forgotten);
    else stored.set(entry.key, entry);
  }
  return [...stored.values()].toSorted((a, b) => a.at - b.at);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Truncated by a crash or edited by hand: the other lines are still good.
    return undefined;
  }
}

function secretIn(file: string): Buffer {
  try {
    const secret = readFileSync(file);
    if (secret.length === KEY_BYTES) return secret;
  } catch {
    // It does not exist or cannot be read: a new one is written, and failing to write it reports the reason.
  }
  const secret = randomBytes(KEY_BYTES);
  writeFileSync(file, secret, { mode: 0o600 });
  return secret;
}

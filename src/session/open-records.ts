import { randomBytes } from "node:crypto";
import { errorMessage } from "../lib/error-message.ts";
import { stateFolder, type StateFolderOptions } from "../lib/state-folder.ts";
import type { Emit } from "../protocol/events.ts";
import { RecordFile } from "./record-file.ts";
import { SessionRecords, type RecordsOptions } from "./records.ts";

export interface StoreOptions extends Omit<RecordsOptions, "secret">, StateFolderOptions {
  /** Undefined: a file if possible, else memory. */
  readonly store: "file" | "memory" | undefined;
  readonly emit: Emit;
}

export interface RecordStore {
  readonly records: SessionRecords;
  /** Where the records are stored, and why not in a file if they are not; for the operator. */
  readonly place: string;
  /** Resolves when everything is written. */
  readonly close: () => Promise<void>;
}

/** Throws when a file was requested and cannot be used. */
export function openRecords(options: StoreOptions): RecordStore {
  if (options.store === "memory") return inMemory(options, "in memory: they do not survive a restart (sessions.store)");
  const folder = stateFolder(options);
  try {
    return inFile(options, folder);
  } catch (cause) {
    if (options.store === "file")
      throw new Error(`sessions.store: file cannot use ${folder}: ${errorMessage(cause)}`, { cause });
    return inMemory(options, `in memory: they do not survive a restart, because ${folder} cannot be used (state.dir)`);
  }
}

function inFile(options: StoreOptions, folder: string): RecordStore {
  const file = new RecordFile(folder);
  const records = new SessionRecords({ ...options, secret: file.secret });
  file.attach(records, (cause) =>
    options.emit({ type: "trouble", what: `the sessions could not be written to ${folder}`, cause }),
  );
  return { records, place: `in ${folder}`, close: () => file.close() };
}

function inMemory(options: StoreOptions, place: string): RecordStore {
  const records = new SessionRecords({ ...options, secret: randomBytes(32) });
  return { records, place, close: () => Promise.resolve() };
}

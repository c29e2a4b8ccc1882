import { hash, randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { errorMessage } from "../lib/error-message.ts";
import type { Emit } from "../protocol/events.ts";
import { RecordFile } from "./record-file.ts";
import { SessionRecords, type RecordsOptions } from "./records.ts";

export interface StoreOptions extends Omit<RecordsOptions, "secret"> {
  /** Undefined: a file if possible, else memory. */
  readonly store: "file" | "memory" | undefined;
  /** The configured folder for persistent state. */
  readonly dir: string | undefined;
  /** Tells the gateways on one machine apart: they share a folder but not a file. */
  readonly instance: string;
  readonly env: NodeJS.ProcessEnv;
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
  const folder = join(stateFolder(options), hash("sha256", options.instance, "hex").slice(0, 16));
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

/** The state folder that systemd gives the service, else the user's (XDG Base Directory Specification). */
function stateFolder({ dir, env }: StoreOptions): string {
  if (dir !== undefined) return resolve(dir);
  const ofService = env["STATE_DIRECTORY"]?.split(":")[0];
  if (ofService !== undefined && ofService !== "") return ofService;
  const ofUser = env["XDG_STATE_HOME"];
  return join(ofUser === undefined || ofUser === "" ? join(homedir(), ".local", "state") : ofUser, "mcp-gateway");
}

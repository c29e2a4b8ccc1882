import { hash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, member } from "../lib/json.ts";
import { makeFolder } from "../lib/state-folder.ts";
import type { Emit } from "../protocol/events.ts";
import type { ToolList } from "../protocol/tool.ts";
import { readStoredList, storedList } from "./stored-list.ts";

export interface ListFilesOptions {
  readonly folder: string;
  readonly servers: readonly string[];
  /** Changes with the entry of a server; undefined when what it lists must not be kept. */
  readonly fingerprintOf: (server: string) => string | undefined;
  /** A list that takes more is not kept. */
  readonly maxBytes: number;
  readonly emit: Emit;
}

/** Files of ours, also those that were not finished when the gateway was killed. */
const OURS = /^[0-9a-f]{32}\.json(?:\.[0-9a-f]+\.new)?$/;
/** Readable and writable by the owner only. */
const FILE_MODE = 0o600;

/** What the servers list, in one file each, so that a gateway that starts again knows it at once. Nothing here ever throws. */
export class ListFiles {
  readonly #options: ListFilesOptions;
  /** Servers whose file has been read. */
  readonly #taken = new Set<string>();
  /** The newest lists that are not written yet, by server. */
  readonly #waiting = new Map<string, ToolList>();
  /** Digests of what is in the files, by server. */
  readonly #written = new Map<string, string>();
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isTidy = false;

  constructor(options: ListFilesOptions) {
    this.#options = options;
  }

  /** The list that was kept for this server, the first time that it is asked for. */
  take(server: string): ToolList | undefined {
    if (this.#taken.has(server)) return undefined;
    const file = this.#fileOf(server);
    if (file === undefined) return undefined;
    this.#taken.add(server);
    try {
      return this.#read(server, file);
    } catch (cause) {
      if (!isMissing(cause)) this.#warn(`what is known of "${server}" cannot be read from ${file}`, cause);
      return undefined;
    }
  }

  /** Writes the list in the background. */
  keep(list: ToolList): void {
    if (this.#fileOf(list.server) === undefined) return;
    this.#waiting.set(list.server, list);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  /** A server's name is not in the name of its file: names may differ in case only, and not every file system tells those apart. */
  #fileOf(server: string): string | undefined {
    const fingerprint = this.#options.fingerprintOf(server);
    if (fingerprint === undefined) return undefined;
    return join(this.#options.folder, `${hash("sha256", `${server} ${fingerprint}`, "hex").slice(0, 32)}.json`);
  }

  #read(server: string, file: string): ToolList {
    const { maxBytes } = this.#options;
    if (statSync(file).size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    const text = readFileSync(file, "utf8");
    const list = readStoredList(server, JSON.parse(text));
    if (list === undefined) throw new Error("it is not a list of this gateway");
    this.#written.set(server, digestOf(text));
    return list;
  }

  async #writeAll(): Promise<void> {
    for (const [server, list] of this.#waiting) {
      this.#waiting.delete(server);
      const file = this.#fileOf(server);
      if (file === undefined) continue;
      try {
        await this.#write(list, file);
        this.#hasFailed = false;
      } catch (cause) {
        if (!this.#hasFailed) this.#warn(`what "${server}" lists cannot be written to ${file}`, cause);
        this.#hasFailed = true;
      }
    }
    this.#writing = undefined;
  }

  async #write(list: ToolList, file: string): Promise<void> {
    const text = storedList(list);
    const digest = digestOf(text);
    if (this.#written.get(list.server) === digest || Buffer.byteLength(text) > this.#options.maxBytes) return;
    makeFolder(this.#options.folder);
    await this.#tidy();
    const unfinished = `${file}.${randomBytes(6).toString("hex")}.new`;
    try {
      await writeFile(unfinished, text, { mode: FILE_MODE, flag: "wx" });
      await rename(unfinished, file);
    } catch (cause) {
      await rm(unfinished, { force: true });
      throw cause;
    }
    this.#written.set(list.server, digest);
  }

  /** Removes the files of entries that the config no longer has. */
  async #tidy(): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    const { folder, servers } = this.#options;
    const current = new Set(servers.map((server) => this.#fileOf(server)));
    const files = (await readdir(folder)).filter((name) => OURS.test(name)).map((name) => join(folder, name));
    await Promise.all(files.filter((file) => !current.has(file)).map((file) => rm(file, { force: true })));
  }

  #warn(what: string, cause: unknown): void {
    // A warning is about the file: the stack says nothing more.
    this.#options.emit({ type: "trouble", what, cause: cause instanceof Error ? cause.message : cause });
  }
}

const digestOf = (text: string): string => hash("sha256", text);

const isMissing = (error: unknown): boolean => isObject(error) && member(error, "code") === "ENOENT";

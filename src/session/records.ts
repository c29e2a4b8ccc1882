import { createHmac } from "node:crypto";
import { LRUCache } from "lru-cache";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { SessionKey } from "./context.ts";
import type { SessionRecord } from "./session-record.ts";

export interface RecordLimits {
  /** How long a record is kept after the client was last seen. */
  readonly retentionMs: number;
  /** Maximum number of records, in total and of one principal. */
  readonly records: number;
  readonly recordsPerPrincipal: number;
  /** Characters of all. */
  readonly size: number;
}

export interface StoredRecord {
  readonly key: string;
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly record: SessionRecord;
}

/** Receives changes of records, to persist them. */
export interface RecordLog {
  kept(stored: StoredRecord): void;
  forgotten(key: string): void;
}

export interface RecordsOptions {
  readonly limits: RecordLimits;
  /** The key of the digests: without it, keys and owners can neither be computed nor reversed. */
  readonly secret: Buffer;
  /** The fingerprint of a server's entry: its records are useless after a change. */
  readonly fingerprintOf: (server: string) => string;
}

/**
 * The records of sessions. Bounded: a principal over its own limit loses its oldest record; over the total limit, the principal
 * with the most records loses one. Neither the id of a session nor its principal can be read from them.
 */
export class SessionRecords {
  readonly #options: RecordsOptions;
  /** Oldest first. */
  readonly #stored = new Map<string, StoredRecord>();
  readonly #countOf = new Map<string, number>();
  /** Of the principals and sessions seen last: each is needed several times. */
  readonly #digests = new LRUCache<string, string>({ max: 1_000 });
  #size = 0;
  #log: RecordLog | undefined;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#stored.size;
  }

  /** Adds stored records, oldest first; later changes go to `log`. */
  restore(records: Iterable<StoredRecord>, log: RecordLog): void {
    for (const stored of records) this.#set(stored);
    this.#log = log;
  }

  find(session: SessionKey): SessionRecord | undefined {
    this.#dropOld();
    return this.#stored.get(this.#keyOf(session))?.record;
  }

  keep(session: SessionKey, record: SessionRecord): void {
    const stored = { key: this.#keyOf(session), owner: this.#ownerOf(session.principal), at: Date.now(), record };
    this.#dropOld();
    this.#set(stored);
    this.#log?.kept(stored);
  }

  /** Renews the record of a client that is still active. */
  touch(session: SessionKey): void {
    const record = this.find(session);
    if (record !== undefined) this.keep(session, record);
  }

  forget(session: SessionKey): void {
    const key = this.#keyOf(session);
    if (!this.#stored.has(key)) return;
    this.#delete(key);
    this.#log?.forgotten(key);
  }

  /** Oldest first. */
  all(): Iterable<StoredRecord> {
    return this.#stored.values();
  }

  #set(stored: StoredRecord): void {
    const { key, owner } = stored;
    this.#delete(key);
    this.#stored.set(key, stored);
    const count = (this.#countOf.get(owner) ?? 0) + 1;
    this.#countOf.set(owner, count);
    this.#size += sizeOf(stored);
    const { records, recordsPerPrincipal, size } = this.#options.limits;
    if (count > recordsPerPrincipal) this.#dropOldestOf(owner);
    while (this.#stored.size > records || this.#size > size) this.#dropOldestOf(this.#largestOwner());
  }

  #dropOld(): void {
    const oldest = Date.now() - this.#options.limits.retentionMs;
    for (const { key, at } of this.#stored.values()) {
      if (at > oldest) return;
      this.#delete(key);
    }
  }

  #dropOldestOf(owner: string): void {
    for (const stored of this.#stored.values()) if (stored.owner === owner) return this.#delete(stored.key);
  }

  #largestOwner(): string {
    let [largest, most] = ["", 0];
    for (const [owner, count] of this.#countOf) if (count > most) [largest, most] = [owner, count];
    return largest;
  }

  #delete(key: string): void {
    const stored = this.#stored.get(key);
    if (stored === undefined) return;
    this.#stored.delete(key);
    this.#size -= sizeOf(stored);
    const count = (this.#countOf.get(stored.owner) ?? 0) - 1;
    if (count > 0) this.#countOf.set(stored.owner, count);
    else this.#countOf.delete(stored.owner);
  }

  /** An HTTP+SSE client returns with a new stream and without an id, so its records share one key and any of them will do. */
  #keyOf({ server, transport, principal, id }: SessionKey): string {
    const { fingerprintOf } = this.#options;
    const ownId = transport === "sse" ? "" : id;
    return this.#digest([server, fingerprintOf(server), transport, principalKey(principal), ownId]);
  }

  #ownerOf(principal: Principal): string {
    return this.#digest([principalKey(principal)]);
  }

  #digest(parts: readonly string[]): string {
    const text = JSON.stringify(parts);
    const known = this.#digests.get(text);
    if (known !== undefined) return known;
    const digest = createHmac("sha256", this.#options.secret).update(text).digest("base64url").slice(0, 27);
    this.#digests.set(text, digest);
    return digest;
  }
}

const sizeOf = ({ record: { initialize, subscriptions = [] } }: StoredRecord): number =>
  initialize.length + subscriptions.reduce((sum, { length }) => sum + length, 0);

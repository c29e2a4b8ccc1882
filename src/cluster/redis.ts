import type { Redis } from "ioredis";
import { guarded, type Emit } from "../protocol/events.ts";
import type { SharedStore } from "../protocol/shared-store.ts";

export interface RedisOptions {
  readonly url: string;
  readonly emit: Emit;
  /** How long the first connection may take. */
  readonly connectMs?: number;
}

const CONNECT_MS = 8_000;
/** A command that takes longer has failed: a caller is waiting for it. */
const COMMAND_MS = 500;
const LONGEST_PAUSE_MS = 2_000;
const CHECK_MS = 1_000;

/** A connection to Redis that is established anew whenever it is lost. */
export class RedisStore implements SharedStore {
  readonly client: Redis;
  readonly #emit: Emit;
  #isSlow = false;
  #wasLost = false;
  #check: NodeJS.Timeout | undefined;

  private constructor(client: Redis, emit: Emit) {
    this.client = client;
    this.#emit = emit;
    client.on("error", (cause: unknown) => this.#guard(() => this.#lost(cause)));
    client.on("close", () => this.#guard(() => this.#lost(undefined)));
    client.on("ready", () => this.#guard(() => this.#ready()));
  }

  /** Rejects, with the reason, when there is no connection in time. Loads ioredis, which only this needs. */
  static async connect({ url, emit, connectMs = CONNECT_MS }: RedisOptions): Promise<RedisStore> {
    // The default export: of a CommonJS package, a bundle has no other.
    const { default: ioredis } = await import("ioredis");
    const client = new ioredis.Redis(url, {
      lazyConnect: true,
      connectTimeout: connectMs,
      commandTimeout: COMMAND_MS,
      // A command fails at once while there is no connection, instead of being kept.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: null,
    });
    // Without a listener, ioredis prints errors itself.
    let last: unknown;
    client.on("error", (cause: unknown) => (last = cause));
    try {
      await inTime(client.connect(), connectMs);
      await inTime(client.ping(), connectMs);
    } catch (cause) {
      client.disconnect();
      throw new Error(reasonOf(last ?? cause), { cause });
    }
    client.options.retryStrategy = (attempts) => Math.min(attempts * 100, LONGEST_PAUSE_MS);
    client.removeAllListeners("error");
    return new RedisStore(client, emit);
  }

  get isReady(): boolean {
    return this.client.status === "ready" && !this.#isSlow;
  }

  suspect(): void {
    if (this.#isSlow || this.client.status !== "ready") return;
    this.#isSlow = true;
    this.#lost(new Error("it does not answer in time"));
    this.#checkSoon();
  }

  close(): void {
    clearTimeout(this.#check);
    this.client.removeAllListeners();
    // Also after the end of the connection, an error may be reported.
    this.client.on("error", () => undefined);
    this.client.disconnect();
  }

  #checkSoon(): void {
    this.#check = setTimeout(() => {
      void this.#ping();
    }, CHECK_MS).unref();
  }

  async #ping(): Promise<void> {
    try {
      await this.client.ping();
    } catch {
      return this.#checkSoon();
    }
    this.#isSlow = false;
    this.#guard(() => this.#ready());
  }

  /** Reported once, until it is back. */
  #lost(cause: unknown): void {
    if (this.#wasLost) return;
    this.#wasLost = true;
    this.#emit({ type: "store.lost", reason: reasonOf(cause) });
  }

  #ready(): void {
    if (!this.#wasLost || !this.isReady) return;
    this.#wasLost = false;
    this.#emit({ type: "store.back" });
  }

  #guard(run: () => void): void {
    guarded(this.#emit, "an event of Redis could not be handled", run);
  }
}

async function inTime<T>(waiting: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([waiting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An address that refuses has several errors, one for each of its addresses. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error && cause.message !== "" ? cause.message : "the connection was closed";
}

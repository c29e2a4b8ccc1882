import { nanoid } from "nanoid";
import type { Line } from "../../lib/lines.ts";

export interface ReplayLimits {
  readonly events: number;
  readonly bytes: number;
}

export interface StoredEvent {
  readonly id: string;
  readonly sequence: number;
  readonly line: Line;
}

interface Entry {
  readonly stream: string;
  readonly sequence: number;
  readonly line: Line;
  isSent: boolean;
}

/** The name of a stream and the number of an event on it, as encoded in an event id. */
export interface EventPosition {
  readonly stream: string;
  readonly sequence: number;
}

/** The nonce, the name that `Conversation` gives to the stream of a POST, and a sequence number. */
const LOST_POST = /^([\w-]{6}\.p\d{1,15})\.\d{1,15}$/;

/**
 * The recent messages on the streams of one session, for clients that resume with `Last-Event-ID` (MCP 2025-11-25, transports,
 * resumability). An event id names its stream, so that messages are replayed on their own stream only. Bounded: the oldest
 * messages are dropped.
 */
export class Replay {
  readonly #limits: ReplayLimits;
  /** Part of every id, so that the ids of another session are not accepted. */
  readonly #nonce = nanoid(6);
  /** Oldest first; those before `#dropped` have been dropped. */
  #entries: (Entry | undefined)[] = [];
  #dropped = 0;
  #sequence = 0;
  #bytes = 0;

  constructor(limits: ReplayLimits) {
    this.#limits = limits;
  }

  /** Stores a message and returns the id of its event. */
  add(stream: string, line: Line, isSent: boolean): string {
    const sequence = ++this.#sequence;
    // A message that exceeds the limit on its own would only evict all others.
    if (line.length <= this.#limits.bytes) this.#keep({ stream, sequence, line, isSent });
    return this.idOf({ stream, sequence });
  }

  /** The position before the next event of any stream. */
  now(stream: string): EventPosition {
    return { stream, sequence: this.#sequence };
  }

  idOf({ stream, sequence }: EventPosition): string {
    return `${this.#nonce}.${stream}.${sequence}`;
  }

  /** Parses an event id; undefined when it is not an id of this session. */
  positionOf(id: string): EventPosition | undefined {
    const [nonce, stream = "", sequence = "", ...more] = id.split(".");
    const isOurs = nonce === this.#nonce && stream !== "" && /^\d{1,15}$/.test(sequence) && more.length === 0;
    return isOurs ? { stream, sequence: Number(sequence) } : undefined;
  }

  /**
   * The name of a stream of this session before its gateway was started again, or before it hibernated; undefined for the GET stream's
   * and for anything that is no event id.
   */
  lostPostIn(id: string): string | undefined {
    return LOST_POST.exec(id)?.[1];
  }

  after({ stream, sequence }: EventPosition): StoredEvent[] {
    return this.#take((entry) => entry.stream === stream && entry.sequence > sequence);
  }

  /** Messages for which no stream was open. */
  unsent(stream: string): StoredEvent[] {
    return this.#take((entry) => entry.stream === stream && !entry.isSent);
  }

  #keep(entry: Entry): void {
    const { events, bytes } = this.#limits;
    this.#entries.push(entry);
    this.#bytes += entry.line.length;
    while (this.#entries.length - this.#dropped > events || this.#bytes > bytes) this.#dropOldest();
    if (this.#dropped <= events) return;
    // Compacts rarely: moving the remaining entries costs the same for one dropped entry as for many.
    this.#entries = this.#entries.slice(this.#dropped);
    this.#dropped = 0;
  }

  #dropOldest(): void {
    this.#bytes -= this.#entries[this.#dropped]?.line.length ?? 0;
    this.#entries[this.#dropped++] = undefined;
  }

  #take(wanted: (entry: Entry) => boolean): StoredEvent[] {
    return this.#entries.flatMap((entry) => {
      if (entry === undefined || !wanted(entry)) return [];
      entry.isSent = true;
      return { id: this.idOf(entry), sequence: entry.sequence, line: entry.line };
    });
  }
}

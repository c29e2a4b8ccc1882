import type { MessageRecorder, RecordedSession, SessionRecording } from "../../protocol/recording.ts";
import { Recording, type RecordingHost } from "./recording.ts";

/** What all recordings may take together. */
const MAX_BYTES = 64 * 1024 * 1024;
/** How much is left when they take more than that, so that it does not happen again at once. */
const FREE_TO = 0.9;
/** Sessions that have ended, of all callers, and for how long they are kept. */
const MAX_ENDED = 100;
const ENDED_MS = 10 * 60_000;

/** The recordings of all sessions, and for a short while of those that have ended: what went wrong is asked afterwards. */
export class Recordings implements MessageRecorder, RecordingHost {
  readonly #maxBytes: number;
  readonly #live = new Map<string, Recording>();
  /** The one that ended first is first. */
  readonly #ended = new Map<string, Recording>();
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Those of sessions that have ended, the latest first. */
  get ended(): readonly Recording[] {
    this.#forgetOld();
    return [...this.#ended.values()].toReversed();
  }

  find(key: string): Recording | undefined {
    this.#forgetOld();
    return this.#live.get(key) ?? this.#ended.get(key);
  }

  record(session: RecordedSession): SessionRecording {
    const { key } = session;
    const recording = this.#ended.get(key) ?? new Recording(session, this);
    recording.goOn();
    this.#ended.delete(key);
    this.#live.set(key, recording);
    return recording;
  }

  over(recording: Recording): void {
    const { key } = recording.session;
    if (this.#live.get(key) === recording) this.#live.delete(key);
    this.#ended.set(key, recording);
    this.#forgetOld();
    if (this.#ended.size > MAX_ENDED) this.#forgetOneOf(this.#mostFrequent());
  }

  grew(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.#maxBytes) this.#makeRoom();
  }

  #forgetOld(): void {
    const before = Date.now() - ENDED_MS;
    for (const recording of this.#ended.values()) {
      if ((recording.over?.endedAt ?? 0) >= before) return;
      this.#forget(recording);
    }
  }

  /** The principal with the most ended sessions: one whose calls are short sessions does not push out those of others. */
  #mostFrequent(): string | undefined {
    const counts = new Map<string, number>();
    let most: string | undefined;
    for (const { session } of this.#ended.values()) {
      const count = (counts.get(session.principal) ?? 0) + 1;
      counts.set(session.principal, count);
      if (count > (counts.get(most ?? "") ?? 0)) most = session.principal;
    }
    return most;
  }

  #forgetOneOf(principal: string | undefined): void {
    for (const recording of this.#ended.values()) {
      if (recording.session.principal === principal) return this.#forget(recording);
    }
  }

  #forget(recording: Recording): void {
    this.#ended.delete(recording.session.key);
    recording.shrinkTo(0);
  }

  /** First what has ended is forgotten, then every principal is left an equal share, and every session of it one of that. */
  #makeRoom(): void {
    const target = this.#maxBytes * FREE_TO;
    for (const recording of this.#ended.values()) {
      if (this.#bytes <= target) return;
      this.#forget(recording);
    }
    const sessions = new Map<string, number>();
    for (const { session } of this.#live.values())
      sessions.set(session.principal, (sessions.get(session.principal) ?? 0) + 1);
    const share = target / sessions.size;
    for (const recording of this.#live.values()) {
      recording.shrinkTo(share / (sessions.get(recording.session.principal) ?? 1));
    }
  }
}

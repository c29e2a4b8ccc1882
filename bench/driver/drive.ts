import type { Call, LoadSession, Outcome } from "./session.ts";

export interface Drive {
  readonly sessions: readonly LoadSession[];
  /** Concurrent calls of each session. */
  readonly inFlight: number;
  readonly call: Call;
  readonly ms: number;
}

export interface DriveResult {
  readonly calls: number;
  /** From the first request to the last response. */
  readonly ms: number;
  readonly latenciesMs: readonly number[];
  /** What went wrong, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** How long the last responses may take after the end of a slice. */
const OVERDUE_MS = 20_000;

/** A closed loop: each lane makes its next call when the previous one is answered, until the time is over. */
export function drive({ sessions, inFlight, call, ms }: Drive): Promise<DriveResult> {
  return new Promise((resolve) => {
    const latenciesMs: number[] = [];
    const failures = new Map<string, number>();
    const startedAt = performance.now();
    const deadline = startedAt + ms;
    let running = sessions.length * inFlight;
    const finish = (now: number): void => {
      clearTimeout(overdue);
      resolve({ calls: latenciesMs.length, ms: now - startedAt, latenciesMs, failures });
    };
    const overdue = setTimeout(() => {
      note(failures, `no answer within ${OVERDUE_MS} ms`, running);
      finish(deadline);
    }, ms + OVERDUE_MS);
    const lane = (make: ReturnType<LoadSession["prepare"]>, index: number): void => {
      let sentAt = 0;
      const done = ({ failure, text }: Outcome): void => {
        const now = performance.now();
        latenciesMs.push(now - sentAt);
        if (failure !== undefined) note(failures, `${failure} ${text.slice(0, 120)}`, 1);
        // A lane whose calls are refused would only spin.
        if (now < deadline && failure === undefined) return next(now);
        if (--running === 0) finish(now);
      };
      const next = (now: number): void => {
        sentAt = now;
        make(index, done);
      };
      next(performance.now());
    };
    for (const session of sessions) {
      const make = session.prepare(call);
      for (let index = 0; index < inFlight; index++) lane(make, index);
    }
  });
}

function note(counts: Map<string, number>, what: string, times: number): void {
  counts.set(what, (counts.get(what) ?? 0) + times);
}

import type { Call, LoadSession, Outcome } from "./session.ts";

export interface Drive {
  readonly sessions: readonly LoadSession[];
  /** Calls of each session that are in flight at once. */
  readonly inFlight: number;
  readonly call: Call;
  readonly ms: number;
}

export interface Driven {
  readonly calls: number;
  /** From the first request to the last answer. */
  readonly ms: number;
  readonly latenciesMs: readonly number[];
  /** What went wrong, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** How long after the end of a slice its last answers may come. */
const OVERDUE_MS = 20_000;

/** A closed loop: each lane makes its next call when the last one is answered, until the time is over. */
export function drive({ sessions, inFlight, call, ms }: Drive): Promise<Driven> {
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
        // A lane that is refused would only spin.
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

import { methods } from "../protocol/methods.ts";
import type { ProcessState } from "../protocol/upstream.ts";
import type { ServerHealth } from "./server-health.ts";
import type { CallSum, ServerFacts, ServerReport, ServerState } from "./server-report.ts";
import type { ProcessPlace, SessionState } from "./sources.ts";
import type { Tally } from "./tallies.ts";

export interface ReportParts {
  readonly facts: readonly ServerFacts[];
  readonly sessions: Iterable<SessionState>;
  readonly processes: readonly ProcessPlace[];
  readonly health: ServerHealth;
  readonly tallies: readonly Tally[] | undefined;
}

/** One report for each server of the catalog. */
export function serverReports({ facts, sessions, processes, health, tallies }: ReportParts): ServerReport[] {
  const sessionsOf = counted(sessions, ({ server }) => server);
  const processesOf = counted(processes, ({ server, state }) => `${server} ${state}`);
  return facts.map((server) => {
    const { works, lastExit, lastFailure } = health.of(server.name);
    const state = stateOf(server, works);
    const inState = (each: ProcessState): number => processesOf.get(`${server.name} ${each}`) ?? 0;
    return {
      ...server,
      state,
      isUp: state === "up" || state === "unknown",
      sessions: sessionsOf.get(server.name) ?? 0,
      processes: {
        used: inState("used"),
        warm: inState("warm"),
        starting: inState("starting"),
        ending: inState("ending"),
      },
      calls: tallies && sumOf(tallies, server.name),
      lastExit,
      lastFailure,
    };
  });
}

function sumOf(tallies: readonly Tally[], name: string): CallSum {
  const sum = { ended: 0, errors: 0, seconds: 0 };
  for (const { server, method, outcome, count, seconds } of tallies) {
    if (server !== name || method !== methods.callTool) continue;
    sum.ended += count;
    if (outcome !== "result" && outcome !== "cancelled") sum.errors += count;
    sum.seconds += seconds;
  }
  return sum;
}

function stateOf({ circuit }: ServerFacts, works: boolean | undefined): ServerState {
  if (circuit === "open") return "paused";
  if (works === undefined) return "unknown";
  return works ? "up" : "failing";
}

function counted<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

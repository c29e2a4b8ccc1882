import { audit } from "./audit.ts";
import { calls } from "./calls.ts";
import type { Metric } from "./metric.ts";
import { origins } from "./origins.ts";
import { processExits } from "./process-exits.ts";
import { processStarts } from "./process-starts.ts";
import { processes } from "./processes.ts";
import { limits, refusals } from "./refusals.ts";
import { requests } from "./requests.ts";
import { runtime } from "./runtime.ts";
import { sessionEnds, sessions, sessionsOpened } from "./sessions.ts";
import { store } from "./store.ts";
import { upstreamHealth } from "./upstream-health.ts";

/** Every metric; a new one is a file and a line here. */
export const metrics: readonly Metric[] = [
  calls,
  requests,
  sessions,
  sessionsOpened,
  sessionEnds,
  processes,
  processStarts,
  processExits,
  refusals,
  limits,
  upstreamHealth,
  origins,
  store,
  audit,
  runtime,
];

import { ECHO, type Call } from "../driver/session.ts";

/** One way to use a server, and how it may end. */
export interface Trial {
  readonly server: string;
  /** The relative frequency. */
  readonly weight: number;
  /** Executed one after the other. */
  readonly steps: readonly Step[];
  /** `ok`, or the reasons of errors (MCP) and their codes (REST). */
  readonly ends: readonly string[];
}

export interface Step extends Call {
  /** The number of concurrent calls. */
  readonly lanes: number;
  /** What the response must contain. */
  readonly holds?: string;
}

/** Refusals caused by the small limits; `session_ended` because a session may have been evicted. */
export const BUSY: readonly string[] = [
  "too_many_sessions",
  "too_many_starts",
  "crash_loop",
  "queue_full",
  "session_ended",
];

const OK = ["ok"];
const EXITED = ["process_exited"];
const SILENT = ["call_timeout", "start_timeout"];
const BROKEN = ["protocol_violation"];

const echo = step("echo", { echoes: true });

export const TRIALS: readonly Trial[] = [
  {
    server: "echo",
    weight: 30,
    steps: [echo, { ...echo, lanes: 4 }, echo, big(10_000), { ...echo, lanes: 8 }],
    ends: OK,
  },
  { server: "echo", weight: 10, steps: [big(500_000), echo, big(1_000)], ends: OK },
  { server: "echo", weight: 10, steps: [{ ...echo, padding: "x".repeat(200_000) }, echo], ends: OK },
  { server: "counter", weight: 10, steps: ["1", "2", "3", "4"].map(nextIs), ends: OK },
  { server: "dies-mid-call", weight: 3, steps: [echo, step("die")], ends: EXITED },
  { server: "dies-mid-call", weight: 3, steps: [echo, { ...step("kill"), lanes: 5 }], ends: EXITED },
  { server: "dies-mid-call", weight: 3, steps: [step("half")], ends: EXITED },
  { server: "never-answers", weight: 3, steps: [{ ...step("hang"), lanes: 3 }], ends: SILENT },
  { server: "wrong-ids", weight: 3, steps: [echo, step("wrong", { before: '"kind":"other",' })], ends: SILENT },
  { server: "never-initializes", weight: 2, steps: [], ends: SILENT },
  {
    server: "never-reads-stdin",
    weight: 2,
    steps: [{ ...echo, padding: "x".repeat(150_000), lanes: 4 }],
    ends: SILENT,
  },
  { server: "exits-at-once", weight: 2, steps: [], ends: EXITED },
  { server: "exits-on-init", weight: 2, steps: [], ends: EXITED },
  { server: "refuses-init", weight: 2, steps: [], ends: ["-32602", "upstream_error", "spawn_failed"] },
  { server: "bad-results", weight: 3, steps: [echo, step("bad", { before: '"kind":"array",' })], ends: BROKEN },
  { server: "one-huge-message", weight: 3, steps: [echo, step("huge", { before: '"bytes":2000000,' })], ends: BROKEN },
  { server: "prints-rubbish", weight: 5, steps: [echo, step("bom"), echo], ends: OK },
  { server: "duplicate-ids", weight: 3, steps: [step("echo"), { ...step("echo"), lanes: 4 }], ends: OK },
  {
    server: "floods-stdout",
    weight: 5,
    steps: [step("flood", { before: '"count":3000,"bytes":200,' }), echo],
    ends: OK,
  },
  { server: "floods-stderr", weight: 3, steps: [step("noise", { before: '"bytes":300000,' })], ends: OK },
  { server: "slow-start", weight: 3, steps: [echo], ends: OK },
  { server: "ignores-sigterm", weight: 2, steps: [step("pid")], ends: OK },
  { server: "forks-a-grandchild", weight: 3, steps: [step("pids")], ends: OK },
  { server: "setsid-grandchild", weight: 3, steps: [step("pids")], ends: OK },
  { server: "daemonizes", weight: 3, steps: [step("pids")], ends: OK },
];

function step(tool: string, more: Partial<Call> = {}): Step {
  return { ...ECHO, tool, echoes: false, notifications: undefined, lanes: 1, ...more };
}

function big(bytes: number): Step {
  return step("big", { before: `"bytes":${bytes},`, bytes });
}

function nextIs(count: string): Step {
  return { ...step("next"), holds: `"text":"${count}"` };
}

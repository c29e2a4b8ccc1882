// npm run clients: real client programs and libraries, and what must not interrupt them. CONTRIBUTING.md explains.
import { parseArgs } from "node:util";
import { fixture } from "../test/helpers/gateway.ts";
import { TRANSPORTS, type ClientKind, type ShortRuns, type Transport } from "./clients/client.ts";
import { EVICTION } from "./clients/eviction.ts";
import { survivesIdealRestart } from "./clients/ideal.ts";
import { install } from "./clients/installed.ts";
import { CLIENTS, PROGRAMS } from "./clients/kinds.ts";
import { LIFE_EVENTS } from "./clients/life-events.ts";
import { pythonServer } from "./clients/python.ts";
import type { Scenario, Setting } from "./clients/scenario.ts";
import { SHORT_RUNS } from "./clients/short-runs.ts";
import { TWENTY } from "./clients/twenty.ts";
import { table, type Verdict } from "./clients/verdicts.ts";

const HELP = `npm run clients -- [options]

  --only LIST   for example mcp-remote,sse,restart: these clients (${[...CLIENTS, ...PROGRAMS].map(({ name }) => name).join(", ")}),
                these transports (${TRANSPORTS.join(", ")}) and these scenarios (restart, killed, outage, process, mid-call, idle, version, eviction, twenty,
                short-runs)
  --jobs N      so many at once (1)
  --full        the times that are shortened otherwise: two minutes more
`;
const CLIENT_SCENARIOS = [...LIFE_EVENTS, EVICTION, TWENTY];

interface Job {
  readonly client: string;
  readonly transport: Transport;
  readonly scenario: string;
  readonly isOnDemand: boolean;
  /** Resolves with what is worth telling. */
  run(setting: Setting): Promise<string>;
  /** After a failure: is it the client that does not survive this? */
  isTheClients?(setting: Setting): Promise<boolean>;
}

// A library's own stray promise must not end the others.
process.on("unhandledRejection", (reason) => process.stderr.write(`  unhandled in a client: ${String(reason)}\n`));
process.env["OPENAI_AGENTS_DISABLE_TRACING"] = "1";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "1" },
    full: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exit(await clients(jobsFor(values.only), Number(values.jobs), values.full));

async function clients(jobs: readonly Job[], atOnce: number, isFull: boolean): Promise<number> {
  if (jobs.some(({ isOnDemand }) => isOnDemand)) install();
  const python = await pythonServer();
  const strictIs = python === undefined ? "a fixture: the Python SDK cannot be had" : "a server on the Python SDK";
  process.stdout.write(`The server that insists on the handshake is ${strictIs}.\n`);
  const waiting = jobs.entries();
  const verdicts: Verdict[] = [];
  const worker = async (): Promise<void> => {
    for (const [at, job] of waiting) {
      const startedAt = performance.now();
      const setting = { transport: job.transport, strict: python ?? fixture("insists-on-initialize"), isFull };
      const verdict = await judged(job, setting);
      verdicts[at] = verdict;
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      const what = `${verdict.client} ${verdict.transport} ${verdict.scenario}`;
      process.stdout.write(`${what}: ${verdict.outcome} ${verdict.note} (${seconds} s)\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  process.stdout.write(`\n${table(verdicts)}\n`);
  return verdicts.some(({ outcome }) => outcome === "failed") ? 1 : 0;
}

async function judged(job: Job, setting: Setting): Promise<Verdict> {
  const { client, transport, scenario } = job;
  try {
    return { client, transport, scenario, outcome: "held", note: await job.run(setting) };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    const outcome = (await job.isTheClients?.(setting)) === true ? "client gives up" : "failed";
    return { client, transport, scenario, outcome, note };
  }
}

function jobsFor(only: string): Job[] {
  const jobs = TRANSPORTS.flatMap((transport) => [...clientJobs(transport), ...programJobs(transport)]);
  const wanted = new Set(only.split(",").filter((word) => word !== ""));
  for (const key of ["client", "transport", "scenario"] as const) {
    const chosen = new Set(jobs.map((job) => job[key]).filter((value) => wanted.has(value)));
    if (chosen.size === 0) continue;
    for (const value of chosen) wanted.delete(value);
    jobs.splice(0, jobs.length, ...jobs.filter((job) => chosen.has(job[key])));
  }
  if (wanted.size > 0) throw new Error(`--only: there is no ${[...wanted].join(", ")}`);
  return jobs;
}

function clientJobs(transport: Transport): Job[] {
  return CLIENTS.flatMap((client) =>
    CLIENT_SCENARIOS.filter(({ only = client }) => only === client).map((scenario) => {
      const { restarts } = scenario;
      const job = jobFor(client, scenario, transport);
      if (restarts === undefined) return job;
      return { ...job, isTheClients: async (set: Setting) => !(await survivesIdealRestart(client, set, restarts)) };
    }),
  );
}

function programJobs(transport: Transport): Job[] {
  return PROGRAMS.map((program) => jobFor(program, SHORT_RUNS, transport));
}

function jobFor<Who extends ClientKind | ShortRuns>(who: Who, { name, run }: Scenario<Who>, transport: Transport): Job {
  const { name: client, isOnDemand = false } = who;
  return { client, transport, scenario: name, isOnDemand, run: (setting) => run(who, setting) };
}

import { setTimeout as sleep } from "node:timers/promises";
import { newSession } from "../bench.ts";
import type { LoadSession, Outcome } from "../driver/session.ts";
import type { Transport } from "../figures.ts";
import type { Target } from "../targets.ts";
import type { CallCounts } from "./call-counts.ts";
import type { Step, Trial } from "./trials.ts";

/** Longer than any configured timeout. */
const PATIENCE_MS = 20_000;

/** Random numbers from 0 to 1. */
export type Chance = () => number;

export interface VisitOptions {
  readonly chance: Chance;
  /** Undefined when nobody compares the calls with the gateway's figures. */
  readonly counts?: CallCounts | undefined;
}

type CallEnd = ReturnType<CallCounts["sent"]>;

/** One visit of a client: it connects, calls, and leaves politely, by closing its connections, or in the middle. Returns how it ended. */
export async function visit(
  gateway: Target,
  transport: Transport,
  trial: Trial,
  { chance, counts }: VisitOptions,
): Promise<string> {
  const session = newSession(transport, gateway, trial.server);
  try {
    // A REST session only exists once it is called; a call of an unknown tool opens it too.
    if (transport !== "rest" || trial.steps.length === 0) await patiently(session.open());
    return await use(session, trial, { chance, counts });
  } catch (error) {
    return kindOf(error instanceof Error ? error.message : String(error));
  } finally {
    session.drop();
  }
}

async function use(session: LoadSession, { server, steps }: Trial, { chance, counts }: VisitOptions): Promise<string> {
  if (chance() < 0.03) return "left";
  for (const step of steps) {
    const making = make(session, step, () => counts?.sent(server));
    if (chance() < 0.03) {
      await sleep(chance() * 30);
      return "left";
    }
    const outcomes = await patiently(making);
    const failed = outcomes.find(({ failure }) => failure !== undefined);
    if (failed !== undefined) return kindOf(`${failed.failure} ${failed.text}`);
    const { holds } = step;
    if (holds !== undefined && outcomes.some(({ text }) => !text.includes(holds))) return "a wrong answer";
  }
  if (chance() < 0.7) await patiently(session.close());
  return "ok";
}

function make(session: LoadSession, step: Step, sent: () => CallEnd | undefined): Promise<Outcome[]> {
  const call = session.prepare(step);
  const lanes = Array.from({ length: step.lanes }, (_, lane) => lane);
  const one = (lane: number): Promise<Outcome> =>
    new Promise((resolve) => {
      const ended = sent();
      call(lane, (outcome) => {
        ended?.(outcome.failure === undefined);
        resolve(outcome);
      });
    });
  return Promise.all(lanes.map(one));
}

async function patiently<T>(waiting: Promise<T>): Promise<T> {
  const tooLong = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: tooLong.signal }).then(() => {
    throw new Error(`nothing within ${PATIENCE_MS} ms`);
  });
  try {
    return await Promise.race([waiting, late]);
  } finally {
    tooLong.abort();
    late.catch(() => undefined);
  }
}

/** The reason of an error on MCP, its code on REST, a server's own code, else the whole text. */
function kindOf(text: string): string {
  const reason = /"reason":"(\w+)"/.exec(text) ?? /"code":"(\w+)"/.exec(text) ?? /"code":(-\d+)/.exec(text);
  return reason?.[1] ?? text.slice(0, 200);
}

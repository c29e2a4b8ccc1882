// The attacker process: runs a number of lanes, each of which runs one action after the other, chosen by the seed.
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action, Attack, FaultKind } from "./action.ts";
import { chosen } from "./actions.ts";
import { Chance } from "./chance.ts";
import { TOKENS } from "./config.ts";
import { measureKernelBytes } from "./kernel-bytes.ts";
import type { Note, Order } from "./notes.ts";
import { Visitor } from "./visitor.ts";
import { NeverEnded } from "./wire.ts";

/** A low priority, so that the attackers do not take CPU time from the gateway. */
const NICENESS = 10;
const PAUSE_MS = 60;
/** Longer than any action should take. */
const ACTION_MS = 60_000;
/** Ends that any action may have when descriptors are scarce. */
const TIGHT_ENDS = new Set(["cut", "closed", "left", "spawn_failed", "process_exited"]);

process.once("disconnect", () => process.exit(0));
setPriority(NICENESS);
const order = JSON.parse(process.argv[2] ?? "{}") as Order;
const actions = chosen(order.only, order.skip).flatMap((action) => Array.from({ length: action.weight }, () => action));
await measureKernelBytes();
const until = performance.now() + order.seconds * 1_000;
await Promise.all(Array.from({ length: order.lanes }, (_, lane) => attackInLane(lane)));
process.disconnect();

async function attackInLane(lane: number): Promise<void> {
  const choice = new Chance(`${order.seed}/${lane}`);
  for (let n = 0; performance.now() < until; n++) {
    const action = choice.pick(actions);
    await sleep(choice.int(0, PAUSE_MS));
    await perform(action, `${order.seed}-${lane}-${n}`);
  }
}

async function perform(action: Action, key: string): Promise<void> {
  const { name } = action;
  const startedAt = performance.now();
  const visitors: Visitor[] = [];
  const fault = (kind: FaultKind, detail: string): void => tell({ type: "fault", key, name, kind, detail });
  const chance = new Chance(order.replayed ?? key);
  const attack: Attack = {
    chance,
    fault,
    stalls: (port) => port !== undefined && tell({ type: "stalls", key, name, port }),
    visitor: () => {
      const visitor = new Visitor({
        port: order.port,
        token: chance.pick(TOKENS),
        who: `${key}-${visitors.length}`,
        onForeign: (nonce) => fault("foreign answer", `${nonce} came to another's client`),
        onLeft: (requestId) => tell({ type: "left", key, name, requestId }),
      });
      visitors.push(visitor);
      return visitor;
    },
  };
  tell({ type: "began", key, name, at: Date.now() });
  const end = await run(action, attack);
  for (const visitor of visitors) visitor.leave();
  tell({ type: "ended", key, name, end, ms: Math.round(performance.now() - startedAt) });
  const isExpected = action.ends.includes(end) || (order.isTight && TIGHT_ENDS.has(end));
  // Those are faults already.
  if (!isExpected && end !== "wrong" && end !== "never ended") fault("unexpected end", end);
}

async function run(action: Action, attack: Attack): Promise<string> {
  const tooLong = new AbortController();
  const late = sleep(ACTION_MS, undefined, { signal: tooLong.signal }).then(() => {
    throw new NeverEnded(`the action was not over within ${ACTION_MS} ms`);
  });
  try {
    return await Promise.race([action.run(attack), late]);
  } catch (error) {
    if (!(error instanceof NeverEnded))
      return error instanceof Error ? `${error.message} ${error.stack ?? ""}`.slice(0, 300) : String(error);
    attack.fault("never ended", error.message);
    return "never ended";
  } finally {
    tooLong.abort();
    late.catch(() => undefined);
  }
}

function tell(note: Note): void {
  process.send?.(note);
}

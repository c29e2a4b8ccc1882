import { setTimeout as sleep } from "node:timers/promises";
import { judged, LEFT, OK, type Action, type Attack } from "../action.ts";
import { STALL_MS } from "../config.ts";
import { kernelBytes } from "../kernel-bytes.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest } from "../rest.ts";
import { BOTH, call } from "../rpc.ts";

/** Clients that leave too early, or read nothing of what they requested. */
export const LEAVERS: readonly Action[] = [
  { name: "initialize-leaves", weight: 5, ends: LEFT, run: initializeLeaves },
  { name: "sse-leaves", weight: 5, ends: LEFT, run: sseLeaves },
  { name: "call-leaves", weight: 4, ends: LEFT, run: callLeaves },
  { name: "stalls-a-while", weight: 3, ends: OK, run: stallsAWhile },
  { name: "stalls-forever", weight: 2, ends: [...OK, "cut"], run: stallsForever },
  { name: "stalls-on-rest", weight: 2, ends: LEFT, run: stallsOnRest },
];

const PIECE_BYTES = 4_000;

/** Leaves before the first byte of the response, so nobody knows the id of the session. */
async function initializeLeaves(attack: Attack): Promise<string> {
  const { chance } = attack;
  const session = new Streamable(attack.visitor(), "slow-start");
  const isStrict = chance.is(0.7);
  const accept = isStrict ? "application/json" : chance.pick([BOTH, "text/event-stream"]);
  session.wire.write(session.opening(accept, isStrict ? session.visitor.requestIdOfOurs() : undefined));
  await sleep(chance.int(1, 100));
  if (chance.is(0.3)) session.wire.reset();
  return "left";
}

/** Leaves at a random moment while the stream is opened. */
async function sseLeaves(attack: Attack): Promise<string> {
  const sse = new Sse(attack.visitor(), attack.chance.pick(["echo", "slow-start"]));
  if (attack.chance.is(0.5)) void sse.open().catch(() => undefined);
  else sse.stream.write(sse.opening());
  await sleep(attack.chance.int(0, 120));
  if (attack.chance.is(0.3)) sse.stream.reset();
  return "left";
}

async function callLeaves(attack: Attack): Promise<string> {
  const caller = new Rest(attack.visitor(), "echo");
  const { end } = await caller.ask("pid", {});
  if (end !== "answer") return end;
  const headers = attack.chance.is(0.5) ? { "Idempotency-Key": `key-${caller.visitor.who}` } : {};
  caller.wire.write(caller.post("sleep", { ms: 200 }, headers));
  await sleep(attack.chance.int(0, 150));
  return "left";
}

/** Reads nothing for less than `limits.stall`, then everything: all messages must have arrived. */
async function stallsAWhile(attack: Attack): Promise<string> {
  const sse = new Sse(attack.visitor(), "floods-stdout");
  const opened = await sse.open();
  if (opened !== "ok") return opened;
  const nonce = sse.visitor.nonce();
  const count = Math.floor((kernelBytes() * (0.8 + attack.chance.next())) / PIECE_BYTES);
  sse.stream.pause();
  await sse.tell(call(90, "flood", { count, bytes: PIECE_BYTES }));
  await sleep(attack.chance.int(100, STALL_MS / 2));
  sse.stream.resume();
  const flood = await sse.answered(90, "a flood that was not read for a while");
  if (flood.end !== "answer") return flood.end;
  const seen = sse.events?.events.filter(({ data }) => data.includes('"padding"')).length;
  if (seen !== count) attack.fault("wrong answer", `${seen} of ${count} messages came to a reader who had paused`);
  return judged(attack, await sse.ask(91, "echo", { message: nonce }), nonce);
}

/** Stops reading for good. The buffered data may exceed `limits.streamBytes` or not; the gateway reports connections it should have cut. */
async function stallsForever(attack: Attack): Promise<string> {
  const sse = new Sse(attack.visitor(), "floods-stdout");
  const opened = await sse.open();
  if (opened !== "ok") return opened;
  const waiting = attack.chance.int(-1, 4) * 100_000;
  sse.stream.pause();
  await sse.tell(call(92, "flood", { count: Math.ceil((kernelBytes() + waiting) / PIECE_BYTES), bytes: PIECE_BYTES }));
  attack.stalls(sse.stream.localPort);
  await sleep(STALL_MS * 2.5);
  return "ok";
}

async function stallsOnRest(attack: Attack): Promise<string> {
  const caller = new Rest(attack.visitor(), "one-huge-message");
  const accept = attack.chance.pick(["*/*", "text/event-stream"]);
  caller.wire.write(caller.post("huge", { bytes: 5_000_000 }, { Accept: accept }));
  caller.wire.pause();
  attack.stalls(caller.wire.localPort);
  await sleep(STALL_MS * 2);
  return "left";
}

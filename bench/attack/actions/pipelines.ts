import { setTimeout as sleep } from "node:timers/promises";
import { judged, LEFT, OK, worst, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest, restReply } from "../rest.ts";
import { BOTH, call, cancel, replyOf } from "../rpc.ts";
import type { Visitor } from "../visitor.ts";

/** Several requests on one socket, sent without waiting for the responses. */
export const PIPELINES: readonly Action[] = [
  { name: "pipelined", weight: 6, ends: OK, run: pipelined },
  { name: "stream-behind-slow", weight: 5, ends: OK, run: streamBehindSlow },
  { name: "stream-behind-slow-leaves", weight: 5, ends: LEFT, run: streamBehindSlowLeaves },
  { name: "batch-cancel", weight: 3, ends: OK, run: (attack) => batchCancel(attack, false) },
  { name: "batch-cancel-behind-slow", weight: 5, ends: OK, run: (attack) => batchCancel(attack, true) },
  { name: "calls-pipelined-leaves", weight: 3, ends: LEFT, run: callsPipelinedLeaves },
];

const ACCEPTS = [BOTH, "text/event-stream", "application/json"];

async function pipelined(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const session = new Streamable(visitor, "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const caller = new Rest(visitor, "echo");
  const kinds = Array.from({ length: attack.chance.int(2, 10) }, () => attack.chance.int(0, 4));
  const asked = kinds.map((kind, at) => ({ kind, id: 10 + at, nonce: visitor.nonce() }));
  const wire = visitor.connect();
  wire.write(asked.map((one) => textOf(one, session, caller)).join(""));
  const ends: string[] = [];
  for (const { kind, id, nonce } of asked) {
    const answer = await wire.next("a pipelined request");
    if (kind === 0) ends.push(judged(attack, replyOf(answer, id), nonce));
    else if (kind === 1) ends.push(judged(attack, restReply(answer), nonce));
    else
      ends.push(answer.status === [200, 404, 202][kind - 2] ? "ok" : answer.isCut ? "cut" : `status ${answer.status}`);
  }
  await session.close();
  return worst(ends);
}

interface PipelinedRequest {
  readonly kind: number;
  readonly id: number;
  readonly nonce: string;
}

function textOf({ kind, id, nonce }: PipelinedRequest, session: Streamable, caller: Rest): string {
  if (kind === 0) return session.post(call(id, "echo", { message: nonce }));
  if (kind === 1) return caller.post("echo", { message: nonce });
  if (kind === 2) return caller.visitor.request("GET", "/health");
  return kind === 3 ? caller.visitor.request("GET", `/nothing/${nonce}`) : session.post(cancel(999_999));
}

/** A slow request, sent ahead of the one being tested. */
async function slow(attack: Attack, session: Streamable): Promise<string> {
  const opened = await session.open();
  if (opened === "ok") session.wire.write(session.post(call(5, "sleep", { ms: attack.chance.int(50, 400) })));
  return opened;
}

async function streamBehindSlow(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const session = new Streamable(visitor, "echo");
  const opened = await slow(attack, session);
  if (opened !== "ok") return opened;
  const [kind, nonce] = [attack.chance.int(0, 2), visitor.nonce()];
  session.wire.write(streamText(kind, visitor, session, nonce));
  const first = judged(attack, replyOf(await session.wire.next("the slow call"), 5), "slept");
  const behind = await session.wire.head("a stream behind a slow call");
  if (kind < 2) {
    await session.wire.until(() => behind.bytes > 0, "the first bytes of a stream");
    return worst([first, behind.status === 200 ? "ok" : replyOf(behind, 0).end]);
  }
  await session.wire.until(() => behind.isOver, "the end of a REST stream");
  return worst([first, judged(attack, restReply(behind), nonce)]);
}

async function streamBehindSlowLeaves(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const session = new Streamable(visitor, "echo");
  const opened = await slow(attack, session);
  if (opened !== "ok") return opened;
  for (let streams = attack.chance.int(1, 3); streams > 0; streams--)
    session.wire.write(streamText(attack.chance.int(0, 2), visitor, session, visitor.nonce()));
  await sleep(attack.chance.int(0, 200));
  if (attack.chance.is(0.3)) session.wire.reset();
  return "left";
}

function streamText(kind: number, visitor: Visitor, session: Streamable, nonce: string): string {
  if (kind === 0) return new Sse(visitor, "echo").opening();
  if (kind === 1) return session.get();
  return new Rest(visitor, "echo").post("echo", { message: nonce }, { Accept: "text/event-stream" });
}

/** `[request, its own cancellation]`: there is no response to send, but the HTTP request must end. */
async function batchCancel(attack: Attack, isBehind: boolean): Promise<string> {
  const visitor = attack.visitor();
  const session = new Streamable(visitor, "echo", "2025-03-26");
  const opened = isBehind ? await slow(attack, session) : await session.open();
  if (opened !== "ok") return opened;
  const batch = `[${call(6, "sleep", { ms: 200 })},${cancel(6)}]`;
  const nonce = visitor.nonce();
  session.wire.write(session.post(batch, attack.chance.pick(ACCEPTS)));
  session.wire.write(session.post(call(7, "echo", { message: nonce })));
  if (isBehind) await session.wire.next("the slow call");
  const cancelled = replyOf(await session.wire.next("a batch that cancels itself"), 6).end;
  const after = judged(attack, replyOf(await session.wire.next("a call behind a cancelled one"), 7), nonce);
  await session.close();
  return worst([cancelled === "none" || cancelled === "answer" ? "ok" : cancelled, after]);
}

async function callsPipelinedLeaves(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const session = new Streamable(visitor, "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  for (let id = 10; id < 10 + attack.chance.int(2, 14); id++)
    session.wire.write(session.post(call(id, "sleep", { ms: 20 * id }), attack.chance.pick(ACCEPTS)));
  await sleep(attack.chance.int(0, 300));
  return "left";
}

import { setTimeout as sleep } from "node:timers/promises";
import { judged, OK, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest } from "../rest.ts";
import { call, type Reply } from "../rpc.ts";

const EXITED = ["process_exited", "session_ended", "session_not_found"];
const SILENT = ["call_timeout", "start_timeout"];
const BROKEN = ["protocol_violation"];

const GULPS_MS = 1_500;

interface Trial {
  readonly server: string;
  readonly tool: string;
  readonly args?: (attack: Attack) => object;
  /** The expected ways to end; `ok` when the response contains the nonce, or `holds`. */
  readonly ends: readonly string[];
  readonly holds?: string;
  /** Whether a second call follows on the same session. */
  readonly again?: boolean;
}

/** Each runs on a random transport. Calls of `closes-stdout` must not have to wait for their deadline. */
const TRIALS: readonly Trial[] = [
  { server: "dies-mid-call", tool: "die", ends: EXITED },
  { server: "dies-mid-call", tool: "kill", ends: EXITED },
  { server: "dies-mid-call", tool: "half", ends: EXITED },
  {
    server: "exits-at-random",
    tool: "exit",
    args: ({ chance }) => ({ ms: chance.int(0, 60) }),
    ends: ["ok", ...EXITED],
    again: true,
  },
  { server: "exits-at-once", tool: "echo", ends: [...EXITED, "spawn_failed"] },
  { server: "closes-stdout", tool: "close", ends: [...EXITED, ...BROKEN] },
  { server: "never-answers", tool: "hang", ends: SILENT },
  { server: "never-initializes", tool: "echo", ends: SILENT },
  { server: "never-reads-stdin", tool: "echo", ends: SILENT },
  {
    server: "wrong-ids",
    tool: "wrong",
    args: ({ chance }) => ({ kind: chance.pick(["other", "null", "object", "missing"]) }),
    ends: [...SILENT, ...BROKEN],
  },
  { server: "duplicate-ids", tool: "echo", ends: ["ok"], again: true },
  {
    server: "bad-results",
    tool: "bad",
    args: ({ chance }) => ({ kind: chance.pick(["string", "null", "both", "neither", "error-string"]) }),
    ends: ["ok", "error", "answer", ...BROKEN, ...SILENT, "upstream_error"],
    holds: "",
  },
  { server: "prints-rubbish", tool: "echo", ends: ["ok"], again: true },
  {
    server: "bad-utf8",
    tool: "echo",
    ends: ["ok", "tool_not_found", "-32602", "invalid_arguments", ...BROKEN],
    holds: "",
  },
  { server: "floods-stderr", tool: "noise", args: () => ({ bytes: 200_000 }), ends: ["ok"], holds: "" },
  {
    server: "floods-stdout",
    tool: "flood",
    args: ({ chance }) => ({ count: chance.int(1, 5_000), bytes: 200 }),
    ends: ["ok"],
    holds: "sent",
  },
  {
    server: "one-huge-message",
    tool: "endless",
    args: () => ({ bytes: 8_000_000 }),
    ends: [...BROKEN, ...SILENT, ...EXITED],
  },
  {
    server: "one-huge-message",
    tool: "babble",
    args: () => ({ bytes: 8_000_000 }),
    ends: ["ok", ...BROKEN],
    holds: "done",
  },
  { server: "ignores-sigterm", tool: "pid", ends: ["ok"], holds: "" },
  { server: "setsid-grandchild", tool: "pids", ends: ["ok"], holds: "" },
  { server: "slow-start", tool: "echo", ends: ["ok"] },
  { server: "garbage", tool: "echo", ends: [...SILENT, ...BROKEN, ...EXITED, "upstream_error"] },
  { server: "no-such-command", tool: "echo", ends: ["spawn_failed", ...EXITED] },
  {
    server: "doubling-schemas",
    tool: "doubles",
    ends: ["ok", "invalid_arguments", "upstream_error", ...BROKEN],
  },
];

export const CHILDREN: readonly Action[] = [
  ...TRIALS.map((trial) => ({
    name: `child-${trial.server}-${trial.tool}`,
    weight: 1,
    ends: [...OK, ...trial.ends],
    run: (attack: Attack) => visit(attack, trial),
  })),
  { name: "child-last-words", weight: 3, ends: [...OK, "process_exited"], run: lastWords },
];

async function visit(attack: Attack, trial: Trial): Promise<string> {
  const visitor = attack.visitor();
  const nonce = visitor.nonce();
  const kind = attack.chance.int(0, 2);
  const args = { message: nonce, ...trial.args?.(attack) };
  const { server, tool } = trial;
  const judge = (reply: Reply): string => judged(attack, reply, trial.holds ?? nonce);
  const times = trial.again === true ? 2 : 1;
  if (kind === 2) {
    const caller = new Rest(visitor, server);
    let end = "ok";
    const headers = { Accept: attack.chance.pick(["*/*", "text/event-stream"]) };
    for (let n = 0; n < times && end === "ok"; n++) end = judge(await caller.ask(tool, args, headers));
    return end;
  }
  const session = kind === 0 ? new Streamable(visitor, server) : new Sse(visitor, server);
  let end = await session.open();
  for (let n = 0; n < times && end === "ok"; n++) end = judge(await session.ask(100 + n, tool, args));
  return end;
}

/**
 * Produces much output for a reader that reads in gulps, so that the server is paused at odd moments, and exits: everything must
 * arrive.
 */
async function lastWords(attack: Attack): Promise<string> {
  const { chance } = attack;
  const sse = new Sse(attack.visitor(), "last-words");
  const opened = await sse.open();
  if (opened !== "ok") return opened;
  const [nonce, count] = [sse.visitor.nonce(), chance.int(5_000, 9_000)];
  sse.stream.pause();
  await sse.tell(call(110, "words", { count, message: nonce }));
  await sleep(400);
  const answered = sse.answered(110, "the last words of a server");
  // Ends well before the deadline of the call.
  for (let until = performance.now() + GULPS_MS; performance.now() < until;) {
    sse.stream.resume();
    await sleep(chance.int(1, 8));
    sse.stream.pause();
    await sleep(chance.int(20, 170));
  }
  sse.stream.resume();
  const reply = await answered;
  const words = sse.events?.events.filter(({ data }) => data.includes('"padding"')).length;
  if (reply.end === "answer" && words === count) return judged(attack, reply, nonce);
  attack.fault(
    "wrong answer",
    `${words} of ${count} words and ${reply.end} of a server that said all of it, then exited`,
  );
  return "wrong";
}

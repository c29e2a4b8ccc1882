import { setTimeout as sleep } from "node:timers/promises";
import { judged, LEFT, OK, worst, type Action, type Attack } from "../action.ts";
import { Sse, Streamable, type Conversation } from "../mcp.ts";
import { Rest, restReply } from "../rest.ts";
import { call, notification, replyOf, request, VERSIONS } from "../rpc.ts";

/** Well-behaved clients that leave at random moments. */
export const CONVERSATIONS: readonly Action[] = [
  { name: "streamable", weight: 8, ends: LEFT, run: streamable },
  { name: "sse", weight: 8, ends: LEFT, run: sse },
  { name: "rest", weight: 8, ends: LEFT, run: rest },
  { name: "rest-stream", weight: 5, ends: LEFT, run: restStream },
  { name: "rest-stream-leaves", weight: 5, ends: LEFT, run: restStreamLeaves },
  { name: "rest-repeats", weight: 4, ends: [...OK, "in_progress"], run: restRepeats },
  { name: "many-messages", weight: 1, ends: OK, run: manyMessages },
];

const MESSAGES = 10_000;
const WINDOW = 100;

async function streamable(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "echo", attack.chance.pick(VERSIONS));
  const opened = await session.open();
  if (opened !== "ok") return opened;
  if (attack.chance.is(0.5)) session.visitor.connect().write(session.get());
  const ends = await calls(attack, session);
  if (attack.chance.is(0.9)) await session.close();
  return ends;
}

async function sse(attack: Attack): Promise<string> {
  const session = new Sse(attack.visitor(), "echo");
  const opened = await session.open();
  return opened === "ok" ? calls(attack, session) : opened;
}

async function calls(attack: Attack, session: Conversation): Promise<string> {
  const { chance } = attack;
  const ends: string[] = [];
  for (let id = 10; id < 10 + chance.int(1, 12); id++) {
    const nonce = session.visitor.nonce();
    if (chance.is(0.03)) {
      void session.ask(id, "sleep", { ms: 300, nonce }).catch(() => undefined);
      await sleep(chance.int(0, 30));
      return "left";
    }
    ends.push(judged(attack, await session.ask(id, "echo", { message: nonce }), nonce));
  }
  return worst(ends);
}

async function rest(attack: Attack): Promise<string> {
  const { chance } = attack;
  const caller = new Rest(attack.visitor(), "echo");
  const ends: string[] = [];
  const forms = [undefined, "application/json", "text/plain", "*/*"];
  for (let times = chance.int(1, 8); times > 0; times--) {
    const nonce = caller.visitor.nonce();
    ends.push(judged(attack, await caller.ask("echo", { message: nonce }, { Accept: chance.pick(forms) }), nonce));
  }
  if (chance.is(0.9)) await caller.close();
  return worst(ends);
}

async function restStream(attack: Attack): Promise<string> {
  const caller = new Rest(attack.visitor(), "echo");
  const nonce = caller.visitor.nonce();
  const headers = { Accept: "text/event-stream" };
  const said = judged(attack, await caller.ask("echo", { message: nonce }, headers), nonce);
  const steps = judged(attack, await caller.ask("progress", { steps: 5, ms: 10 }, headers), "5 steps");
  if (attack.chance.is(0.9)) await caller.close();
  return worst([said, steps]);
}

/** Leaves while its session is opened, before the response headers, right after them, or in the middle. */
async function restStreamLeaves(attack: Attack): Promise<string> {
  const { chance } = attack;
  const isOpening = chance.is(0.5);
  const caller = new Rest(attack.visitor(), isOpening ? "slow-start" : "echo");
  if (!isOpening) {
    const { end } = await caller.ask("pid", {});
    if (end !== "answer") return end;
  }
  for (let times = isOpening ? 1 : chance.int(1, 6); times > 0; times--) {
    const wire = caller.visitor.connect();
    const args = isOpening ? { message: caller.visitor.nonce() } : { ms: chance.int(50, 400) };
    wire.write(caller.post(isOpening ? "echo" : "sleep", args, { Accept: "text/event-stream" }));
    if (!isOpening && chance.is(0.7)) await wire.head("a REST stream");
    await sleep(chance.int(0, isOpening ? 400 : 30));
    wire.drop();
  }
  if (chance.is(0.7)) {
    if (isOpening) await sleep(800);
    await caller.close();
  }
  return "left";
}

/** Repeats a call with the same Idempotency-Key: gets the same response, or the error that it is still running. */
async function restRepeats(attack: Attack): Promise<string> {
  const caller = new Rest(attack.visitor(), "echo");
  const nonce = caller.visitor.nonce();
  const text = caller.post("echo", { message: nonce }, { "Idempotency-Key": `key-${caller.visitor.who}` });
  const other = caller.visitor.connect();
  caller.wire.write(text);
  other.write(text);
  const answers = await Promise.all([caller.wire.next("a call with a key"), other.next("its repetition")]);
  caller.wire.write(text);
  const again = restReply(await caller.wire.next("a later repetition"));
  return worst([...answers.map(restReply), again].map((reply) => judged(attack, reply, nonce)));
}

/** Ten thousand small messages on one session, as many at once as a session may have in flight. */
async function manyMessages(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const { wire, visitor } = session;
  for (let sent = 0; sent < MESSAGES && !wire.isClosed;) {
    const nonce = visitor.nonce();
    const notes = Array.from({ length: WINDOW - 10 }, () => session.post(notification("notifications/progress")));
    const pings = Array.from({ length: 9 }, (_, n) => session.post(request(1_000 + sent + n, "ping")));
    const last = 2_000 + sent;
    wire.write([...notes, ...pings, session.post(call(last, "echo", { message: nonce }))].join(""));
    for (let n = 1; n < WINDOW; n++) {
      const { status } = await wire.next("one of many messages");
      if (status !== 202 && status !== 200) return `status ${status}`;
    }
    const end = judged(attack, replyOf(await wire.next("the last of many messages"), last), nonce);
    if (end !== "ok") return end;
    sent += WINDOW;
  }
  await session.close();
  return wire.isClosed ? "cut" : "ok";
}

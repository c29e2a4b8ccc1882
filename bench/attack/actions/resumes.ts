import { setTimeout as sleep } from "node:timers/promises";
import { judged, LEFT, OK, worst, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest, restReply } from "../rest.ts";
import { call, replyOf } from "../rpc.ts";

/** Streams that are resumed, opened twice, or owned by somebody else. */
export const RESUMES: readonly Action[] = [
  { name: "resume", weight: 4, ends: OK, run: resume },
  { name: "resume-odd", weight: 4, ends: LEFT, run: resumeOdd },
  { name: "second-get", weight: 3, ends: OK, run: secondGet },
  { name: "foreign-session", weight: 4, ends: OK, run: foreignSession },
  { name: "delete-anytime", weight: 5, ends: LEFT, run: deleteAnytime },
  { name: "delete-initializing", weight: 3, ends: LEFT, run: deleteInitializing },
];

/** The connection is cut in the middle of a call; the client resumes and gets the response. */
async function resume(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const lost = session.visitor.connect();
  lost.write(session.post(call(70, "sleep", { ms: 300 }), "text/event-stream"));
  const first = await lost.head("a stream that will be cut");
  await lost.until(() => first.isOver || first.lastId !== undefined, "an event with an id to come back with");
  const position = first.lastId;
  lost.drop();
  if (position === undefined) return first.status === 200 ? "left" : replyOf(first, 70).end;
  await sleep(attack.chance.int(0, 400));
  const back = session.visitor.connect();
  back.write(session.get(position));
  const rest = await back.head("a resumed stream");
  await back.until(() => rest.isOver || rest.message(70) !== undefined, "the answer on a resumed stream");
  const end = judged(attack, replyOf(rest, 70), "slept");
  await session.close();
  return end;
}

async function resumeOdd(attack: Attack): Promise<string> {
  const { chance } = attack;
  const [own, other] = [new Streamable(attack.visitor(), "echo"), new Streamable(attack.visitor(), "echo")];
  const opened = worst(await Promise.all([own.open(), other.open()]));
  if (opened !== "ok") return opened;
  const nonce = other.visitor.nonce();
  other.wire.write(other.post(call(71, "echo", { message: nonce }), "text/event-stream"));
  const finished = await other.wire.next("a stream that ends");
  const foreign = finished.events.at(-1)?.id;
  own.wire.write(own.post(call(72, "echo", { message: own.visitor.nonce() }), "text/event-stream"));
  const mine = (await own.wire.next("a stream that ends")).events.at(-1)?.id;
  const ids = [foreign, mine, "garbage", "a.b.c", `${mine}9`, "..", "x".repeat(5_000), "-1", undefined];
  for (let times = chance.int(1, 4); times > 0; times--) {
    const wire = own.visitor.connect();
    wire.write(own.get(chance.pick(ids)));
    const head = await wire.head("a stream that is asked for with an odd id");
    if (head.status >= 500 && head.status !== 503) return `status ${head.status}`;
    await sleep(chance.int(0, 100));
    if (chance.is(0.5)) wire.drop();
  }
  return "left";
}

/** A new stream replaces the older one, which ends. */
async function secondGet(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const [first, second] = [session.visitor.connect(), session.visitor.connect()];
  first.write(session.get());
  const older = await first.head("a stream");
  if (older.status !== 200) return replyOf(older, 0).end;
  second.write(session.get());
  await second.head("a second stream");
  await first.until(() => older.isOver, "the end of the stream that was replaced");
  const nonce = session.visitor.nonce();
  const end = judged(attack, await session.ask(73, "log", { text: nonce }), "logged");
  await session.close();
  return end;
}

/** Another principal's session must look unknown: on each transport, with the right id and other credentials. */
async function foreignSession(attack: Attack): Promise<string> {
  const [own, stranger] = [attack.visitor(), attack.visitor()];
  if (own.token === stranger.token) return "ok";
  const [session, sse, caller] = [new Streamable(own, "echo"), new Sse(own, "echo"), new Rest(own, "echo")];
  const nonce = own.nonce();
  const opened = worst([await session.open(), await sse.open(), (await caller.ask("echo", { message: nonce })).end]);
  if (opened !== "ok" && opened !== "answer") return opened;
  const wire = stranger.connect();
  const authorization = { Authorization: `Bearer ${stranger.token}` };
  const body = call(74, "echo", { message: nonce });
  wire.write(own.request("POST", "/echo/mcp", { ...session.headers("application/json"), ...authorization }, body));
  wire.write(own.request("POST", sse.endpoint, authorization, body));
  wire.write(own.request("GET", "/echo/mcp", { ...session.headers("text/event-stream"), ...authorization }));
  wire.write(own.request("DELETE", "/echo/mcp", { ...session.headers("*/*"), ...authorization }));
  for (let n = 0; n < 4; n++) {
    const { status, isCut } = await wire.next("a request into another's session");
    if (isCut) return "cut";
    if (status !== 404) attack.fault("wrong answer", `another's session was answered with ${status}`);
  }
  // On REST ids are per principal: with the same id another principal gets a session of its own.
  wire.write(own.request("DELETE", `/api/sessions/${caller.sessionId}`, authorization));
  await wire.next("DELETE of another's REST session");
  caller.wire.write(caller.post("echo", { message: nonce }));
  const answer = await caller.wire.next("a call after a stranger's DELETE");
  if (answer.header("x-mcp-session") === "new") attack.fault("wrong answer", "a stranger's DELETE ended a session");
  return judged(attack, restReply(answer), nonce);
}

async function deleteAnytime(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  if (attack.chance.is(0.3)) {
    const caller = new Rest(visitor, "echo");
    caller.wire.write(caller.post("sleep", { ms: 200 }, { Accept: attack.chance.pick(["*/*", "text/event-stream"]) }));
    await sleep(attack.chance.int(0, 250));
    const wire = visitor.connect();
    wire.write(visitor.request("DELETE", `/api/sessions/${caller.sessionId}`));
    await wire.next("DELETE in the middle of a call");
    await caller.wire.next("a call whose session is ended");
    return "left";
  }
  const session = new Streamable(visitor, "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const listening = visitor.connect();
  listening.write(session.get());
  for (let id = 80; id < 80 + attack.chance.int(0, 5); id++)
    session.wire.write(session.post(call(id, "sleep", { ms: 30 * (id - 79) })));
  await sleep(attack.chance.int(0, 120));
  const wire = visitor.connect();
  for (let times = attack.chance.int(1, 2); times > 0; times--) wire.write(session.delete());
  await wire.next("DELETE in the middle of calls");
  const stream = await listening.head("the stream of an ended session");
  await listening.until(() => stream.isOver, "the end of the stream of an ended session");
  await session.wire.next("a call whose session is ended");
  return "left";
}

/** The id is known from the response headers, but the server has not started yet. */
async function deleteInitializing(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "slow-start");
  session.wire.write(session.opening("text/event-stream"));
  const answer = await session.wire.head("an initialize");
  if (answer.status !== 200) return replyOf(answer, 1).end;
  session.sessionId = answer.header("mcp-session-id") ?? "";
  await sleep(attack.chance.int(0, 100));
  const wire = session.visitor.connect();
  wire.write(session.delete());
  const { status } = await wire.next("DELETE in the middle of an initialize");
  if (status >= 500 && status !== 503) return `status ${status}`;
  await session.wire.until(() => answer.isOver, "the initialize of an ended session");
  return "left";
}

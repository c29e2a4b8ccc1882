import { setTimeout as sleep } from "node:timers/promises";
import { judged, LEFT, OK, worst, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { BOTH, call, cancel, initialize, notification, replyOf, request } from "../rpc.ts";

/** Valid but unusual messages: batches, cancellations, ids. */
export const MESSAGES: readonly Action[] = [
  { name: "batch", weight: 4, ends: OK, run: batch },
  { name: "batch-odd", weight: 4, ends: [...LEFT, "refused", "answered"], run: oddBatch },
  { name: "cancels", weight: 4, ends: OK, run: cancels },
  { name: "cancels-foreign", weight: 3, ends: OK, run: cancelsForeign },
  { name: "duplicate-ids", weight: 3, ends: [...OK, "invalid_request"], run: duplicateIds },
  { name: "unknown-things", weight: 3, ends: OK, run: unknownThings },
];

async function batch(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "echo", "2025-03-26");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const asked = Array.from({ length: attack.chance.int(1, 12) }, (_, at) => ({
    id: attack.chance.is(0.5) ? 10 + at : `id-${at}`,
    nonce: session.visitor.nonce(),
  }));
  const parts = asked.map(({ id, nonce }) => call(id, "echo", { message: nonce }));
  if (attack.chance.is(0.5)) parts.push(notification("notifications/progress"));
  session.wire.write(
    session.post(`[${parts.join(",")}]`, attack.chance.pick([BOTH, "application/json", "text/event-stream"])),
  );
  const answer = await session.wire.next("a batch");
  await session.close();
  return worst(asked.map(({ id, nonce }) => judged(attack, replyOf(answer, id), nonce)));
}

async function oddBatch(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const version = attack.chance.pick(["2025-03-26", "2025-06-18", "2025-11-25"]);
  const session = new Streamable(visitor, "echo", version);
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const echo = (id: number): string => call(id, "echo", { message: visitor.nonce() });
  const bodies = [
    "[]",
    "[[]]",
    `[${initialize(1)}]`,
    `[${initialize(1)},${echo(2)}]`,
    `[${echo(2)},${echo(2)}]`,
    `[${echo(2)},1]`,
    `[${cancel(2)},${echo(2)}]`,
    `[${cancel(2)},${cancel(2)}]`,
    `[${Array.from({ length: 101 }, (_, n) => echo(n)).join(",")}]`,
    `[${Array.from({ length: 90 }, (_, n) => call(n, "sleep", { ms: 5 })).join(",")}]`,
    `[${call(2, "sleep", { ms: 50 })},${cancel(2)},${echo(3)},${cancel(3)}]`,
    `[${call(2, "sleep", { ms: 50 })},{"jsonrpc":"2.0","id":7,"result":{}}]`,
  ];
  session.wire.write(
    session.post(attack.chance.pick(bodies), attack.chance.pick([BOTH, "application/json", "text/event-stream"])),
  );
  const { status, isCut } = await session.wire.next("an odd batch");
  await session.close();
  if (isCut) return "cut";
  return status >= 500 && status !== 503 ? `status ${status}` : status >= 400 ? "refused" : "answered";
}

/** A cancelled call ends; the other calls of the session get their responses. */
async function cancels(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const session = attack.chance.is(0.5) ? new Streamable(visitor, "echo") : new Sse(visitor, "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const nonce = visitor.nonce();
  if (session instanceof Streamable) {
    const slow = visitor.connect();
    slow.write(
      session.post(
        call(20, "sleep", { ms: 1_000 }),
        attack.chance.pick([BOTH, "application/json", "text/event-stream"]),
      ),
    );
    await sleep(attack.chance.int(0, 60));
    await session.tell(cancel(20));
    await slow.next("a call that was cancelled");
  } else {
    await session.tell(call(20, "sleep", { ms: 200 }));
    await session.tell(cancel(20));
  }
  await session.tell(cancel(attack.chance.pick<unknown>([20, "20", 21, null, {}, 0])));
  return judged(attack, await session.ask(21, "echo", { message: nonce }), nonce);
}

/** A cancellation on another session, with the same id, must not affect this one. */
async function cancelsForeign(attack: Attack): Promise<string> {
  const [one, other] = [new Streamable(attack.visitor(), "echo"), new Streamable(attack.visitor(), "echo")];
  const ends = await Promise.all([one.open(), other.open()]);
  if (worst(ends) !== "ok") return worst(ends);
  one.wire.write(one.post(call(30, "sleep", { ms: 200 })));
  await other.tell(cancel(30));
  // With the session id of the first client: another principal's session does not exist.
  other.wire.write(other.post(cancel(30), BOTH, { "Mcp-Session-Id": one.sessionId }));
  const { status } = await other.wire.next("a cancel into another's session");
  const isSame = one.visitor.token === other.visitor.token;
  if (!isSame && status !== 404) attack.fault("wrong answer", `another's session was answered with ${status}`);
  const reply = replyOf(await one.wire.next("a call that another would cancel"), 30);
  return isSame && reply.end === "none" ? "ok" : judged(attack, reply, "slept");
}

async function duplicateIds(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const session = attack.chance.is(0.5) ? new Streamable(visitor, "echo") : new Sse(visitor, "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const nonces = [visitor.nonce(), visitor.nonce()];
  const second = visitor.connect();
  if (session instanceof Streamable) {
    session.wire.write(session.post(call(40, "sleep", { ms: 150 })));
    second.write(session.post(call(40, "echo", { message: nonces[0] })));
    await second.next("a call with an id in use");
    await session.wire.next("the first call with that id");
  } else {
    await session.tell(call(40, "sleep", { ms: 50 }));
    await session.tell(call(40, "echo", { message: nonces[0] }));
  }
  return judged(attack, await session.ask(41, "echo", { message: nonces[1] }), nonces[1] ?? "");
}

async function unknownThings(attack: Attack): Promise<string> {
  const session = new Streamable(attack.visitor(), "echo");
  const opened = await session.open();
  if (opened !== "ok") return opened;
  const nonce = session.visitor.nonce();
  const odd = [
    call(50, `no-such-${nonce}`, {}),
    request(50, "x/anything", { nonce }),
    request(50, "nope/nope"),
    request(50, "initialize", {
      protocolVersion: "1999-01-01",
      capabilities: {},
      clientInfo: { name: "x", version: "" },
    }),
    request(50, "tools/list", { cursor: nonce }),
    '{"jsonrpc":"2.0","id":50,"method":"tools/call","params":[1,2]}',
    '{"jsonrpc":"1.0","id":50,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":50,"result":{}}',
    '{"jsonrpc":"2.0","id":50,"id":51,"method":"ping"}',
    `{"jsonrpc":"2.0","id":50,"method":"ping","params":${'{"a":'.repeat(200)}1${"}".repeat(200)}}`,
  ];
  session.wire.write(session.post(attack.chance.pick(odd)));
  const { status, isCut } = await session.wire.next("something unknown");
  if (isCut) return "cut";
  if (status >= 500 && status !== 503) return `status ${status}`;
  return judged(attack, await session.ask(60, "echo", { message: nonce }), nonce);
}

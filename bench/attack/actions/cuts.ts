import { setTimeout as sleep } from "node:timers/promises";
import { LEFT, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest } from "../rest.ts";
import { BOTH, call, initialize } from "../rpc.ts";
import type { Wire } from "../wire.ts";

/** Incomplete requests, and clients that leave before the response. */
export const CUTS: readonly Action[] = [
  { name: "cut-anywhere", weight: 10, ends: LEFT, run: cutAnywhere },
  { name: "half-closed", weight: 4, ends: [...LEFT, "answered", "closed"], run: halfClosed },
  { name: "drip", weight: 2, ends: [...LEFT, "answered", "closed"], run: drip },
  {
    name: "length-too-long",
    weight: 2,
    ends: ["left", "answered", "closed"],
    run: (attack) => wrongLength(attack, 50),
  },
  { name: "length-too-short", weight: 2, ends: ["answered", "closed"], run: (attack) => wrongLength(attack, -5) },
  { name: "length-odd", weight: 2, ends: ["left", "answered", "closed"], run: oddLength },
  { name: "chunks", weight: 3, ends: ["left", "answered", "closed"], run: chunks },
  { name: "rubbish", weight: 3, ends: ["left", "answered", "closed"], run: rubbish },
];

/** A complete request of a random kind. */
function anyRequest(attack: Attack): string {
  const visitor = attack.visitor();
  const session = new Streamable(visitor, "echo");
  const caller = new Rest(visitor, "echo");
  const nonce = visitor.nonce();
  const texts: readonly (() => string)[] = [
    () => session.opening(attack.chance.pick([BOTH, "application/json", "text/event-stream"])),
    () => new Sse(visitor, "echo").opening(),
    () => caller.post("echo", { message: nonce }),
    () => caller.post("echo", { message: nonce }, { Accept: "text/event-stream" }),
    () => caller.post("echo", { message: nonce }, { "Idempotency-Key": `key-${visitor.who}` }),
    () => session.post(call(2, "echo", { message: nonce })),
    () => visitor.request("GET", "/openapi.json"),
    () => visitor.request("GET", "/api/echo"),
    () => visitor.request("GET", "/health"),
    () => visitor.request("DELETE", `/api/sessions/${caller.sessionId}`),
    () => visitor.request("OPTIONS", "/echo/mcp", { Origin: "http://localhost:5173" }),
  ];
  return attack.chance.pick(texts)();
}

async function cutAnywhere(attack: Attack): Promise<string> {
  const { chance } = attack;
  const text = anyRequest(attack);
  const wire = attack.visitor().connect();
  // The last byte may be included: then the request is complete, but the client does not wait for the response.
  wire.write(text.slice(0, chance.int(1, text.length)));
  await sleep(chance.int(0, 60));
  const end = chance.int(0, 2);
  if (end === 0) wire.drop();
  if (end === 1) wire.reset();
  if (end === 2) {
    wire.halfClose();
    await sleep(chance.int(0, 200));
  }
  return "left";
}

async function halfClosed(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const caller = new Rest(visitor, "echo");
  const wire = visitor.connect();
  wire.write(caller.post("echo", { message: visitor.nonce() }));
  wire.halfClose();
  return answered(wire, "a request whose sender has half closed");
}

async function drip(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const text = new Rest(visitor, "echo").post("echo", { message: visitor.nonce() });
  const wire = visitor.connect();
  const piece = attack.chance.pick([1, 1, 7, 50]);
  for (let at = 0; at < text.length && !wire.isClosed; at += piece) {
    wire.write(text.slice(at, at + piece));
    if (at % 20 === 0) await sleep(1);
  }
  return answered(wire, "a request in very small pieces");
}

/** A body shorter than announced: the gateway waits for the rest; Node allows 30 s, but this client leaves earlier. */
async function wrongLength(attack: Attack, by: number): Promise<string> {
  const visitor = attack.visitor();
  const body = initialize(1);
  const headers = { Accept: BOTH, "Content-Length": String(body.length + by) };
  const wire = visitor.connect();
  wire.write(visitor.request("POST", "/echo/mcp", headers, body));
  if (by < 0) return answered(wire, "a body longer than its Content-Length");
  await sleep(attack.chance.int(0, 500));
  if (attack.chance.is(0.5)) wire.halfClose();
  await sleep(50);
  return wire.answers.length > 0 ? "answered" : "left";
}

async function oddLength(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const length = attack.chance.pick([
    "-1",
    "1e3",
    "0x10",
    "",
    "99999999999999999999",
    "5, 5",
    "5\r\nContent-Length: 6",
  ]);
  const wire = visitor.connect();
  wire.write(visitor.request("POST", "/api/echo/echo", { "Content-Length": length }, '{"message":"x"}'));
  return answeredSoon(wire, attack);
}

async function chunks(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const bodies = [
    "5\r\nhello\r\n",
    "zz\r\nhello\r\n0\r\n\r\n",
    "-5\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffffff\r\nhello",
    "5;a=b;c\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "3\r\nhello\r\n0\r\n\r\n",
    `5;${"x".repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    "\r\n\r\n",
    "0\r\n\r\n",
    "0\r\n\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  ];
  const extra = attack.chance.is(0.2) ? { "Content-Length": "5" } : {};
  const headers = { "Content-Type": "application/json", "Transfer-Encoding": "chunked", ...extra };
  const path = attack.chance.pick(["/echo/mcp", "/api/echo/echo?sessionId=chunked-chunked", "/echo?sessionId=nobody"]);
  const wire = visitor.connect();
  wire.write(visitor.request("POST", path, headers) + attack.chance.pick(bodies));
  return answeredSoon(wire, attack);
}

async function rubbish(attack: Attack): Promise<string> {
  const lines = [
    "\r\n".repeat(2_000),
    "GET / HTTP/9.9\r\n\r\n",
    "GET /\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    `GET /${"a".repeat(60_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    `GET /health HTTP/1.1\r\n${"X: y\r\n".repeat(5_000)}\r\n`,
    "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET http://[::1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /%zz/%00?x=%ff HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "GET /echo/sse HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "POST /echo/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "POST /echo/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: a miracle\r\nContent-Length: 0\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
  ];
  const wire = attack.visitor().connect();
  const noise = Array.from({ length: 200 }, () => String.fromCharCode(attack.chance.int(0, 255))).join("");
  wire.write(attack.chance.is(0.2) ? noise : attack.chance.pick(lines));
  return answeredSoon(wire, attack);
}

async function answered(wire: Wire, what: string): Promise<string> {
  const { status } = await wire.next(what);
  return status === 0 ? "closed" : status >= 500 && status !== 503 ? `status ${status}` : "answered";
}

/** The gateway waits for the rest of an incomplete request, so this client does not wait long for a response. */
async function answeredSoon(wire: Wire, attack: Attack): Promise<string> {
  await Promise.race([wire.until(() => wire.answers.length > 0, "an answer").catch(() => undefined), sleep(300)]);
  if (attack.chance.is(0.3)) wire.halfClose();
  const status = wire.answers[0]?.status ?? 0;
  if (status >= 500 && status !== 503) return `status ${status}`;
  return status > 0 ? "answered" : wire.isClosed ? "closed" : "left";
}

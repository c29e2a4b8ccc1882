import { setTimeout as sleep } from "node:timers/promises";
import { LEFT, OK, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest } from "../rest.ts";
import { BOTH, initialize } from "../rpc.ts";

/** Unauthenticated and unusual clients: wrong origins, probing of paths, floods of connections. */
export const STRANGERS: readonly Action[] = [
  { name: "credentials", weight: 3, ends: OK, run: credentials },
  { name: "odd-headers", weight: 5, ends: [...OK, "refused", "cut"], run: oddHeaders },
  { name: "pages", weight: 4, ends: [...OK, "refused"], run: pages },
  { name: "rest-odd", weight: 4, ends: [...OK, "refused"], run: restOdd },
  { name: "crowd", weight: 2, ends: LEFT, run: crowd },
  { name: "many-sessions", weight: 2, ends: LEFT, run: manySessions },
];

const PATHS = [
  "/echo/mcp",
  "/echo/sse",
  "/echo",
  "/api",
  "/api/echo/echo",
  "/api/sessionid",
  "/openapi.json",
  "/nobody",
];

async function credentials(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const given = [
    undefined,
    "",
    "Bearer",
    "Bearer wrong",
    `bearer${visitor.token}`,
    "Basic eDp5",
    `Basic ${visitor.token}`,
  ];
  const wire = visitor.connect();
  const path = attack.chance.pick(PATHS);
  const body = attack.chance.is(0.5) ? initialize(1) : undefined;
  const headers = { Authorization: attack.chance.pick(given), Accept: BOTH };
  wire.write(visitor.request(body === undefined ? "GET" : "POST", path, headers, body));
  const { status } = await wire.next("a request with wrong credentials");
  if (status !== 401 && path !== "/openapi.json")
    attack.fault("wrong answer", `${path} without credentials: ${status}`);
  return "ok";
}

async function oddHeaders(attack: Attack): Promise<string> {
  const { chance } = attack;
  const visitor = attack.visitor();
  const any = (...values: readonly (string | undefined)[]): string | undefined =>
    chance.is(0.4) ? chance.pick(values) : undefined;
  const odd = {
    Accept: any("", "*", "text/html", "application/json;q=0", BOTH, ",,;", "text/event-stream;q=0.0"),
    Origin: any("null", "http://evil.example", "http://localhost:1", "x", "https://127.0.0.1", "http://[::1]:9"),
    "Sec-Fetch-Site": any("cross-site", "same-origin", "none", "rubbish"),
    "Sec-Fetch-Mode": any("navigate", "no-cors", "cors"),
    "Mcp-Session-Id": any("", "x", "nobody", "é".repeat(100)),
    "Mcp-Protocol-Version": any("1999-01-01", "", "2025-11-25"),
    "X-Forwarded-Prefix": any("/a/b", "//evil.example", "\t", "/x?y#z"),
    "Content-Type": any("text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", ""),
    "Content-Encoding": any("gzip", "identity", "br"),
    "Last-Event-ID": any("1", "\u00ff", "x".repeat(8_000)),
    Prefer: any("wait=-1", "wait=x", "wait=1e9", ";;;="),
    "Idempotency-Key": any("", "k", "x".repeat(5_000)),
    Connection: any("close", "keep-alive", "Upgrade", "x, y"),
    Expect: any("100-continue"),
  };
  const host = chance.is(0.3)
    ? { Host: chance.pick(["evil.example", "", "127.0.0.1:1", "[::1]", "a b", undefined]) }
    : {};
  const method = chance.pick(["GET", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"]);
  const body = method === "POST" || method === "PUT" ? initialize(1) : undefined;
  const given = Object.fromEntries(Object.entries(odd).filter(([, value]) => value !== undefined));
  const wire = visitor.connect();
  wire.write(visitor.request(method, chance.pick(PATHS), { ...given, ...host }, body));
  const answer = await wire.head("a request with odd headers");
  if (answer.isCut) return "cut";
  const { status } = answer;
  return status >= 500 && status !== 503 && status !== 504 ? `status ${status}` : status >= 400 ? "refused" : "ok";
}

async function pages(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const paths = [
    "/health",
    "/live",
    "/ready",
    "/api",
    "/api/echo",
    "/api/echo/echo",
    "/api/hostile-schemas",
    "/api/doubling-schemas",
    "/openapi.json?profile=gpt",
    "/openapi.yaml?version=3.0",
    "/api/echo/openapi.json",
    "/api/hostile-schemas/openapi.yaml?profile=openwebui",
    "/api/doubling-schemas/openapi.json?version=3.0",
    "/docs",
    "/docs/echo",
    "/problems/unauthorized",
    "/problems/%00",
    "/docs/../../etc/passwd",
    "/favicon.ico",
  ];
  const wire = visitor.connect();
  wire.write(
    visitor.request("GET", attack.chance.pick(paths), { Accept: attack.chance.pick([undefined, "text/html", "*/*"]) }),
  );
  const { status } = await wire.next("a page");
  // The document of a server that cannot be listed is a 502 or a 504.
  return status >= 400 ? (status === 500 ? "status 500" : "refused") : status === 0 ? "cut" : "ok";
}

async function restOdd(attack: Attack): Promise<string> {
  const { chance } = attack;
  const caller = new Rest(attack.visitor(), chance.pick(["echo", "hostile-schemas"]));
  const tool = chance.pick([
    "echo",
    "no-such",
    "redos",
    "deep",
    "../x",
    "%",
    "ref-to-itself",
    "boolean-root",
    "x".repeat(300),
  ]);
  const bodies = [
    "{}",
    "[]",
    "null",
    "",
    '{"message":1}',
    '{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}',
    "{",
    '{"__proto__":{"a":1}}',
  ];
  const query = chance.pick([
    "",
    "&timeoutMs=50",
    "&timeoutMs=-1",
    "&result=structured",
    "&toolErrors=http",
    "&result=%00",
  ]);
  const path = `/api/${caller.server}/${encodeURIComponent(tool)}?sessionId=${caller.sessionId}${query}`;
  caller.wire.write(
    caller.visitor.request(
      "POST",
      path,
      { Accept: chance.pick(["*/*", "image/*", "text/plain"]) },
      chance.pick(bodies),
    ),
  );
  const { status } = await caller.wire.next("an odd REST call");
  return status === 0 ? "cut" : status >= 400 ? (status === 500 ? "status 500" : "refused") : "ok";
}

/** Idle sockets. */
async function crowd(attack: Attack): Promise<string> {
  const visitor = attack.visitor();
  const wires = Array.from({ length: attack.chance.int(20, 120) }, () => visitor.connect());
  await sleep(attack.chance.int(200, 800));
  if (attack.chance.is(0.5)) for (const wire of wires) wire.write(visitor.request("GET", "/health"));
  await sleep(attack.chance.int(0, 200));
  return "left";
}

/** More streams at once than the limit allows. */
async function manySessions(attack: Attack): Promise<string> {
  const streams = Array.from({ length: attack.chance.int(8, 30) }, () => new Sse(attack.visitor(), "echo"));
  const ends = await Promise.all(streams.map((stream) => stream.listen()));
  const sessions = Array.from({ length: 4 }, () => new Streamable(attack.visitor(), "echo"));
  const more = await Promise.all(sessions.map((session) => session.open()));
  return [...ends, ...more].find((end) => end !== "ok" && !LEFT.includes(end)) ?? "left";
}

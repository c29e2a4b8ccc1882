import { describe, expect, it } from "vitest";
import { LEVELS } from "../../src/observability/config.ts";
import { Redactor } from "../../src/lib/redactor.ts";
import { LogOutput } from "../../src/observability/log-output.ts";
import { logEvents } from "../../src/observability/log-events.ts";
import { createLog, type LogFields } from "../../src/observability/logger.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { piecesOf } from "../helpers/pieces.ts";

type Logged = readonly [level: string, message: string, fields: LogFields];

const SESSION = { server: "filesystem", sessionId: "abc123" } as const;
const FORGED = "x\r\n2024-01-20T10:15:30.123Z [ERROR]: forged\u2028\u001b[31m\u009b2J\u202egnp.\u2066";

/** One event of every type, with untrusted text wherever there can be some. */
const EVENTS: readonly GatewayEvent[] = [
  { type: "request", requestId: "r", method: "GET", path: "/a%0d%0aforged", status: 200, ms: 1.23 },
  {
    type: "refused",
    requestId: "r",
    method: "GET",
    path: "/a%0d%0aforged",
    // A key of the client's own, as JSON.stringify quotes it.
    error: new GatewayError("invalid_request", `The key ${JSON.stringify(FORGED)} stands twice.`, { cause: FORGED }),
  },
  { type: "store.lost", reason: FORGED },
  { type: "store.back" },
  { type: "audit.failed", cause: new Error(FORGED) },
  { type: "audit.back" },
  { type: "audit.dropped", lines: 3 },
  { type: "session.opened", transport: "sse", principal: `basic:${FORGED}`, requestId: FORGED, ...SESSION },
  { type: "session.closed", transport: "sse", reason: "idle", requests: 3, ...SESSION },
  { type: "session.message", from: "client", line: `{"a":"${FORGED}"}`, requestId: "r", ...SESSION },
  { type: "session.message", from: "server", line: piecesOf(`{"a":"${FORGED}"}`), requestId: undefined, ...SESSION },
  { type: "session.timeout", method: FORGED, afterMs: 5, ...SESSION },
  { type: "server.started", pid: 7, command: "npx", isWarm: false, requestId: "r", ...SESSION },
  { type: "server.started", pid: 7, command: "npx", isWarm: false, requestId: "r", server: "git", sessionId: FORGED },
  { type: "server.ready", pid: 7, ms: 12.3, ...SESSION },
  { type: "server.exited", pid: 7, code: 1, signal: null, asked: false, ...SESSION },
  {
    type: "server.failed",
    error: new GatewayError("process_exited", "It ended.", { log: { stderr: FORGED }, cause: new Error(FORGED) }),
    ...SESSION,
  },
  { type: "server.stderr", text: FORGED, dropped: 5, ...SESSION },
  { type: "server.garbage", sample: FORGED, dropped: 3, ...SESSION },
  { type: "server.bad-message", why: FORGED, dropped: 0, ...SESSION },
  { type: "modern-only", server: FORGED },
  { type: "operated", requestId: FORGED, principal: FORGED, action: "end session", server: FORGED },
  { type: "trouble", what: `the tool "${FORGED}" is odd`, cause: new Error(FORGED) },
  { type: "trouble", what: "w", cause: { [FORGED]: FORGED } },
  { type: "request", requestId: FORGED, method: FORGED, path: FORGED, status: 200, ms: 1 },
  { type: "refused", requestId: FORGED, method: FORGED, path: FORGED, error: new GatewayError("internal", FORGED) },
];

describe("an event", () => {
  it.each(EVENTS.map((event) => [event.type, event] as const))(
    "of type %s is one line of a known level",
    (_type, event) => {
      const [level, message] = logged(event);
      expect(LEVELS).toContain(level);
      expect(message).not.toBe("");
    },
  );

  it.each(EVENTS.map((event) => [event.type, event] as const))("of type %s forges nothing", (_type, event) => {
    for (const format of ["text", "json"] as const) {
      const text = written(event, format);
      expect(text.match(/\n/g)).toHaveLength(1);
      expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });
});

describe("lines that others read", () => {
  it("are there", () => {
    expect(logged(ofType("session.opened"))).toMatchObject(["info", "New SSE connection for filesystem", {}]);
    expect(logged(ofType("server.started"))).toMatchObject([
      "debug",
      "Server instance created with sessionId: abc123",
      {},
    ]);
    const [level, message, fields] = logged({
      type: "session.message",
      from: "server",
      line: '{"jsonrpc":"2.0"}',
      requestId: undefined,
      ...SESSION,
    });
    expect([level, message]).toEqual(["verbose", 'STDIO message received: {"jsonrpc":"2.0"}']);
    expect(fields["session"]).toBe("/filesystem?sessionId=abc123");
  });

  it("name every transport", () => {
    for (const [transport, name] of [
      ["sse", "SSE"],
      ["streamable-http", "Streamable HTTP"],
      ["rest", "REST"],
    ] as const) {
      const event = { type: "session.opened", transport, principal: "p", requestId: "r", ...SESSION } as const;
      expect(logged(event)[1]).toBe(`New ${name} connection for filesystem`);
    }
  });
});

describe("a refusal", () => {
  const refused = (error: GatewayError): Logged =>
    logged({ type: "refused", requestId: "r", method: "POST", path: "/git", error });

  it("is a warning for a failed authentication, and an error for an internal failure", () => {
    expect(refused(new GatewayError("unauthorized", "m"))[0]).toBe("warn");
    expect(refused(new GatewayError("origin_denied", "m"))[0]).toBe("warn");
    expect(refused(new GatewayError("not_found", "m"))[0]).toBe("info");
    expect(refused(new GatewayError("internal", "m"))[0]).toBe("error");
  });

  it("is logged with its reason, its request and what really happened", () => {
    const [, message, fields] = refused(new GatewayError("internal", "m", { cause: new Error("the real one") }));
    expect(message).toContain("POST /git");
    expect(fields).toMatchObject({
      requestId: "r",
      reason: "internal",
      cause: expect.stringMatching(/the real one\n +at .*log-events/),
    });
  });

  it("is logged without a stack unless the gateway failed", () => {
    const [, , fields] = refused(new GatewayError("process_exited", "m", { cause: new Error("the real one") }));
    expect(fields["cause"]).toBe("the real one");
  });
});

describe("what is long", () => {
  it("is cut at 2 KiB", () => {
    const line = piecesOf("x".repeat(1_000_000));
    const message = { type: "session.message", from: "server", line, requestId: "r", ...SESSION } as const;
    expect(written(message).length).toBeLessThan(2_300);
    const cause = new Error("x".repeat(1_000_000));
    expect(written({ type: "trouble", what: "w", cause }).length).toBeLessThan(2_200);
  });
});

describe("the end of a server is one line at the usual level:", () => {
  const error = new GatewayError("process_exited", "It ended.", {
    data: { exitCode: null, signal: "SIGSEGV" },
    log: { stderr: "last words" },
  });
  const crash: readonly GatewayEvent[] = [
    { type: "server.exited", pid: 7, code: null, signal: "SIGSEGV", asked: false, ...SESSION },
    { type: "server.failed", error, ...SESSION },
    { type: "session.closed", transport: "rest", reason: "server ended", requests: 1, ...SESSION },
    { type: "session.hibernated", reason: "server ended", ...SESSION },
    { type: "refused", requestId: "r", method: "POST", path: "/api/a/b", error },
  ];

  it("with its signal and its last words, and whom it cost an answer is debug", () => {
    const usual = loggedAll(crash).filter(([level]) => level !== "debug");
    expect(usual).toMatchObject([["warn", "It ended.", { signal: "SIGSEGV", stderr: "last words" }]]);
  });

  it("with its exit code", () => {
    const exit = new GatewayError("process_exited", "It ended.", { data: { exitCode: 3, signal: null } });
    expect(logged({ type: "server.failed", error: exit, ...SESSION })[2]).toMatchObject({ exit: 3 });
  });

  it("and a refusal for another reason is told as ever", () => {
    const other = new GatewayError("process_exited", "It ended.");
    const [, last] = loggedAll([
      { type: "server.failed", error, ...SESSION },
      { type: "refused", requestId: "r", method: "POST", path: "/api/a/b", error: other },
    ]);
    expect(last?.[0]).toBe("info");
  });
});

it("what the system refuses has no stack, a defect has one", () => {
  const missing = Object.assign(new Error("spawn uvx ENOENT"), { code: "ENOENT", syscall: "spawn uvx" });
  expect(logged({ type: "trouble", what: "w", cause: missing })[2]["cause"]).toBe("spawn uvx ENOENT");
  expect(logged({ type: "trouble", what: "w", cause: new Error("a defect") })[2]["cause"]).toMatch(/\n +at /);
});

function ofType(type: GatewayEvent["type"]): GatewayEvent {
  const event = EVENTS.find((one) => one.type === type);
  if (event === undefined) throw new Error(`no event ${type}`);
  return event;
}

/** The line that the log writes for it. */
function written(event: GatewayEvent, format: "text" | "json" = "text"): string {
  let text = "";
  const write = (bytes: Uint8Array): number => {
    text += Buffer.from(bytes).toString();
    return bytes.length;
  };
  const output = new LogOutput({ write, isTerminal: false });
  logEvents(createLog({ level: "verbose", format, redactor: new Redactor([]), output, colors: false }))(event);
  return text;
}

function loggedAll(events: readonly GatewayEvent[]): readonly Logged[] {
  const lines: Logged[] = [];
  const log = logEvents((level, message, fields = {}) => lines.push([level, message, fields]));
  for (const event of events) log(event);
  return lines;
}

function logged(event: GatewayEvent): Logged {
  const lines = loggedAll([event]);
  expect(lines).toHaveLength(1);
  return lines[0] ?? ["", "", {}];
}

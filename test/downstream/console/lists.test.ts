import { describe, expect, it, test } from "vitest";
import { counterpart, entriesOf, isWanted, methodsIn } from "../../../src/downstream/console/assets/message-entries.js";
import { MAX_MESSAGES, MessageLog } from "../../../src/downstream/console/assets/message-log.js";
import { isFound, ordered } from "../../../src/downstream/console/assets/session-order.js";
import type { SeenMessage, SessionRow } from "../../../src/downstream/console/console-api.ts";

// Which messages and sessions the console lists, and in which order.

const message = (n: number, more: Partial<SeenMessage> = {}): SeenMessage => ({
  n,
  at: n,
  from: "client",
  kind: "request",
  method: "tools/call",
  id: String(n),
  tool: "echo",
  bytes: 1,
  ms: undefined,
  isOwn: false,
  failed: false,
  ...more,
});
const answer = (n: number, id: string, more: Partial<SeenMessage> = {}): SeenMessage =>
  message(n, { from: "server", kind: "response", id, ...more });
const all = { search: "", method: "", from: "" } as const;
const numbers = (messages: readonly SeenMessage[]): number[] => messages.map(({ n }) => n);

describe("the messages of a session", () => {
  it("are in order and there once, however often they are told", () => {
    const log = new MessageLog();
    log.add([message(5), message(6)]);
    log.add([message(7)]);
    log.add([message(4), message(6), message(8)]);
    log.add([]);
    expect(numbers(log.messages)).toEqual([4, 5, 6, 7, 8]);
    expect(log.find(6)?.n).toBe(6);
    expect(log.find(9)).toBeUndefined();
  });

  it("are not kept without end", () => {
    const log = new MessageLog();
    for (let n = 1; n <= 3 * MAX_MESSAGES; n++) log.add([message(n)]);
    expect(log.messages.length).toBeLessThanOrEqual(1.2 * MAX_MESSAGES);
    expect(log.messages.at(-1)?.n).toBe(3 * MAX_MESSAGES);
  });

  it("are listed with the places where some are missing", () => {
    const { entries, hidden } = entriesOf([message(4), message(5), message(9)], all, 100);
    expect(entries.map((entry) => ("missing" in entry ? `${entry.missing} from ${entry.n}` : entry.n))).toEqual([
      "3 from 1",
      4,
      5,
      "3 from 6",
      9,
    ]);
    expect(hidden).toBe(0);
    expect(entriesOf([], all, 100).entries).toEqual([]);
  });

  it("are the last ones when there are many", () => {
    const many = Array.from({ length: 50 }, (_, at) => message(at + 1));
    const { entries, hidden } = entriesOf(many, all, 20);
    expect([entries.length, entries[0]?.n, hidden]).toEqual([20, 31, 30]);
  });

  it.each([
    ["", "", "", true],
    ["ECHO call", "", "", true],
    ["#7", "", "", true],
    ["nothing", "", "", false],
    ["", "tools/call", "", true],
    ["", "tools/list", "", false],
    ["", "", "client", true],
    ["", "", "server", false],
  ] as const)("are found by search %j, method %j and direction %j: %s", (search, method, from, isFoundBy) => {
    expect(isWanted(message(7), { search, method, from })).toBe(isFoundBy);
  });

  it("have methods to choose from", () => {
    expect(
      methodsIn([message(1), message(2, { method: "ping" }), message(3), message(4, { method: undefined })]),
    ).toEqual(["ping", "tools/call"]);
  });
});

describe("a request and its answer belong together", () => {
  const first = message(1, { id: "a" });
  const again = message(5, { id: "a" });
  const fromServer = message(3, { id: "a", from: "server", method: "ping" });
  const pong = answer(4, "a", { from: "client", method: "ping" });
  const late = answer(6, "a");
  const messages = [first, message(2, { id: "b" }), fromServer, pong, again, late];

  test.each([
    ["the answer comes from the other side", fromServer, pong],
    ["an answer finds its request", pong, fromServer],
    ["an id that is used again means the request before it", late, again],
    ["a request finds its answer", again, late],
    ["a request whose id was used again before it was answered has none", first, undefined],
    ["a request may have none yet", message(2, { id: "b" }), undefined],
    ["a notification has none", message(9, { kind: "notification", id: undefined }), undefined],
  ])("%s", (_what, one, other) => {
    expect(counterpart(messages, one)).toBe(other);
  });
});

describe("sessions", () => {
  const row = (key: string, more: Partial<SessionRow>): SessionRow => ({
    key,
    server: "s",
    principal: "ann",
    transport: "sse",
    era: "legacy",
    ageMs: 1,
    idleMs: 1,
    pid: 10,
    residentBytes: 5,
    calls: 0,
    ...more,
  });
  const rows = [
    row("c", { pid: undefined, calls: 3, server: "server-10" }),
    row("a", { pid: 9, calls: 30, server: "server-9" }),
    row("b", { pid: 100, calls: 3, server: "Server-9" }),
  ];

  it.each([
    ["pid", false, "abc"],
    ["pid", true, "bac"],
    ["calls", false, "bca"],
    ["calls", true, "abc"],
    ["server", false, "abc"],
    ["key", true, "cba"],
  ] as const)("are ordered by %s, descending: %s", (by, isDescending, keys) => {
    const found = ordered(rows, { by, isDescending }).map(({ key }) => key);
    expect(found.join("")).toBe(keys);
  });

  it.each([
    ["ANN sse", true],
    ["no process", true],
    ["bob", false],
    ["server-10", true],
  ])("are found by %j: %s", (search, expected) => {
    expect(isFound(row("k", { pid: undefined, server: "server-10" }), search)).toBe(expected);
  });
});

import { afterAll, describe, expect, it, vi } from "vitest";
import { Redactor } from "../../src/lib/redactor.ts";
import type { GatewayError } from "../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import { CrashLoop } from "../../src/upstream/crash-loop.ts";
import { Descriptors } from "../../src/upstream/descriptors.ts";
import { Population } from "../../src/upstream/population.ts";
import { Reaper } from "../../src/upstream/reaper.ts";
import { StartQueue } from "../../src/upstream/start-queue.ts";
import { StdioUpstream, type StdioContext } from "../../src/upstream/stdio.ts";
import { until } from "../helpers/until.ts";

const MIB = 1_048_576;

const running: StdioUpstream[] = [];
const reapers: Reaper[] = [];
// At the end, because some of them only react to SIGTERM, which takes time.
afterAll(async () => {
  await Promise.all(running.map((upstream) => upstream.close()));
  for (const reaper of reapers) reaper.close();
}, 30_000);
vi.setConfig({ testTimeout: 30_000 });

/** A server that is a line of shell. */
function run(script: string, { messageBytes = 1_000_000, startingPerServer = 10 } = {}) {
  const events: GatewayEvent[] = [];
  const emit = (event: GatewayEvent): void => void events.push(event);
  const reaper = new Reaper(emit);
  const descriptors = new Descriptors();
  const context: StdioContext = {
    emit,
    redactor: new Redactor(["token"]),
    reaper,
    descriptors,
    startQueue: new StartQueue({ perSecond: 10, burst: 10, startingPerServer, queueMs: 1_000 }),
    population: new Population({ all: 10, perServer: 10 }),
    gatewayEnv: process.env,
    messageBytes,
    queueBytes: 1_000_000,
    sessions: { all: 10, perServer: 10 },
    exposeStderr: false,
  };
  const heard: { lines: string[]; ends: GatewayError[] } = { lines: [], ends: [] };
  const reader = { isSlow: false };
  const upstream = new StdioUpstream({
    command: { command: "sh", args: ["-c", script], path: undefined, env: {}, inheritEnv: false, exposeStderr: false },
    destination: { server: "sh", sessionId: "s", principal: anonymous },
    listener: {
      frame: (frame) => {
        heard.lines.push(frame.line.toString());
        // As a session does when its client is slow.
        if (reader.isSlow) upstream.pause();
      },
      badMessage: () => undefined,
      ended: (error) => void heard.ends.push(error),
    },
    context,
    crashLoop: new CrashLoop("sh", 0),
  });
  running.push(upstream);
  reapers.push(reaper);
  const eventsOf = <T extends GatewayEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<GatewayEvent, { type: T }> => event.type === type);
  return { upstream, heard, reader, eventsOf };
}

const ended = (heard: { ends: GatewayError[] }, deadlineMs = 5_000) =>
  until(() => heard.ends[0], { what: "the session is told of the end", deadlineMs });

const notice = (n: string): string => `{"jsonrpc":"2.0","method":"x","params":{"n":${n}}}`;
const COUNT = 1_500;
/** More than one chunk and less than half of the pipe's capacity, because each write occupies more than its bytes. */
const ALL = `seq -f '${notice("%g")}' 1 ${COUNT}`;
const NUMBERS = Array.from({ length: COUNT }, (_, n) => n + 1);
const numberIn = (line: string): number => (JSON.parse(line) as { params: { n: number } }).params.n;

describe("a child that exits while nobody reads it", () => {
  it("is read to the end, in order, once it is resumed, and only then is the exit reported", async () => {
    const { upstream, heard, reader, eventsOf } = run(`${ALL}; exit 3`);
    reader.isSlow = true;
    upstream.pause();
    await until(() => eventsOf("server.exited").length === 1, { what: "it has exited" });
    // A process that exits while its output is held open is only reported after its last output had time to arrive.
    await ended(run("sleep 60 & exit 3").heard);
    expect(heard.ends).toEqual([]);
    expect(heard.lines.length).toBeLessThan(COUNT);
    reader.isSlow = false;
    upstream.resume();
    expect((await ended(heard)).details.data).toMatchObject({ exitCode: 3 });
    expect(heard.lines.map(numberIn)).toEqual(NUMBERS);
  });

  it("is heard to its last word by a reader that stops again and again", async () => {
    const { upstream, heard, reader, eventsOf } = run(`${ALL}; exit 3`);
    reader.isSlow = true;
    upstream.pause();
    await until(() => eventsOf("server.exited").length === 1, { what: "it has exited" });
    while (heard.ends.length === 0) {
      const before = heard.lines.length;
      upstream.resume();
      await until(() => heard.lines.length > before || heard.ends.length > 0, {
        what: "it is heard again, or is over",
      });
    }
    expect(heard.lines.map(numberIn)).toEqual(NUMBERS);
  });
});

describe("whether it has exited", () => {
  it("is known of one that lives and dies", async () => {
    const { upstream, eventsOf } = run("exec sleep 60");
    expect(upstream.hasExited).toBe(false);
    const started = await until(() => eventsOf("server.started")[0], { what: "it has started" });
    expect(upstream.hasExited).toBe(false);
    process.kill(started.pid, "SIGKILL");
    await until(() => upstream.hasExited, { what: "it is known" });
  });

  it("is not said of one that still waits for its turn to start", () => {
    const { upstream } = run("sleep 60", { startingPerServer: 0 });
    expect(upstream.hasExited).toBe(false);
  });

  it("is said of one that could not be started, and of one that was closed", async () => {
    const { upstream, heard } = run("x\0");
    await ended(heard);
    expect(upstream.hasExited).toBe(true);
    const other = run("sleep 60").upstream;
    await other.close();
    expect(other.hasExited).toBe(true);
  });
});

describe("a grandchild that holds the output open", () => {
  it.each([
    ["in silence", "sleep 60 &"],
    ["and talks on and on", `while :; do echo '${notice("1")}'; sleep 0.05; done &`],
  ])("%s does not keep the end from being told", async (_how, grandchild) => {
    const { heard } = run(`${grandchild} exit 3`);
    expect((await ended(heard)).details.data).toMatchObject({ exitCode: 3 });
  });
});

describe("a child that lives", () => {
  it("and closes its output is over, and is ended", async () => {
    const { heard, eventsOf } = run("echo why >&2; exec >&-; sleep 60");
    const error = await ended(heard);
    expect(error).toMatchObject({ reason: "process_exited", details: { log: { stderr: "why" } } });
    expect(error.message).toBe('The MCP server "sh" closed its output, and was ended.');
    await until(() => eventsOf("server.exited").length === 1, { what: "it has exited" });
  });

  it("and stops reading its input is over, and is ended", async () => {
    const { upstream, heard, eventsOf } = run("exec <&-; echo ready >&2; sleep 60");
    await until(() => eventsOf("server.stderr").length === 1, { what: "its input is closed" });
    const line = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    upstream.send({ kind: "request", id: 1, method: "ping", params: undefined, line });
    const error = await ended(heard);
    expect(error.reason).toBe("process_exited");
    expect(error.message).toBe('The MCP server "sh" stopped reading its input, and was ended.');
    await until(() => eventsOf("server.exited").length === 1, { what: "it has exited" });
  });
});

describe("a child that writes to its output what is no message", () => {
  it.each([
    ["short lines", "yes"],
    ["JSON", 'yes \'{"level":"info"}\''],
    ["half JSON", "yes '{x}'"],
    ["messages of another version", 'yes \'{"jsonrpc":"1.0","id":1,"result":{}}\''],
    ["malformed messages", 'yes \'{"jsonrpc":"2.0","id":1,"result":"x"}\''],
    ["lines that are too long", "yes $(head -c 3000 /dev/zero | tr '\\0' x)"],
    ["a line without an end", "cat /dev/zero"],
  ])("(%s) and nothing else is ended after some MiB", async (_what, script) => {
    const { heard, eventsOf } = run(script, { messageBytes: 2_000 });
    const error = await ended(heard, 10_000);
    expect(error.reason).toBe("protocol_violation");
    expect(error.message).toContain("non-MCP output");
    const told = eventsOf("server.garbage").length + eventsOf("server.bad-message").length;
    expect(told).toBeLessThan(1_000);
  });

  it("is read on when there is a message every now and then", async () => {
    const rubbish = `yes | head -c ${3 * MIB}`;
    const { heard } = run(`for n in 1 2 3 4; do ${rubbish}; echo '${notice("1")}'; done; cat >&2`);
    await until(() => heard.lines.length === 4, { what: "all messages came", deadlineMs: 15_000 });
    expect(heard.ends).toEqual([]);
  });

  it("is reported some times a second, with how much was left out", async () => {
    const { eventsOf } = run("yes | head -n 50000; sleep 1.1; yes | head -n 1; cat >&2");
    const told = (): number => eventsOf("server.garbage").reduce((sum, { dropped }) => sum + dropped + 1, 0);
    await until(() => told() === 50_001, { what: "all are accounted for" });
    expect(eventsOf("server.garbage").length).toBeLessThan(1_000);
  });
});

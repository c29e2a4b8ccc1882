import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, memoryOf, startGateway } from "../helpers/gateway.ts";
import { refusal } from "../helpers/http.ts";
import { CLIENT, type Message, openSession, openSse, type SseClient, textOf } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const MIB = 1_048_576;
const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-bad-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** A gateway for all tests of a block, with a second session on a healthy server. */
function withNeighbour(config: () => { readonly servers: object }): {
  readonly gateway: () => GatewayProcess;
  readonly url: (server: string) => string;
  readonly neighbour: () => SseClient;
  readonly noHarmDone: (server: string) => Promise<void>;
} {
  let gateway: GatewayProcess;
  let neighbour: SseClient;
  beforeAll(async () => {
    const { servers, ...rest } = config();
    gateway = await startGateway({ ...rest, servers: { ...servers, neighbour: fixture("echo") } });
    neighbour = await openSession(`${gateway.url}/neighbour`);
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
  return {
    gateway: () => gateway,
    url: (server) => `${gateway.url}/${server}`,
    neighbour: () => neighbour,
    /** The healthy session still works, and no process of `server` is left. */
    async noHarmDone(server) {
      expect(await neighbour.call("echo", { message: `still here after ${server}` })).toContain(server);
      await until(() => gateway.children(server).length === 0, {
        deadlineMs: 7_000,
        what: `no process of ${server} is left`,
      });
    },
  };
}

const call = (name: string, args: object = {}) => ({ name, arguments: args });

const errorOf = ({ error }: Message): unknown => ({ code: error?.code, ...error?.data });

/** The session has ended: its stream was closed cleanly, and its id is unknown. */
async function expectOver(client: SseClient): Promise<void> {
  expect(await client.untilEnded()).toBe("cleanly");
  const late = await client.send({ jsonrpc: "2.0", id: "late", method: "ping" });
  expect(refusal(late)).toMatchObject({ status: 404, code: -32001 });
}

describe("a server that ends", () => {
  const place = withNeighbour(() => ({
    limits: { crashLoop: 0 },
    servers: {
      "exits-at-once": fixture("exits-at-once"),
      "exits-on-init": fixture("exits-on-init"),
      "dies-mid-call": fixture("dies-mid-call"),
      "tells-a-secret": {
        command: "sh",
        args: ["-c", 'echo "bad key: $API_KEY" >&2; exit 2'],
        env: { API_KEY: "s3cr3t-in-the-env" },
      },
      "no-program-inside": { command: "sh", args: ["-c", "exec gti-is-not-there"] },
    },
  }));

  it("at once: the first request gets its exit code, the log its last words, then the stream ends", async () => {
    await using client = await openSse(place.url("exits-at-once"));
    const answer = await client.request("initialize", CLIENT);
    expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "process_exited", exitCode: 3, signal: null });
    expect(client.wire()).not.toContain("left-pad");
    expect(place.gateway().log()).toContain("Cannot find module 'left-pad'");
    expect(answer.error?.message).toContain('"exits-at-once" ended (exit code 3)');
    await expectOver(client);
    await place.noHarmDone("exits-at-once");
  });

  it("at initialize: the same", async () => {
    await using client = await openSse(place.url("exits-on-init"));
    const answer = await client.request("initialize", CLIENT, "init");
    expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "process_exited", exitCode: 1 });
    expect(client.wire()).not.toContain("API_KEY");
    expect(place.gateway().log()).toContain("API_KEY is not set");
    await expectOver(client);
    await place.noHarmDone("exits-on-init");
  });

  it.each([
    ["die", { exitCode: 1, signal: null }],
    ["kill", { exitCode: null, signal: "SIGKILL" }],
    ["half", { exitCode: 0, signal: null }],
  ])(
    "during a call (%s): the call gets the reason, no half line is passed on, the session goes on",
    async (tool, how) => {
      await using client = await openSession(place.url("dies-mid-call"));
      const answer = await client.request("tools/call", call(tool));
      expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "process_exited", ...how });
      // The endpoint, initialize, the error.
      expect(client.events()).toHaveLength(3);
      expect(await client.call("echo", { message: "another process" })).toBe("another process");
      client.close();
      await place.noHarmDone("dies-mid-call");
    },
  );

  it("with ten calls in flight: all ten end, and the next one works", async () => {
    await using client = await openSession(place.url("dies-mid-call"));
    const hanging = Array.from({ length: 9 }, (_, n) => client.request("tools/call", call("hang"), `hang-${n}`));
    const answers = await Promise.all([...hanging, client.request("tools/call", call("die"), "die")]);
    expect(answers.map(errorOf)).toEqual(
      Array.from({ length: 10 }, () => expect.objectContaining({ reason: "process_exited" }) as unknown),
    );
    expect(await client.call("echo", { message: "a new one" })).toBe("a new one");
    client.close();
    await place.noHarmDone("dies-mid-call");
  });

  it("and writes a secret of its env to stderr: the secret reaches neither the client nor the log", async () => {
    await using client = await openSse(place.url("tells-a-secret"));
    const answer = await client.request("initialize", CLIENT);
    expect(errorOf(answer)).toMatchObject({ reason: "process_exited", exitCode: 2 });
    expect(client.wire()).not.toContain("s3cr3t-in-the-env");
    expect(place.gateway().log()).not.toContain("s3cr3t-in-the-env");
    await place.noHarmDone("tells-a-secret");
  });

  it("because the program behind its launcher is missing: the client gets a hint", async () => {
    await using client = await openSse(place.url("no-program-inside"));
    const answer = await client.request("initialize", CLIENT);
    expect(errorOf(answer)).toMatchObject({ reason: "process_exited", exitCode: 127 });
    expect(answer.error?.data?.["hint"]).toContain("not found");
    await place.noHarmDone("no-program-inside");
  });
});

describe("a server that cannot be started", () => {
  const noProgram = join(folder, "no-program");
  writeFileSync(noProgram, "text");
  chmodSync(noProgram, 0o644);
  const place = withNeighbour(() => ({
    limits: { crashLoop: 0 },
    servers: {
      missing: { command: "gti-is-not-there" },
      "missing-file": { command: "./gti-is-not-there" },
      forbidden: { command: noProgram },
      folder: { command: folder },
      "no-path": fixture("echo", { path: "/is/not/there" }),
      "too-long": fixture("echo", { env: { BIG: "x".repeat(200_000) } }),
      "nul-byte": { command: "echo", args: ["a\u0000b"] },
    },
  }));

  it.each([
    ["missing", '"gti-is-not-there" was not found on PATH'],
    ["missing-file", '"gti-is-not-there" was not found'],
    ["forbidden", 'permission to run "no-program" was denied'],
    ["folder", `permission to run "${basename(folder)}" was denied`],
    ["no-path", "its working directory does not exist"],
    ["too-long", "its arguments and environment are too long"],
    ["nul-byte", '"echo" cannot be run'],
  ])("(%s): the client gets an error with a hint, then the stream ends", async (server, hint) => {
    await using client = await openSse(place.url(server));
    const answer = await client.request("initialize", CLIENT);
    expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "spawn_failed", hint });
    expect(answer.error?.message).toContain(hint);
    await expectOver(client);
    await place.noHarmDone(server);
  });

  it("is warned about when the gateway starts", () => {
    expect(place.gateway().log()).toMatch(/\[WARN\]: server "missing": "gti-is-not-there" was not found on PATH/);
    expect(place.gateway().log()).toMatch(/\[WARN\]: server "no-path": its path "\/is\/not\/there" does not exist/);
  });
});

describe("a server that does not answer", () => {
  const place = withNeighbour(() => ({
    limits: { request: "500ms", start: "3s", crashLoop: 0, queueBytes: "1MiB" },
    servers: {
      "never-initializes": fixture("never-initializes"),
      "never-answers": fixture("never-answers"),
      "never-reads-stdin": fixture("never-reads-stdin"),
      "wrong-ids": fixture("wrong-ids"),
      "refuses-init": fixture("refuses-init"),
      commands: fixture("on-command"),
      "closes-stdin": { command: "sh", args: ["-c", "exec <&-; sleep 600"] },
      "closes-stdout": { command: "sh", args: ["-c", "exec >&-; cat >/dev/null"] },
      echo: fixture("echo"),
    },
  }));

  it.concurrent.each([
    ["never-initializes", ["start_timeout"]],
    // Only noticed with the next write, and there may be none.
    ["closes-stdin", ["process_exited", "start_timeout"]],
    ["closes-stdout", ["process_exited"]],
  ])("to initialize (%s): an error after limits.start at the latest, then the stream ends", async (server, reasons) => {
    await using client = await openSse(place.url(server));
    const answer = await client.request("initialize", CLIENT);
    expect(answer.error?.code).toBe(-32603);
    expect(reasons).toContain(answer.error?.data?.["reason"]);
    await expectOver(client);
    await place.noHarmDone(server);
  });

  it("to initialize, and the client leaves meanwhile: the child is ended", async () => {
    const client = await openSse(place.url("never-initializes"));
    await client.send({ jsonrpc: "2.0", id: 1, method: "initialize", params: CLIENT });
    await until(() => place.gateway().children("never-initializes").length === 1, { what: "the child lives" });
    expect(client.ended()).toBeUndefined();
    client.close();
    await place.noHarmDone("never-initializes");
  });

  it("to a call: error after limits.request, the server hears of it, the session goes on", async () => {
    await using client = await openSession(place.url("never-answers"));
    const answer = await client.request("tools/call", call("hang"), "slow");
    expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "call_timeout" });
    expect(await client.call("cancelled")).toBe('["slow"]');
    client.close();
    await place.noHarmDone("never-answers");
  });

  it("in time: what it says after the error is dropped", async () => {
    await using client = await openSession(place.url("commands"));
    const late = await client.request("tools/call", call("hold", { name: "late" }), "late");
    expect(errorOf(late)).toMatchObject({ reason: "call_timeout" });
    await client.notify("x/release", { name: "late" });
    // Responds after it.
    expect(await client.call("holding")).toBe("[]");
    expect(await client.call("echo", { message: "later" })).toBe("later");
    expect(client.messages().filter(({ id }) => id === "late")).toHaveLength(1);
    client.close();
    await place.noHarmDone("commands");
  });

  it("in time, but tells of its progress: that keeps a call alive", async () => {
    await using client = await openSession(place.url("echo"));
    const params = { ...call("progress", { steps: 6, ms: 200 }), _meta: { progressToken: "p" } };
    expect(textOf(await client.request("tools/call", params, "alive"))).toBe("6 steps");
    client.close();
    await place.noHarmDone("echo");
  });

  it("during a call, and the client leaves meanwhile: the child is ended", async () => {
    const client = await openSession(place.url("never-answers"));
    const hang = { jsonrpc: "2.0", id: "hang", method: "tools/call", params: call("hang") };
    expect(await client.send(hang)).toMatchObject({ status: 202 });
    client.close();
    await place.noHarmDone("never-answers");
  });

  it("with the right id: each wrong one is dropped, the call gets its error, the next one its answer", async () => {
    await using client = await openSession(place.url("wrong-ids"));
    const kinds = ["other", "null", "object", "array", "other-type", "missing"];
    const answers = await Promise.all(kinds.map((kind) => client.request("tools/call", call("wrong", { kind }), kind)));
    expect(answers.map(errorOf)).toEqual(
      kinds.map(() => expect.objectContaining({ code: -32603, reason: "call_timeout" }) as unknown),
    );
    expect(client.wire()).not.toContain("wrong: ");
    expect(await client.call("echo", { message: "right" })).toBe("right");
    client.close();
    await place.noHarmDone("wrong-ids");
  });

  it("because it does not even read: every call ends, with 503 or by its time; memory stays bounded", async () => {
    const [calls, bytes] = [100, 256 * 1024];
    const before = memoryOf(place.gateway().pid).peakMiB;
    await using client = await openSession(place.url("never-reads-stdin"));
    const outcomes = await Promise.all(
      Array.from({ length: calls }, async (_, n) => {
        const id = `call-${n}`;
        const params = call("echo", { message: "x".repeat(bytes) });
        const answer = await client.send({ jsonrpc: "2.0", id, method: "tools/call", params });
        if (answer.status === 202) return errorOf(await client.response(id));
        expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
        return refusal(answer);
      }),
    );
    const reasons = outcomes.map((outcome) => (outcome as { reason: string }).reason);
    expect(new Set(reasons)).toEqual(new Set(["queue_full", "call_timeout"]));
    const offeredMiB = (calls * bytes) / MIB;
    expect(memoryOf(place.gateway().pid).peakMiB - before).toBeLessThan(3 * offeredMiB);
    client.close();
    await place.noHarmDone("never-reads-stdin");
  });

  it("with yes to initialize: its own error reaches the client, and it ends with the stream", async () => {
    await using client = await openSse(place.url("refuses-init"));
    expect(await client.request("initialize", CLIENT, 1)).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32602, message: "Unsupported protocol version" },
    });
    client.close();
    await place.noHarmDone("refuses-init");
  });
});

describe("a server that talks nonsense", () => {
  const place = withNeighbour(() => ({
    logging: { level: "debug" },
    limits: { messageBytes: "1MiB", crashLoop: 0 },
    servers: {
      "prints-rubbish": fixture("prints-rubbish"),
      "duplicate-ids": fixture("duplicate-ids"),
      "bad-results": fixture("bad-results"),
      "bad-utf8": fixture("bad-utf8"),
      "one-huge-message": fixture("one-huge-message"),
      "floods-stdout": fixture("floods-stdout"),
      "floods-stderr": fixture("floods-stderr"),
    },
  }));

  it("between its answers: only the answers are passed on", async () => {
    await using client = await openSession(place.url("prints-rubbish"));
    expect(await client.call("echo", { message: "clear" })).toBe("clear");
    expect(await client.call("bom")).toBe("after a BOM");
    expect(client.events().map(({ event }) => event)).toEqual(["endpoint", "message", "message", "message"]);
    expect(client.wire()).not.toMatch(/Welcome|Debugger|\r|\uFEFF/);
    client.close();
    await place.noHarmDone("prints-rubbish");
  });

  it("by answering three times: the first answer counts", async () => {
    await using client = await openSession(place.url("duplicate-ids"));
    expect(await client.call("echo", { message: "a" })).toBe("first: a");
    expect(await client.call("echo", { message: "b" })).toBe("first: b");
    expect(client.messages()).toHaveLength(3);
    client.close();
    await place.noHarmDone("duplicate-ids");
  });

  it.each(["string", "null", "array", "number", "error-without-code", "error-string", "error-null", "both", "neither"])(
    "in a result (%s): the call gets an error, the session goes on",
    async (kind) => {
      await using client = await openSession(place.url("bad-results"));
      const answer = await client.request("tools/call", call("bad", { kind }));
      expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "protocol_violation" });
      expect(answer).not.toHaveProperty("result");
      expect(await client.call("echo", { message: "fine" })).toBe("fine");
      client.close();
      await place.noHarmDone("bad-results");
    },
  );

  it.each([
    ["invalid", /^before .+ after$/s],
    ["split", /^before \u{1F600} after$/u],
    ["surrogate", /^before .+ after$/s],
    // oxlint-disable-next-line no-control-regex -- what the server sent
    ["control", /^a\u0000b\u001bc\u007fd\r\n\r\nevent: evil\ndata: \{\}\n\nid: 7$/],
    // oxlint-disable-next-line no-control-regex -- what the server sent
    ["separators", /^a\u2028b\u2029c\u0085d\u007Fe\u202Ef$/],
    ["escaped-separators", /^a\u2028b\u2029c\u0085d$/],
  ])("in its text (%s): what is valid arrives intact, and nothing is injected into the stream", async (kind, text) => {
    await using client = await openSession(place.url("bad-utf8"));
    expect(textOf(await client.request("tools/call", call("utf8", { kind })))).toMatch(text);
    expect(client.events().map(({ event, id }) => ({ event, id }))).toEqual([
      { event: "endpoint", id: undefined },
      { event: "message", id: undefined },
      { event: "message", id: undefined },
    ]);
    expect(await client.call("echo", { message: "fine" })).toBe("fine");
    client.close();
    await place.noHarmDone("bad-utf8");
  });

  it.each(["huge", "endless"])(
    "in one line of 20 MiB (%s), over limits.messageBytes: error, the session goes on, memory stays bounded",
    async (tool) => {
      const before = memoryOf(place.gateway().pid).peakMiB;
      await using client = await openSession(place.url("one-huge-message"));
      const answer = await client.request("tools/call", call(tool, { bytes: 20 * MIB }));
      expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "protocol_violation" });
      expect(answer.error?.message).toContain("limits.messageBytes");
      expect(memoryOf(place.gateway().pid).peakMiB - before).toBeLessThan(64);
      expect(await client.call("echo", { message: "fine" })).toBe("fine");
      client.close();
      await place.noHarmDone("one-huge-message");
    },
  );

  it("in one line of 6 MiB that is no message at all: it is skipped, the answer after it arrives", async () => {
    await using client = await openSession(place.url("one-huge-message"));
    expect(await client.call("babble", { bytes: 6 * MIB })).toBe("done");
    client.close();
    await place.noHarmDone("one-huge-message");
  });

  it("in one line of 192 MiB that is no message at all: the call gets an error, the server is ended", async () => {
    const before = memoryOf(place.gateway().pid).peakMiB;
    await using client = await openSession(place.url("one-huge-message"));
    const answer = await client.request("tools/call", call("babble", { bytes: 192 * MIB }));
    expect(errorOf(answer)).toMatchObject({ code: -32603, reason: "protocol_violation" });
    expect(memoryOf(place.gateway().pid).peakMiB - before).toBeLessThan(64);
    expect(client.ended()).toBe(undefined);
    await place.noHarmDone("one-huge-message");
  });

  it("as 20,000 notifications before an answer: all arrive in order, and the neighbour is answered meanwhile", async () => {
    await using client = await openSession(place.url("floods-stdout"));
    const flood = client.request("tools/call", call("flood", { count: 20_000 }), "flood");
    let answered = 0;
    while (client.messages().at(-1)?.id !== "flood") {
      expect(await place.neighbour().call("echo", { message: "hi" })).toBe("hi");
      answered++;
    }
    expect(textOf(await flood)).toBe("20000 sent");
    expect(answered).toBeGreaterThan(0);
    const numbers = client.messages().flatMap(({ params }) => (params === undefined ? [] : [numberIn(params)]));
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1));
    client.close();
    await place.noHarmDone("floods-stdout");
  });

  it("as 48 MiB on stderr: the answer arrives, the log stays small, and no line of it is forged", async () => {
    const before = place.gateway().log().length;
    await using client = await openSession(place.url("floods-stderr"));
    expect(await client.call("noise", { bytes: 48 * MIB })).toBe("done");
    const log = place.gateway().log().slice(before);
    expect(log.length).toBeLessThan(MIB);
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(log).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(log.split("\n").filter((line) => /^(?:2024-|\{)/.test(line))).toEqual([]);
    client.close();
    await place.noHarmDone("floods-stderr");
  });
});

const numberIn = ({ data }: { data?: unknown }): unknown => (data as { n: number }).n;

describe("a message of 20 MiB under a larger limits.messageBytes", () => {
  const place = withNeighbour(() => ({
    limits: { messageBytes: "32MiB" },
    servers: { "one-huge-message": fixture("one-huge-message") },
  }));

  it("arrives whole", async () => {
    const before = memoryOf(place.gateway().pid).peakMiB;
    await using client = await openSession(place.url("one-huge-message"));
    await client.send({ jsonrpc: "2.0", id: "huge", method: "tools/call", params: call("huge", { bytes: 20 * MIB }) });
    const text = textOf(await client.response("huge", 30_000));
    expect(client.events().at(-1)?.data).toHaveLength(20 * MIB);
    expect(/^x+$/.test(text)).toBe(true);
    expect(memoryOf(place.gateway().pid).peakMiB - before).toBeLessThan(200);
    client.close();
    await place.noHarmDone("one-huge-message");
  });
});

describe("a client that does not read", () => {
  const limits = { streamBytes: "64KiB", heartbeat: "100ms", crashLoop: 0 };
  const servers = { "floods-stdout": fixture("floods-stdout") };
  const flood = { jsonrpc: "2.0", id: "flood", method: "tools/call" };

  describe("for a while", () => {
    const place = withNeighbour(() => ({ limits, servers }));

    it("makes the server wait, and gets everything in order when it reads again", async () => {
      const before = memoryOf(place.gateway().pid).peakMiB;
      await using client = await openSession(place.url("floods-stdout"));
      client.pause();
      await client.send({ ...flood, params: call("flood", { count: 96_000, bytes: 1_000 }) });
      const [pid] = place.gateway().children("floods-stdout");
      await until(hasStoppedWriting(pid), { deadlineMs: 20_000, what: "the server waits" });
      expect(await place.neighbour().call("echo", { message: "hi" })).toBe("hi");
      expect(memoryOf(place.gateway().pid).peakMiB - before).toBeLessThan(64);
      client.resume();
      await client.response("flood", 30_000);
      expect(
        client
          .messages()
          .map(({ params }) => params && numberIn(params))
          .slice(1, -1),
      ).toEqual(Array.from({ length: 96_000 }, (_, n) => n + 1));
      client.close();
      await place.noHarmDone("floods-stdout");
    });
  });

  describe.each(["100ms", "off"])("for longer than limits.stall, with a heartbeat of %s,", (heartbeat) => {
    const place = withNeighbour(() => ({ limits: { ...limits, heartbeat, stall: "500ms" }, servers }));

    it("is cut off, and its server ended", async () => {
      const before = memoryOf(place.gateway().pid).peakMiB;
      await using client = await openSession(place.url("floods-stdout"));
      client.pause();
      await client.send({ ...flood, params: call("flood", { count: 192_000, bytes: 1_000 }) });
      await until(() => place.gateway().children("floods-stdout").length === 0, {
        deadlineMs: 10_000,
        what: "the server is ended",
      });
      expect(memoryOf(place.gateway().pid).peakMiB - before).toBeLessThan(96);
      client.resume();
      expect(await client.untilEnded()).toBe("cut");
      await place.noHarmDone("floods-stdout");
    });
  });
});

/** A condition: the process has written something, and nothing more during ten checks. */
function hasStoppedWriting(pid = 0): () => boolean {
  let [last, looks] = [0, 0];
  return () => {
    const written = Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
    looks = written === last ? looks + 1 : 0;
    last = written;
    return written > MIB && looks >= 10;
  };
}

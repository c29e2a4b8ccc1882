import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError, type Reason } from "../../src/protocol/errors.ts";
import type { ServerSettings } from "../../src/protocol/upstream.ts";
import { ServerEras } from "../../src/session/server-eras.ts";
import { fakeEvents, fakeServers, settingsOf, type FakeServer } from "./fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const PREFIX = "io.modelcontextprotocol/";
const DISCOVERED = { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: {} };
const UNKNOWN = { code: -32601, message: "Method not found" };

describe("the era of a server whose entry says auto", () => {
  const answers: readonly [string, (server: FakeServer) => void, string, object][] = [
    ["a DiscoverResult", (server) => says(server, 0, { result: DISCOVERED }), "modern", { modern: true }],
    ["method not found", (server) => says(server, 0, { error: UNKNOWN }), "legacy", { modern: false }],
    ["an error of another revision", refusesRevision, "legacy", { modern: false }],
    ["a result that is none", (server) => says(server, 0, { result: {} }), "legacy", { modern: false }],
    ["its exit", (server) => ends(server, "process_exited"), "legacy", { modern: false }],
    ["a failed start", (server) => ends(server, "spawn_failed"), "legacy", {}],
    ["silence", () => vi.advanceTimersByTime(10_000), "legacy", {}],
    ["an answer to initialize only", initializesOnly, "legacy", { modern: false, legacy: true }],
    ["both answers", answersBoth, "both", { modern: true, legacy: true }],
    ["the answer to discover after the refusal of initialize", refusesThenDiscovers, "modern", { modern: true }],
  ];
  it.each(answers)("is known from %s", async (_what, answer, era, known) => {
    const { eras, servers } = table();
    const found = eras.of("s");
    if (servers[0] !== undefined) answer(servers[0]);
    expect(await found).toBe(era);
    expect({ modern: eras.speaks("s", "modern"), legacy: eras.speaks("s", "legacy") }).toMatchObject(known);
    // What is known is told without asking; silence is no knowledge.
    expect(eras.known("s")).toBe("modern" in known ? era : undefined);
    expect(servers[0]?.closings).toBe(1);
  });

  it("is asked once by many at once, and not again", async () => {
    const { eras, servers } = table();
    const all = [eras.of("s"), eras.of("s"), eras.of("s")];
    servers.forEach((server) => says(server, 0, { result: DISCOVERED }));
    expect(await Promise.all(all)).toEqual(["modern", "modern", "modern"]);
    expect(await eras.of("s")).toBe("modern");
    expect(servers).toHaveLength(1);
  });

  it("is asked again after a while when the server said nothing", async () => {
    const { eras, servers } = table();
    const first = eras.of("s");
    vi.advanceTimersByTime(10_000);
    await first;
    expect(await eras.of("s")).toBe("legacy");
    expect(servers).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    const second = eras.of("s");
    servers[1]?.says({ id: idOf(servers[1], 0), result: DISCOVERED });
    expect(await second).toBe("modern");
  });

  it("is asked again at once when the server was away", async () => {
    const { eras, servers } = table();
    const first = eras.of("s");
    if (servers[0] !== undefined) ends(servers[0], "upstream_unreachable");
    expect(await first).toBe("legacy");
    const second = eras.of("s");
    servers[1]?.says({ id: idOf(servers[1], 0), result: DISCOVERED });
    expect(await second).toBe("modern");
  });

  it("is asked in a message from which headers can be made, and with initialize as soon as that is refused", async () => {
    const { eras, servers } = table();
    const found = eras.of("s");
    const [server] = servers;
    expect(server?.frames[0]).toMatchObject({ params: { _meta: { [`${PREFIX}protocolVersion`]: "2026-07-28" } } });
    const refusal = new GatewayError("upstream_error", "400");
    if (server !== undefined) server.listener.badMessage(idOf(server, 0), refusal);
    expect(server?.sent[1]).toMatchObject({ method: "initialize" });
    if (server !== undefined) says(server, 1, { result: {} });
    await vi.advanceTimersByTimeAsync(1);
    expect(await found).toBe("legacy");
  });

  it("is legacy for now when the gateway may not start a process", async () => {
    const { eras } = table("auto", () => {
      throw new GatewayError("crash_loop", "It crashed too often.");
    });
    expect(await eras.of("s")).toBe("legacy");
    expect(eras.speaks("s", "modern")).toBe(undefined);
  });

  it("changes when a process shows otherwise", async () => {
    const { eras, servers, emitted } = table();
    eras.learn("s", { modern: true, legacy: false });
    eras.learn("s", { modern: true, legacy: false });
    expect(await eras.of("s")).toBe("modern");
    eras.learn("s", { modern: false, legacy: true });
    expect(await eras.of("s")).toBe("legacy");
    expect(servers).toHaveLength(0);
    expect(emitted).toEqual([{ type: "modern-only", server: "s" }]);
  });
});

it.each(["legacy", "modern"] as const)("an entry that says %s is not asked", async (era) => {
  const { eras, servers } = table(era);
  eras.learn("s", { modern: era === "legacy", legacy: era === "modern" });
  expect(await eras.of("s")).toBe(era);
  expect(servers).toHaveLength(0);
});

function table(era: ServerSettings["era"] = "auto", refuse?: () => never) {
  const { connect, servers } = fakeServers();
  const { events, emitted } = fakeEvents();
  const eras = new ServerEras({
    connect: refuse ?? connect,
    settingsOf: () => ({ ...settingsOf(), era }),
    clientVersion: "1",
    emit: events.emit,
  });
  return { eras, servers, emitted };
}

function idOf(server: FakeServer, index: number): string {
  return (server.sent[index] as { id: string }).id;
}

function says(server: FakeServer, index: number, answer: object): void {
  server.says({ id: idOf(server, index), ...answer });
}

function ends(server: FakeServer, reason: Reason): void {
  server.listener.ended(new GatewayError(reason, "It ended."));
}

function refusesRevision(server: FakeServer): void {
  says(server, 0, { error: { code: -32022, message: "no", data: { supported: ["2099-01-01"] } } });
}

function initializesOnly(server: FakeServer): void {
  vi.advanceTimersByTime(1_500);
  says(server, 1, { result: { protocolVersion: "2025-11-25", capabilities: {} } });
  vi.advanceTimersByTime(500);
}

function answersBoth(server: FakeServer): void {
  vi.advanceTimersByTime(1_500);
  says(server, 1, { result: { protocolVersion: "2025-11-25", capabilities: {} } });
  says(server, 0, { result: DISCOVERED });
}

function refusesThenDiscovers(server: FakeServer): void {
  vi.advanceTimersByTime(1_500);
  says(server, 1, { error: { code: -32022, message: "no", data: { supported: ["2026-07-28"] } } });
  says(server, 0, { result: DISCOVERED });
}

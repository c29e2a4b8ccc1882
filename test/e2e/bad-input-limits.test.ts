import { describe, expect, it } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { type Answer, refusal } from "../helpers/http.ts";
import { CLIENT, openSession, openSse } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const INITIALIZE = { jsonrpc: "2.0", id: 1, method: "initialize", params: CLIENT };

function expectBusy(answer: Answer, reason: string): void {
  expect(refusal(answer)).toMatchObject({ status: 503, code: 50300, reason });
  expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(1);
  expect(JSON.parse(answer.body)).toMatchObject({ error: { data: { retryAfterMs: expect.any(Number) as unknown } } });
}

describe("limits.crashLoop", () => {
  it("lets a server rest that died young too often: 503 with Retry-After, while others go on", async () => {
    await using gateway = await startGateway({
      limits: { crashLoop: 2 },
      servers: { crashes: fixture("exits-on-init"), echo: fixture("echo") },
    });
    await using echo = await openSession(`${gateway.url}/echo`);
    for (const _ of [1, 2]) {
      await using client = await openSse(`${gateway.url}/crashes`);
      expect(await client.request("initialize", CLIENT)).toMatchObject({
        error: { data: { reason: "process_exited" } },
      });
    }
    await using third = await openSse(`${gateway.url}/crashes`);
    expectBusy(await third.send(INITIALIZE), "crash_loop");
    expect(gateway.children("crashes")).toEqual([]);
    expect(await echo.call("echo", { message: "fine" })).toBe("fine");
    await using another = await openSession(`${gateway.url}/echo`);
    expect(await another.call("echo", { message: "fine" })).toBe("fine");
  });
});

describe("limits.startsPerSecond and limits.startBurst", () => {
  it("refuse a start whose turn does not come within limits.startQueue, and allow one later", async () => {
    await using gateway = await startGateway({
      limits: { startsPerSecond: 1, startBurst: 2, startQueue: "100ms" },
      servers: { echo: fixture("echo") },
    });
    const clients = await Promise.all([1, 2, 3, 4].map(() => openSse(`${gateway.url}/echo`)));
    const answers = await Promise.all(clients.map((client) => client.request("initialize", CLIENT)));
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(refused).toHaveLength(2);
    for (const { error } of refused) {
      expect(error).toMatchObject({ code: 50300, data: { reason: "too_many_starts", retryAfterMs: 2_000 } });
    }
    await until(() => clients.filter((client) => client.ended() === "cleanly").length === 2, {
      what: "the refused sessions are over",
    });
    await until(
      async () => {
        await using later = await openSse(`${gateway.url}/echo`);
        return (await later.request("initialize", CLIENT)).result;
      },
      { what: "there is room for a start again" },
    );
  });
});

describe("limits.startingPerServer", () => {
  it("keeps a server that never gets ready from being started again and again, and lets others start", async () => {
    await using gateway = await startGateway({
      limits: { startingPerServer: 1, startQueue: "100ms" },
      servers: { "never-ready": fixture("never-initializes"), echo: fixture("echo") },
    });
    await using first = await openSse(`${gateway.url}/never-ready`);
    await first.send(INITIALIZE);
    await until(() => gateway.children("never-ready").length === 1, { what: "it is being started" });
    await using second = await openSse(`${gateway.url}/never-ready`);
    expect(await second.request("initialize", CLIENT)).toMatchObject({
      error: { code: 50300, data: { reason: "too_many_starts" } },
    });
    expect(gateway.children("never-ready")).toHaveLength(1);
    await using echo = await openSession(`${gateway.url}/echo`);
    expect(await echo.call("echo", { message: "fine" })).toBe("fine");
    // Its place is free once the waiting client has left.
    first.close();
    await until(() => gateway.children("never-ready").length === 0, { deadlineMs: 7_000, what: "it is ended" });
    await using third = await openSse(`${gateway.url}/never-ready`);
    await third.send(INITIALIZE);
    await until(() => gateway.children("never-ready").length === 1, { what: "it is being started" });
  });
});

describe("a cap of sessions", () => {
  const [alice, bob] = ["alice-token-0123456789", "bob-token-0123456789"];
  const by = (token: string) => ({ authorization: `Bearer ${token}` });

  it.each([
    ["sessions", { server: "other", who: bob, status: 503 }],
    ["sessionsPerServer", { server: "other", who: alice, status: 202 }],
    ["sessionsPerPrincipal", { server: "echo", who: bob, status: 202 }],
  ])("limits.%s: 503 with Retry-After beyond it, room again when one ends", async (limit, elsewhere) => {
    await using gateway = await startGateway({
      auth: { bearer: { tokens: [alice, bob] } },
      limits: { [limit]: 2 },
      servers: { echo: fixture("echo"), other: fixture("echo") },
    });
    const url = `${gateway.url}/echo`;
    const first = await openSession(url, by(alice));
    await using second = await openSession(url, by(alice));
    // A stream costs nothing yet; the process that its first message needs does.
    await using third = await openSse(url, by(alice));
    expectBusy(await third.send(INITIALIZE), "too_many_sessions");

    const { server, who, status } = elsewhere;
    await using there = await openSse(`${gateway.url}/${server}`, by(who));
    expect((await there.send(INITIALIZE)).status).toBe(status);

    first.close();
    await until(async () => (await third.send(INITIALIZE)).status === 202, { what: "there is room again" });
    expect(await second.call("echo", { message: "untouched" })).toBe("untouched");
  });
});

describe("limits.inFlight", () => {
  it("refuses one request more in a session with 503, and takes it when another is answered", async () => {
    await using gateway = await startGateway({
      limits: { inFlight: 2 },
      servers: { hangs: fixture("never-answers") },
    });
    await using client = await openSession(`${gateway.url}/hangs`);
    const call = (id: number, name: string) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } });
    expect(await client.send(call(11, "hang"))).toMatchObject({ status: 202 });
    expect(await client.send(call(12, "hang"))).toMatchObject({ status: 202 });
    const third = await client.send(call(13, "cancelled"));
    expectBusy(third, "queue_full");
    expect(refusal(third)).toMatchObject({ id: 13 });
    await client.notify("notifications/cancelled", { requestId: 12 });
    expect(await client.request("tools/call", { name: "cancelled" }, 13)).toMatchObject({
      result: { content: [{ text: "[12]" }] },
    });
  });
});

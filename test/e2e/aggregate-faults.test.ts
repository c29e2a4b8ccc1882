import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { StreamableClient, type JsonRpc } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Whatever one server behind the endpoint does, the calls to the others are answered.

let gateway: GatewayProcess;
let client: StreamableClient;

beforeAll(async () => {
  gateway = await startGateway({
    limits: { start: "2s", request: "20s", queueBytes: "64KiB", messageBytes: "1MiB", crashLoop: 100 },
    servers: {
      echo: fixture("echo"),
      insists: fixture("insists-on-initialize"),
      missing: { command: "no-such-command-at-all" },
      exits: fixture("exits-on-init"),
      refuses: fixture("refuses-init"),
      silent: fixture("never-initializes"),
      deaf: fixture("never-reads-stdin"),
      twice: fixture("duplicate-ids"),
      wrong: fixture("wrong-ids"),
      rubbish: fixture("prints-rubbish"),
      dies: fixture("dies-mid-call"),
      slow: fixture("echo", { timeout: "300ms" }),
    },
  });
  client = await StreamableClient.open(`${gateway.url}/mcp`);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

async function call(name: string, args: object = {}): Promise<JsonRpc> {
  const id = client.nextId();
  return (await client.start(name, args, { id })).answer(id);
}

const reasonOf = async (name: string, args: object = {}): Promise<unknown> =>
  (await call(name, args)).error?.data?.["reason"];

describe("a call through the endpoint", () => {
  it.each([
    ["cannot be started", "missing__x", "spawn_failed"],
    ["exits at initialize", "exits__x", "process_exited"],
    ["refuses initialize", "refuses__x", "spawn_failed"],
    ["never answers initialize", "silent__x", "start_timeout"],
    ["crashes", "dies__kill", "process_exited"],
    ["ends in the middle of a line", "dies__half", "process_exited"],
  ])("of a server that %s fails, and nothing else does", async (_what, tool, reason) => {
    const other = call("echo__sleep", { ms: 300 });
    expect(await reasonOf(tool)).toBe(reason);
    expect(await other).toMatchObject({ result: {} });
    expect(await client.call("echo__echo", { message: "still" })).toBe("still");
  });

  it("reaches a server that insists on the handshake, on each of its processes", async () => {
    expect(await client.call("insists__ping")).toBe("pong");
  });

  it("is answered once, by the server that was asked", async () => {
    expect(await client.call("twice__echo", { message: "a" })).toBe("first: a");
    const waiting = await client.start("echo__sleep", { ms: 400 }, { id: 987_654_321 });
    // It answers with the id of the request that waits for another server.
    const lost = await client.start("wrong__wrong", { kind: "other" }, { id: 990_001 });
    expect(JSON.stringify(await waiting.answer(987_654_321))).toContain("slept 400 ms");
    expect(lost.messages.filter(({ result }) => result !== undefined)).toEqual([]);
    await client.notify("notifications/cancelled", { requestId: 990_001 });
    expect(await client.call("wrong__echo", { message: "b" })).toBe("b");
  });

  it("takes as long as servers.<name>.timeout of its server allows", async () => {
    expect(await call("slow__sleep", { ms: 5_000 })).toMatchObject({
      error: { data: { reason: "call_timeout", limit: "servers.slow.timeout" } },
    });
    expect(await client.call("echo__sleep", { ms: 600 })).toBe("slept 600 ms");
    expect(await client.call("slow__echo", { message: "again" })).toBe("again");
  });

  it("is refused by itself when its server does not read", async () => {
    const ids: number[] = [];
    let refused = false;
    // A pipe takes 64 KiB, then the queue.
    for (let left = 40; left > 0 && !refused; left--) {
      const id = client.nextId();
      ids.push(id);
      const exchange = await client.start("deaf__x", { padding: "x".repeat(20_000) }, { id });
      refused = await until(() => exchange.messages.some(({ error }) => error?.data?.["reason"] === "queue_full"), {
        deadlineMs: 150,
        what: "it is refused",
      }).catch(() => false);
      expect(await client.call("echo__echo", { message: "read" })).toBe("read");
    }
    expect(refused).toBe(true);
    for (const requestId of ids) await client.notify("notifications/cancelled", { requestId });
  });

  it("does not suffer from what servers print", async () => {
    expect((await call("rubbish__echo", { message: "x" })).error?.data?.["reason"]).not.toBe("internal");
    expect(await client.call("echo__big", { bytes: 500_000 })).toHaveLength(500_000);
  });

  it("of thousands, which are all about nothing, is answered", { timeout: 60_000 }, async () => {
    // By now it is known which servers never list, and nobody waits for them.
    const first = client.nextId();
    const exchange = await client.start("nothing", {}, { id: first });
    await until(() => exchange.messages.some(({ id }) => id === first), {
      deadlineMs: 15_000,
      what: "what is there is known",
    });
    const long = "x".repeat(100_000);
    for (let left = 20; left > 0; left--) {
      const many = Array.from({ length: 100 }, (_none, at) => call(`nothing-${left}-${at}${at === 0 ? long : ""}`));
      for (const answer of await Promise.all(many)) expect(answer.error?.code).toBe(-32602);
    }
  });
});

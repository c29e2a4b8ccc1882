import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isAlive } from "../helpers/children.ts";
import { fixture, ROOT, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { refusal } from "../helpers/http.ts";
import { CLIENT, openSession, openSse } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-warm-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pidOf = async (client: Awaited<ReturnType<typeof openSession>>): Promise<number> =>
  Number(await client.call("whoami"));

function ready(gateway: GatewayProcess, server: string, count: number): Promise<unknown> {
  return until(() => gateway.children(server).length === count, { what: `${count} processes of ${server} are there` });
}

describe("an entry with warm: 2", () => {
  it("has two processes before anybody asks, gives them to sessions, and starts others for those to come", async () => {
    await using gateway = await startGateway({ servers: { counter: fixture("counter", { warm: 2 }) } });
    await ready(gateway, "counter", 2);
    const warm = gateway.children("counter");

    await using first = await openSession(`${gateway.url}/counter`);
    await using second = await openSession(`${gateway.url}/counter`);
    const taken = [await pidOf(first), await pidOf(second)];

    expect(new Set(taken)).toEqual(new Set(warm));
    await ready(gateway, "counter", 4);
    await using third = await openSession(`${gateway.url}/counter`);
    expect(warm).not.toContain(await pidOf(third));
  });

  it("gives each process to one session only, however many come at once", async () => {
    await using gateway = await startGateway({ servers: { counter: fixture("counter", { warm: 2 }) } });
    await ready(gateway, "counter", 2);
    const clients = await Promise.all(Array.from({ length: 6 }, () => openSession(`${gateway.url}/counter`)));

    const counts = await Promise.all(clients.map((client) => client.call("next")));
    const pids = await Promise.all(clients.map(pidOf));

    expect(counts).toEqual(clients.map(() => "1"));
    expect(new Set(pids).size).toBe(clients.length);
    for (const client of clients) client.close();
    await until(() => !pids.some(isAlive), { what: "the processes of the sessions are gone", deadlineMs: 7_000 });
    await ready(gateway, "counter", 2);
  });

  it("leaves nothing behind when the gateway is told to end", async () => {
    const gateway = await startGateway({ servers: { counter: fixture("counter", { warm: 2 }) } });
    await ready(gateway, "counter", 2);
    expect(await gateway.stop()).toBe(0);
    await gateway.nothingLeft();
  });

  it("leaves nothing behind when the gateway is killed", async () => {
    const gateway = await startGateway({
      servers: { deaf: fixture("ignores-sigterm", { warm: 2 }), far: fixture("setsid-grandchild", { warm: 1 }) },
    });
    await ready(gateway, "deaf", 2);
    await gateway.stop("SIGKILL");
    await gateway.nothingLeft(12_000);
    expect(gateway.children()).toEqual([]);
  });
});

describe("what a process writes before it has a session", () => {
  it("is read by its session, as if it had been started for it", async () => {
    await using gateway = await startGateway({ servers: { rubbish: fixture("prints-rubbish", { warm: 1 }) } });
    await ready(gateway, "rubbish", 1);
    await using client = await openSession(`${gateway.url}/rubbish`);
    expect(await client.call("echo", { message: "hello" })).toBe("hello");
  });
});

describe("a server that ends by itself while it waits", () => {
  it("is not started again until a session has come", async () => {
    const starts = join(folder, "starts");
    const server = join(folder, "impatient.mjs");
    writeFileSync(
      server,
      `import { appendFileSync } from "node:fs";
       appendFileSync(${JSON.stringify(starts)}, "x");
       setTimeout(() => process.exit(0), 100);`,
    );
    const entry = { command: process.execPath, args: [server], warm: 2 };
    await using gateway = await startGateway({ servers: { impatient: entry, other: fixture("counter", { warm: 1 }) } });
    await ready(gateway, "other", 1);
    await ready(gateway, "impatient", 0);
    // In the meantime, the pool of another server is refilled completely.
    await using client = await openSession(`${gateway.url}/other`);
    await client.call("next");
    await ready(gateway, "other", 2);

    expect(existsSync(starts)).toBe(true);
    expect(readFileSync(starts, "utf8")).toBe("x");
  });

  it("does not count as crashing: however often it exits, sessions find a working process", async () => {
    const server = join(folder, "waits-not.mjs");
    // Exits when it receives nothing for a moment; otherwise it serves.
    writeFileSync(
      server,
      `await import(${JSON.stringify(join(ROOT, "test/fixtures/servers/counter.mjs"))});
       const timer = setTimeout(() => process.exit(0), 150);
       process.stdin.once("data", () => clearTimeout(timer));`,
    );
    await using gateway = await startGateway({
      limits: { crashLoop: 1 },
      servers: { short: { command: process.execPath, args: [server], warm: 1 } },
    });
    for (let n = 0; n < 3; n++) {
      await ready(gateway, "short", 0);
      await using client = await openSession(`${gateway.url}/short`);
      expect(await client.call("next")).toBe("1");
      await until(() => gateway.children("short").length === 2, { what: "another one waits" });
      client.close();
    }
  });

  it("is not given to a session when it was killed a moment ago", async () => {
    await using gateway = await startGateway({ servers: { rubbish: fixture("prints-rubbish", { warm: 1 }) } });
    await ready(gateway, "rubbish", 1);
    const [pid = Number.NaN] = gateway.children("rubbish");
    process.kill(pid, "SIGKILL");
    await until(() => !isAlive(pid), { what: "it is dead" });
    await using client = await openSession(`${gateway.url}/rubbish`);
    expect(await client.call("echo", { message: "hello" })).toBe("hello");
  });

  it("is paused like any other when it keeps crashing: sessions get the reason, and nothing is started meanwhile", async () => {
    await using gateway = await startGateway({
      limits: { crashLoop: 2 },
      servers: { broken: fixture("exits-at-once", { warm: 2 }) },
    });
    const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params: CLIENT };
    const refused = await until(
      async () => {
        await using client = await openSse(`${gateway.url}/broken`);
        const answer = await client.send(initialize);
        if (answer.status !== 202) return refusal(answer);
        expect((await client.response(1)).error?.data?.["reason"]).toBe("process_exited");
        return undefined;
      },
      { what: "the server rests" },
    );
    expect(refused).toMatchObject({ status: 503, reason: "crash_loop" });
    expect(gateway.children("broken")).toEqual([]);
  });
});

describe("processes that wait", () => {
  it("are not started beyond what sessions of the server may have", async () => {
    await using gateway = await startGateway({
      limits: { sessionsPerServer: 2 },
      servers: { counter: fixture("counter", { warm: 5 }), other: fixture("counter", { warm: 1 }) },
    });
    await ready(gateway, "counter", 2);
    await using one = await openSession(`${gateway.url}/other`);
    await one.call("next");
    // Two refills of the other server's pool.
    await ready(gateway, "other", 2);
    expect(gateway.children("counter")).toHaveLength(2);
    await using first = await openSession(`${gateway.url}/counter`);
    await using second = await openSession(`${gateway.url}/counter`);
    expect([await first.call("next"), await second.call("next")]).toEqual(["1", "1"]);
    expect(gateway.children("counter")).toHaveLength(2);
  });
});

it("an entry with a number of warm processes that makes no sense is refused with its place in the file", async () => {
  await expect(startGateway({ servers: { counter: fixture("counter", { warm: -1 }) } })).rejects.toThrow(
    /config\.yaml:1:\d+.*warm/s,
  );
});

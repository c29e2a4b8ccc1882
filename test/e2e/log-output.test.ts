import { Agent, request } from "node:http";
import { describe, expect, test } from "vitest";
import { startWithStderr } from "../helpers/gateway-with-stderr.ts";
import { fixture, memoryOf } from "../helpers/gateway.ts";
import { openSession } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const CONFIG = { logging: { level: "verbose" }, servers: { echo: fixture("echo") } };
/** Each produces three lines at verbose, two of them as long as the path. */
const REQUESTS = 10_000;
const LONG_PATH = `/nowhere/${"x".repeat(1_500)}`;

describe.each(["pipe", "socket"] as const)("with stderr a %s", (kind) => {
  test("whose reader is gone, the gateway lives and serves", async () => {
    await using gateway = await startWithStderr(kind, CONFIG);
    gateway.stderr.close();
    await many(gateway.url, 100);
    await using session = await openSession(`${gateway.url}/echo`);
    expect(await session.call("echo", { message: "still here" })).toBe("still here");
    expect(gateway.hasExited()).toBe(false);
    gateway.signal("SIGTERM");
    expect(await gateway.exit()).toBe(0);
  });

  test("whose reader stalls, it serves, drops lines, and says how many when it is read again", async () => {
    await using gateway = await startWithStderr(kind, CONFIG);
    await many(gateway.url, REQUESTS / 5);
    const before = memoryOf(gateway.pid).rssMiB;
    await many(gateway.url, REQUESTS);
    expect((await fetch(`${gateway.url}/health`)).ok).toBe(true);
    expect(memoryOf(gateway.pid).rssMiB - before).toBeLessThan(32);
    await until(() => /\[WARN\]: The log could not be written.* dropped=\d{3,}\n/.test(gateway.stderr.read()), {
      deadlineMs: 10_000,
      what: "the log says how many lines were dropped",
    });
    // Later lines are complete again.
    await fetch(`${gateway.url}/after-the-stall`);
    await until(() => gateway.stderr.read().includes("/after-the-stall"), { what: "the log goes on" });
    const lines = gateway.stderr.read().trimEnd().split("\n");
    const odd = lines.slice(tableEnd(lines)).filter((line) => !/^\d{4}-\S+Z \[[A-Z]+\]: /.test(line));
    expect(odd).toEqual([]);
  });
});

describe("with stderr on a full disk", () => {
  test("the gateway starts, serves and ends as always", async () => {
    await using gateway = await startWithStderr("/dev/full", CONFIG);
    await many(gateway.url, 1_000);
    await using session = await openSession(`${gateway.url}/echo`);
    expect(await session.call("echo", { message: "still here" })).toBe("still here");
    gateway.signal("SIGTERM");
    expect(await gateway.exit()).toBe(0);
  });
});

test("what is logged last before the end is written, although the reader is slow to come", async () => {
  await using gateway = await startWithStderr("pipe", CONFIG);
  gateway.stderr.read();
  gateway.signal("SIGTERM");
  expect(await gateway.exit()).toBe(0);
  expect(gateway.stderr.read()).toContain("SIGTERM: shutting down");
});

/** The end of the startup table, whose lines are not log lines. */
const tableEnd = (lines: readonly string[]): number => lines.findIndex((line) => line.includes("  auth:")) + 2;

async function many(url: string, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request(`${url}${LONG_PATH}`, { agent }, (response) => response.resume().once("end", resolve))
        .once("error", reject)
        .end();
    });
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  agent.destroy();
}

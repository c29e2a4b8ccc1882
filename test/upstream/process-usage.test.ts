import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ServerProcessFacts } from "../../src/protocol/upstream.ts";
import { UsageReader } from "../../src/upstream/process-usage.ts";

const running = (...pids: number[]): (() => Pick<ServerProcessFacts, "pid" | "server">[]) => {
  return () => pids.map((pid) => ({ pid, server: "git" }));
};

/** A /proc with these processes: pid, session, CPU ticks of the user and the system, pages. */
function proc(
  ...rows: readonly (readonly [pid: number, session: number, user: number, system: number, pages: number])[]
) {
  const folder = mkdtempSync(join(tmpdir(), "proc-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = ([pid, session, user, system, pages]: (typeof rows)[number]): void => {
    mkdirSync(join(folder, String(pid)), { recursive: true });
    const before = `S 1 ${session} ${session} 0 -1 4194304 1 0 0 0 ${user} ${system} 0 0 20 0 1 0 777 1000`;
    writeFileSync(join(folder, String(pid), "stat"), `${pid} (a ) name) ${before} ${pages} 18446744073709551615`);
  };
  for (const row of rows) write(row);
  mkdirSync(join(folder, "self"));
  // As many pages as this process has at 4 KiB each.
  writeFileSync(join(folder, "self", "statm"), `1 ${Math.round(process.memoryUsage.rss() / 4_096)} 1`);
  mkdirSync(join(folder, "cmdline"));
  return { folder, write, gone: (pid: number) => rmSync(join(folder, String(pid)), { recursive: true }) };
}

describe("what processes use", () => {
  it("is summed up over all descendants in the session of each server's process", async () => {
    const { folder } = proc([7, 7, 100, 50, 10], [8, 7, 10, 0, 5], [9, 9, 1_000, 0, 999], [10, 1, 1, 1, 1]);
    const { bytes, cpuSeconds } = await new UsageReader(running(7), folder).read();
    expect([...bytes]).toEqual([[7, 15 * 4_096]]);
    expect([...cpuSeconds]).toEqual([["git", 1.6]]);
  });

  it("never goes back in CPU time, whoever exits or gets the pid again", async () => {
    const { folder, write, gone } = proc([7, 7, 100, 0, 1], [8, 7, 300, 0, 1]);
    const reader = new UsageReader(running(7), folder);
    expect((await reader.read()).cpuSeconds.get("git")).toBe(4);
    gone(8);
    write([7, 7, 150, 0, 1]);
    // Readings within half a second are shared.
    expect((await reader.read()).cpuSeconds.get("git")).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 510));
    expect((await reader.read()).cpuSeconds.get("git")).toBe(4.5);
  });

  it("is nothing without /proc, or when nothing runs", async () => {
    const nowhere = new UsageReader(running(7), "/nowhere");
    expect(await nowhere.read()).toEqual({ bytes: new Map(), cpuSeconds: new Map() });
    expect((await new UsageReader(running()).read()).bytes.size).toBe(0);
  });

  it("is what the system says of a real process and its child", async () => {
    const child = spawn("sh", ["-c", "sleep 30 & echo ready; wait"], { detached: true });
    const { pid = 0 } = child;
    onTestFinished(() => void process.kill(-pid, "SIGKILL"));
    await once(child.stdout, "data");
    const { bytes } = await new UsageReader(running(pid)).read();
    expect(bytes.get(pid)).toBeGreaterThan(256 * 1_024);
    expect(bytes.get(pid)).toBeLessThan(64 * 1_024 * 1_024);
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import type * as FileSystem from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ProcessGroup, signalGroup } from "../../src/upstream/process-group.ts";
import { isAlive } from "../helpers/children.ts";
import { until } from "../helpers/until.ts";

afterEach(() => vi.restoreAllMocks());

const table = vi.hoisted(() => ({ isReadable: true }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof FileSystem>();
  return {
    ...fs,
    // Fails as if no file descriptors were left.
    readFileSync: (...args: Parameters<typeof fs.readFileSync>) => {
      if (!table.isReadable && String(args[0]).startsWith("/proc/")) throw new Error("EMFILE");
      return fs.readFileSync(...args);
    },
  };
});

const STAGES = { eofMs: 50, termMs: 200 };

async function deafLeader() {
  const child = spawn("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], { detached: true });
  await once(child.stdout, "data");
  const { pid = Number.NaN } = child;
  return { child, pid };
}

describe("a group is ended", () => {
  it.each([
    ["from its start on", true],
    ["at its end", false],
  ])("although /proc cannot be read %s", async (_when, fromStart) => {
    const { child, pid } = await deafLeader();
    table.isReadable = !fromStart;
    try {
      const group = new ProcessGroup(child, pid);
      table.isReadable = false;
      await group.end(STAGES);
    } finally {
      table.isReadable = true;
    }
    await until(() => !isAlive(pid), { what: "it is gone" });
    expect(child.signalCode).toBe("SIGKILL");
  });
});

describe("a group that goes when it is asked to", () => {
  it.each([
    ["end of its input", "echo ready; cat; exit 0", []],
    ["SIGTERM", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done", ["SIGTERM"]],
  ])("by the %s gets no signal after that", async (_how, script, expected) => {
    const child = spawn("sh", ["-c", script], { detached: true });
    await once(child.stdout, "data");
    const group = new ProcessGroup(child, child.pid ?? Number.NaN);
    const signals = vi.spyOn(process, "kill");
    await group.end({ eofMs: expected.length === 0 ? 10_000 : 50, termMs: 10_000 });
    expect(signals.mock.calls.map(([, signal]) => signal).filter((signal) => signal !== 0)).toEqual(expected);
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  });
});

describe("a pid that now belongs to somebody else", () => {
  it("is not signalled", async () => {
    const { child, pid } = await deafLeader();
    expect(signalGroup(pid, "another start time", "SIGKILL")).toBe(false);
    expect(signalGroup(pid, undefined, 0)).toBe(true);
    signalGroup(pid, undefined, "SIGKILL");
    await until(() => child.signalCode === "SIGKILL", { what: "it is gone" });
  });
});

describe("a group that may not be signalled", () => {
  it("is taken for one that lives, and its end comes to an end all the same", async () => {
    const { child, pid } = await deafLeader();
    const group = new ProcessGroup(child, pid);
    const signals: unknown[] = [];
    vi.spyOn(process, "kill").mockImplementation((_pid, signal) => {
      signals.push(signal);
      throw Object.assign(new Error("not permitted"), { code: "EPERM" });
    });
    expect(signalGroup(pid, undefined, 0)).toBe(true);
    await group.end(STAGES);
    vi.restoreAllMocks();
    expect(signals.filter((signal) => signal !== 0)).toEqual(["SIGTERM", "SIGKILL"]);
    signalGroup(pid, undefined, "SIGKILL");
    await until(() => !isAlive(pid), { what: "it is gone" });
  });

  it("without members no longer exists", async () => {
    const { child, pid } = await deafLeader();
    signalGroup(pid, undefined, "SIGKILL");
    await until(() => !isAlive(pid) && child.signalCode !== null, { what: "it is gone" });
    await until(() => !signalGroup(pid, undefined, 0), { what: "its group is empty" });
    expect(signalGroup(pid, undefined, "SIGTERM")).toBe(false);
  });
});

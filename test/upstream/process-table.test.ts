import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import {
  allProcesses,
  descendantsOf,
  processesWithEnv,
  processRow,
  type ProcessRow,
} from "../../src/upstream/process-table.ts";
import { until } from "../helpers/until.ts";

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

describe("the row of a process", () => {
  it("has its parent and its start time", () => {
    expect(processRow(process.pid)).toEqual({
      pid: process.pid,
      parent: process.ppid,
      startTime: expect.stringMatching(/^\d+$/),
      isZombie: false,
    });
  });

  it("is the same each time", () => {
    expect(processRow(process.pid)).toEqual(processRow(process.pid));
  });

  it("is right although the command has blanks and parentheses in its name", async () => {
    const child = await started(["-e", `process.title = 'a) R 1 (b'; ${READY}`]);
    expect(processRow(child.pid)).toMatchObject({ parent: process.pid, isZombie: false });
  });

  it("is missing for an unused pid", () => {
    for (const pid of [0, -1, 2 ** 22 + 1, Number.NaN, 1.5]) expect(processRow(pid)).toBeUndefined();
  });

  it("is gone when the process has ended and was waited for", async () => {
    const child = await started(["-e", READY]);
    child.process.kill("SIGKILL");
    await once(child.process, "exit");
    expect(processRow(child.pid)).toBeUndefined();
  });
});

it("the table has this process and its children", async () => {
  const child = await started(["-e", READY]);
  const pids = allProcesses().map(({ pid }) => pid);
  expect(pids).toContain(process.pid);
  expect(pids).toContain(child.pid);
  expect(descendantsOf([process.pid], allProcesses()).map(({ pid }) => pid)).toContain(child.pid);
});

describe("the descendants", () => {
  const row = (pid: number, parent: number): ProcessRow => ({ pid, parent, startTime: "1", isZombie: false });
  const pidsOf = (roots: readonly number[], table: readonly ProcessRow[]): number[] =>
    descendantsOf(roots, table)
      .map(({ pid }) => pid)
      .toSorted((a, b) => a - b);

  it("are children and their children, without the roots and all others", () => {
    const table = [row(1, 0), row(2, 1), row(3, 2), row(4, 3), row(5, 1), row(6, 9)];
    expect(pidsOf([2], table)).toEqual([3, 4]);
    expect(pidsOf([3, 5], table)).toEqual([4]);
    expect(pidsOf([2, 3], table)).toEqual([3, 4]);
  });

  it("are empty without roots", () => {
    expect(pidsOf([], [row(2, 1)])).toEqual([]);
    expect(pidsOf([7], [row(2, 1)])).toEqual([]);
  });

  it("end, although the table was read while pids were given anew", () => {
    expect(pidsOf([1], [row(1, 3), row(2, 1), row(3, 2), row(4, 4)])).toEqual([1, 2, 3]);
  });
});

describe("the processes with a variable", () => {
  it("are those whose environment has one of the values, in full", async () => {
    const marked = await started(["-e", READY], { MARK: "one" });
    const longer = await started(["-e", READY], { MARK: "one-more" });
    const other = await started(["-e", READY], { REMARK: "one" });
    const table = [marked, longer, other].flatMap(({ pid }) => processRow(pid) ?? []);
    expect(processesWithEnv("MARK", new Set(["one", "two"]), table).map(({ pid }) => pid)).toEqual([marked.pid]);
    expect(processesWithEnv("MARK", new Set(), table)).toEqual([]);
  });

  it("hold none that has ended since", () => {
    const gone: ProcessRow = { pid: 2 ** 22 + 1, parent: 1, startTime: "1", isZombie: false };
    expect(processesWithEnv("MARK", new Set(["one"]), [gone])).toEqual([]);
  });
});

/** A node process that has said `ready`. */
async function started(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes("ready"), { what: "the child is ready" });
  return { process: child, pid: child.pid ?? 0 };
}

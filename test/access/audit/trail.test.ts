import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { file } from "../../../src/access/audit/sinks/file.ts";
import type { AuditSink } from "../../../src/access/audit/sinks/sink.ts";
import { stdout } from "../../../src/access/audit/sinks/output.ts";
import { AuditTrail } from "../../../src/access/audit/trail.ts";
import type { GatewayEvent } from "../../../src/protocol/events.ts";
import { until } from "../../helpers/until.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mcp-gateway-audit-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const NO_OUTPUT = { write: () => undefined, isWaiting: false };
const openFile = (path: string): Promise<AuditSink> =>
  file.open({ file: path, stderr: NO_OUTPUT, stdout: () => NO_OUTPUT });

async function trailTo(path: string): Promise<{ trail: AuditTrail; events: GatewayEvent[] }> {
  const events: GatewayEvent[] = [];
  return { trail: new AuditTrail(await openFile(path), (event) => void events.push(event)), events };
}

const linesOf = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_none, at) => JSON.stringify({ n: from + at }));

describe("a trail in a file", () => {
  it("is created for this user only and appended to", async () => {
    const path = join(folder, "audit.jsonl");
    for (const part of [numbered(3), numbered(2, 3)]) {
      const { trail } = await trailTo(path);
      for (const line of part) trail.add(line);
      await trail.close();
    }
    expect(linesOf(path)).toEqual(numbered(5));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("loses no line and repeats none when the file is moved away again and again under load", async () => {
    const path = join(folder, "audit.jsonl");
    const { trail } = await trailTo(path);
    let written = 0;
    for (let rotation = 0; rotation < 20; rotation++) {
      for (const line of numbered(500, written)) trail.add(line);
      written += 500;
      renameSync(path, `${path}.${rotation}`);
      const reopened = trail.reopen();
      for (const line of numbered(100, written)) trail.add(line);
      written += 100;
      await reopened;
    }
    await trail.close();
    const all = [...Array.from({ length: 20 }, (_none, at) => `${path}.${at}`), path].flatMap(linesOf);
    expect(all).toEqual(numbered(written));
  });

  it("keeps up with far more lines than fit into memory at once", async () => {
    const path = join(folder, "audit.jsonl");
    const { trail, events } = await trailTo(path);
    const line = "x".repeat(999);
    for (let at = 0; at < 20_000; at++) {
      trail.add(line);
      if (at % 200 === 0) await delay(2);
    }
    await trail.close();
    expect(events).toEqual([]);
    expect(statSync(path).size).toBe(20_000_000);
  });

  it("keeps the old file when the new one cannot be opened", async () => {
    const path = join(folder, "audit.jsonl");
    const { trail, events } = await trailTo(path);
    renameSync(path, join(folder, "old"));
    execFileSync("mkdir", [path]);
    await trail.reopen();
    for (const line of numbered(2)) trail.add(line);
    await trail.close();
    expect(linesOf(join(folder, "old"))).toEqual(numbered(2));
    expect(events.map(({ type }) => type)).toEqual(["trouble"]);
  });

  it("cannot be opened in a folder's place, nor in a folder that does not exist", async () => {
    await expect(openFile(folder)).rejects.toThrow(/EISDIR/);
    await expect(openFile(join(folder, "no/such/folder"))).rejects.toThrow(/ENOENT/);
  });

  it.skipIf(process.getuid?.() === 0)("cannot be opened without the permission", async () => {
    chmodSync(folder, 0o500);
    await expect(openFile(join(folder, "audit.jsonl"))).rejects.toThrow(/EACCES/);
    chmodSync(folder, 0o700);
  });
});

describe("a trail that cannot be written", () => {
  it("says so once, keeps 4 MiB, and writes how many lines are missing when it can", async () => {
    const events: GatewayEvent[] = [];
    let isBroken = true;
    let text = "";
    const sink: AuditSink = {
      generation: 0,
      write: (bytes) => {
        if (isBroken) return Promise.reject(new Error("ENOSPC"));
        // A few bytes at a time, as a disk that is nearly full takes them.
        const part = bytes.subarray(0, 100_000);
        text += Buffer.from(part).toString();
        return Promise.resolve(part.length);
      },
      reopen: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const trail = new AuditTrail(sink, (event) => void events.push(event));
    trail.add("first");
    await until(() => trail.isFailing, { what: "the failure is noticed" });
    const line = "x".repeat(1_000);
    for (let at = 0; at < 10_000; at++) trail.add(line);
    isBroken = false;
    await until(() => !trail.isFailing, { what: "it is written again" });
    trail.add("last");
    await trail.close();
    const lines = text.trimEnd().split("\n");
    const kept = lines.filter((written) => written === line).length;
    expect(kept).toBeGreaterThan(4_000);
    expect(lines.length).toBe(kept + 3);
    expect([lines[0], lines.at(-1)]).toEqual(["first", "last"]);
    expect(JSON.parse(lines.at(-2) ?? "")).toMatchObject({ event: "dropped", lines: 10_000 - kept });
    expect(events.map(({ type }) => type)).toEqual(["audit.failed", "audit.back", "audit.dropped"]);
  });

  it("on a full disk neither throws nor keeps the end waiting", async () => {
    const { trail, events } = await trailTo("/dev/full");
    for (const line of numbered(100)) trail.add(line);
    await until(() => trail.isFailing, { what: "the failure is noticed" });
    await trail.close();
    await trail.close();
    expect(events).toMatchObject([{ type: "audit.failed", cause: { code: "ENOSPC" } }]);
  });
});

describe("a trail in a FIFO", () => {
  const fifo = (): string => {
    const path = join(folder, "fifo");
    execFileSync("mkfifo", [path]);
    return path;
  };

  it("waits for a reader, and goes on with the next one, line by line", async () => {
    const path = fifo();
    const { trail, events } = await trailTo(path);
    for (const line of numbered(3)) trail.add(line);
    await until(() => trail.isFailing, { what: "nobody reads" });
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    expect((await readLines(first, 3)).map((line) => JSON.parse(line))).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    // More than the FIFO holds, so that the reader leaves in the middle of a line.
    for (const line of numbered(20_000, 3)) trail.add(line);
    await until(() => (readSync(first, Buffer.alloc(10)) > 0 ? true : undefined), { what: "something came" });
    closeSync(first);
    await until(() => events.filter(({ type }) => type === "audit.failed").length === 2, {
      what: "the trail notices that its reader has left",
    });
    const second = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const lines = await readLines(second, 10_000);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty("n");
    closeSync(second);
    await trail.close();
  }, 30_000);
});

describe("a trail on an output of the process", () => {
  it("waits while earlier text waits for a reader, and drops nothing", async () => {
    const output = { isWaiting: true, text: "", write: (text: string) => void (output.text += text) };
    const sink = await stdout.open({ file: undefined, stderr: NO_OUTPUT, stdout: () => output });
    const trail = new AuditTrail(sink, () => undefined);
    for (const line of numbered(5)) trail.add(line);
    await until(() => trail.isFailing, { what: "nobody reads" });
    expect(output.text).toBe("");
    output.isWaiting = false;
    await until(() => output.text !== "", { what: "it is read" });
    await trail.close();
    expect(output.text).toBe(`${numbered(5).join("\n")}\n`);
  });
});

async function readLines(fd: number, atLeast: number): Promise<string[]> {
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(1024 * 1024);
  let lines: string[] = [];
  await until(
    () => {
      const count = readSync(fd, buffer);
      if (count > 0) chunks.push(Buffer.from(buffer.subarray(0, count)));
      lines = Buffer.concat(chunks).toString().split("\n").slice(0, -1);
      return lines.length >= atLeast;
    },
    { deadlineMs: 15_000, what: `${atLeast} lines came` },
  );
  return lines;
}

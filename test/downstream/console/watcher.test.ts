import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Watcher } from "../../../src/downstream/console/watcher.ts";
import { StreamCare } from "../../../src/downstream/stream-care.ts";
import { Redactor } from "../../../src/lib/redactor.ts";
import { Recording } from "../../../src/observability/recording/recording.ts";

// A watcher whose reader takes what the test lets it take, and time that passes when the test says so.

beforeEach(() =>
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] }),
);
afterEach(() => vi.useRealTimers());

/** The response, as far as a stream of events needs one. */
class Reader extends Writable {
  isReading = true;
  text = "";
  #waiting: (() => void)[] = [];

  hasHeader = (): boolean => false;
  removeHeader = (): void => undefined;
  writeHead = (): this => this;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.text += chunk.toString();
      done();
    };
    if (this.isReading) take();
    else this.#waiting.push(take);
  }

  read(): void {
    this.isReading = true;
    for (const take of this.#waiting.splice(0)) take();
  }

  events(kind: string): unknown[] {
    return [...this.text.matchAll(/^event: (\S+)\ndata: (.*)$/gm)].flatMap(([, event, data = ""]) =>
      event === kind ? [JSON.parse(data) as unknown] : [],
    );
  }
}

function watching(bufferBytes = 64 * 1024) {
  const care = new StreamCare({ bufferBytes, stallMs: 30_000, heartbeatMs: 15_000 }, (event) => {
    throw new Error(JSON.stringify(event));
  });
  const reader = new Reader();
  const closed: Watcher[] = [];
  const watcher = new Watcher({
    response: reader as unknown as ServerResponse,
    care,
    redactor: new Redactor([]),
    servers: ["git"],
    onClosed: (one) => closed.push(one),
  });
  const session = { key: "k", server: "git", principal: "p", transport: "sse", era: "legacy" };
  const recording = new Recording(session, { grew: () => undefined, over: () => undefined });
  const row = { ...session, ageMs: 0, idleMs: 0, pid: undefined, residentBytes: undefined, calls: 0 };
  return { watcher, reader, closed, recording, follow: () => watcher.follow(recording, row) };
}

function passes(recording: Recording, times: number): void {
  for (let at = 0; at < times; at++)
    recording.message("server", { kind: "notification", method: "notifications/x", params: undefined, line: "{}" });
}

/** Time for what is told together, and for the stream to write it. */
async function later(ms = 60): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

describe("a watcher", () => {
  it("is told what was kept, then what passes, then the end", async () => {
    const { reader, recording, follow } = watching(1_000_000);
    passes(recording, 250);
    follow();
    passes(recording, 3);
    await later();
    recording.ended("idle");
    await later();
    expect(reader.events("backlog")).toMatchObject([{ forgotten: 50, session: { key: "k" } }]);
    expect(reader.events("message")).toMatchObject([{ n: 251 }, { n: 252 }, { n: 253 }]);
    expect(reader.events("closed")).toMatchObject([{ reason: "idle" }]);
  });

  it("who does not read has nothing queued for it, and learns how much it missed", async () => {
    const { watcher, reader, recording, follow } = watching();
    follow();
    await later();
    reader.isReading = false;
    for (let round = 0; round < 100; round++) {
      passes(recording, 100);
      watcher.send("state", { round });
      await later();
    }
    expect(reader.writableLength).toBeLessThan(128 * 1024);
    reader.read();
    await later();
    passes(recording, 1);
    await later();
    const told = reader.events("message").length;
    const missed = reader.events("gap").map((gap) => (gap as { missed: number }).missed);
    expect(missed).toHaveLength(1);
    expect(told + (missed[0] ?? 0)).toBe(10_001);
    expect(reader.events("message").at(-1)).toMatchObject({ n: 10_001 });
  });

  it("who takes nothing at all is cut off, and costs nothing afterwards", async () => {
    const { reader, recording, closed, follow, watcher } = watching();
    follow();
    reader.isReading = false;
    passes(recording, 200);
    await later();
    await later(60_000);
    expect(reader.destroyed).toBe(true);
    await later();
    expect(closed).toEqual([watcher]);
    passes(recording, 200);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("who has left before it began is not followed", async () => {
    const { reader, closed, recording, follow } = watching();
    reader.destroy();
    await later();
    follow();
    passes(recording, 5);
    await later();
    expect(closed).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

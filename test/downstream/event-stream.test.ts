import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventStream } from "../../src/downstream/event-stream.ts";
import { StreamCare, type StreamLimits } from "../../src/downstream/stream-care.ts";
import { Pieces } from "../../src/lib/pieces.ts";
import { piecesOf } from "../helpers/pieces.ts";

// A fake of Node's response, which accepts as much as the test lets its reader read.

beforeEach(() =>
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] }),
);
afterEach(() => vi.useRealTimers());

class Reader extends Writable {
  readonly writes: string[] = [];
  head: readonly unknown[] = [];
  isReading = true;
  readonly #waiting: (() => void)[] = [];

  hasHeader(): boolean {
    return false;
  }

  removeHeader(): void {}

  writeHead(...head: readonly unknown[]): this {
    this.head = head;
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take(chunk.toString(), done);
  }

  /** Accepts one pending write. */
  takeOne(): void {
    this.#waiting.shift()?.();
  }

  takeAll(): void {
    this.isReading = true;
    while (this.#waiting.length > 0) this.takeOne();
  }

  get text(): string {
    return this.writes.join("");
  }

  #take(text: string, done: () => void): void {
    const take = (): void => {
      this.writes.push(text);
      done();
    };
    if (this.isReading) take();
    else this.#waiting.push(take);
  }
}

/** Accepts everything written in one turn at once, as the socket of a response does. */
class GatheringReader extends Reader {
  override write(chunk: unknown): boolean {
    if (this.writableCorked === 0) {
      this.cork();
      process.nextTick(() => this.uncork());
    }
    return super.write(chunk);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", done);
  }
}

describe("an event stream", () => {
  it("begins at once, with headers that keep proxies from holding it back", async () => {
    const { reader } = stream();
    await turn();
    expect(reader.head).toEqual([
      200,
      {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",
      },
    ]);
    expect(reader.text).toMatch(/^:.*\n\n$/);
  });

  it("sends a line as an event, of any name, with an id or without", async () => {
    const { reader, events } = stream();
    events.send('{"a":1}');
    events.send("/git?sessionId=x", { event: "endpoint" });
    events.send(piecesOf('{"b":"ü"}'));
    events.send("last", { id: "g.7" });
    await turn();
    expect(eventsIn(reader.text)).toEqual([
      'event: message\ndata: {"a":1}',
      "event: endpoint\ndata: /git?sessionId=x",
      'event: message\ndata: {"b":"ü"}',
      "id: g.7\nevent: message\ndata: last",
    ]);
  });

  it("sends texts and bytes in the order in which they came", async () => {
    const { reader, events } = stream();
    const lines = Array.from({ length: 50 }, (_, index) => `line-${index}`);
    for (const [index, line] of lines.entries()) events.send(index % 3 === 0 ? piecesOf(line) : line);
    await turn();
    expect(eventsIn(reader.text).map((event) => event.replace("event: message\ndata: ", ""))).toEqual(lines);
  });

  it("gathers what one turn brings into one write", async () => {
    const { reader, events } = stream();
    await turn();
    const before = reader.writes.length;
    for (let count = 0; count < 100; count++) events.send("x");
    await turn();
    expect(reader.writes.length - before).toBe(1);
  });

  it("ends after what was sent, and sends nothing afterwards", async () => {
    const { reader, events } = stream();
    events.send("last");
    events.end();
    events.send("too late");
    events.send(piecesOf("too late"));
    events.end();
    await turn();
    expect(reader.text).toContain("last");
    expect(reader.text).not.toContain("too late");
    expect(reader.writableFinished).toBe(true);
  });

  it("reports its end once, whichever side ended it", async () => {
    for (const endIt of [(reader: Reader) => reader.destroy(), (_: Reader, events: EventStream) => events.end()]) {
      const { reader, events, told } = stream();
      endIt(reader, events);
      await turn();
      expect(told).toEqual(["closed"]);
    }
  });

  it("survives an error of its socket", async () => {
    const { reader, events, told } = stream();
    reader.destroy(new Error("ECONNRESET"));
    events.send("x");
    events.send(piecesOf("x"));
    await turn();
    expect(told).toEqual(["closed"]);
  });
});

describe("a stream whose reader has left before it began", () => {
  it("writes nothing, reports its end, and is registered with no timer", async () => {
    const reader = new Reader({ highWaterMark: 100 });
    reader.destroy();
    await turn();
    const { events, told } = stream({ reader });
    events.send("x");
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual(["closed"]);
    expect(reader.writes).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a heartbeat", () => {
  it("comes every 15 s, as a comment, and no more after the end", async () => {
    const { reader, events } = stream();
    await turn();
    const before = reader.text.length;
    vi.advanceTimersByTime(14_999);
    await turn();
    expect(reader.text.length).toBe(before);
    vi.advanceTimersByTime(1);
    await turn();
    expect(reader.text.slice(before)).toMatch(/^:.*\n\n$/);
    events.end();
    await turn();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("comes from one clock for all streams, which stops with the last one", async () => {
    const care = careWith({ stallMs: Number.POSITIVE_INFINITY });
    const all = [stream({ care }), stream({ care }), stream({ care })];
    await turn();
    expect(vi.getTimerCount()).toBe(1);
    for (const { reader } of all) reader.destroy();
    await turn();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("comes never when it is switched off", async () => {
    const { reader } = stream({ care: careWith({ heartbeatMs: Number.POSITIVE_INFINITY }) });
    await turn();
    const before = reader.text.length;
    vi.advanceTimersByTime(86_400_000);
    await turn();
    expect(reader.text.length).toBe(before);
  });
});

describe("a reader that is slow", () => {
  it("is noticed when more waits than may, and again when it has caught up", async () => {
    const { reader, events, told } = stream();
    await turn();
    reader.isReading = false;
    events.send("x".repeat(400));
    await turn();
    expect(told).toEqual([]);
    events.send("x".repeat(800));
    events.send("x".repeat(800));
    await turn();
    expect(told).toEqual(["clogged"]);
    reader.takeAll();
    await turn();
    expect(told).toEqual(["clogged", "drained"]);
  });

  it("is noticed for bytes as for text", async () => {
    const { reader, events, told } = stream();
    await turn();
    reader.isReading = false;
    events.send(piecesOf("x".repeat(2_000)));
    expect(told).toEqual(["clogged"]);
    reader.takeAll();
    await turn();
    expect(told).toEqual(["clogged", "drained"]);
  });

  it("loses nothing", async () => {
    const { reader, events } = stream();
    await turn();
    reader.isReading = false;
    const lines = Array.from({ length: 100 }, (_, index) => `${index}-${"x".repeat(100)}`);
    for (const line of lines) events.send(line);
    await turn();
    reader.takeAll();
    await turn();
    expect(eventsIn(reader.text)).toHaveLength(100);
  });

  it("gets no heartbeat on top of what waits", async () => {
    const { reader, events } = stream({ stallMs: Number.POSITIVE_INFINITY });
    reader.isReading = false;
    events.send("x".repeat(2_000));
    await turn();
    const waiting = reader.writableLength;
    vi.advanceTimersByTime(60_000);
    await turn();
    expect(reader.writableLength).toBe(waiting);
  });
});

describe("a reader that takes nothing", () => {
  it("is cut off between 30 and 40 s later, whenever the last heartbeat was", async () => {
    for (const offsetMs of [0, 100, 7_000, 14_900]) {
      const { reader, events, told } = stream();
      await turn();
      vi.advanceTimersByTime(offsetMs);
      reader.isReading = false;
      events.send("x".repeat(2_000));
      await turn();
      vi.advanceTimersByTime(29_900);
      await turn();
      expect(reader.destroyed, `after 29.9 s, ${offsetMs} ms after a heartbeat`).toBe(false);
      vi.advanceTimersByTime(10_100);
      await turn();
      expect(reader.destroyed, `after 40 s, ${offsetMs} ms after a heartbeat`).toBe(true);
      expect(told).toEqual(["clogged", "closed"]);
    }
  });

  it("is cut off although only a little waits for it, and although the stream has ended", async () => {
    for (const end of [false, true]) {
      const { reader, events, told } = stream();
      await turn();
      reader.isReading = false;
      events.send("x");
      if (end) events.end();
      await turn();
      expect(told).toEqual([]);
      vi.advanceTimersByTime(40_000);
      await turn();
      expect(reader.destroyed).toBe(true);
      expect(told).toEqual(["closed"]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it("is not one for whom nothing waits", async () => {
    const { reader } = stream({ care: careWith({ heartbeatMs: Number.POSITIVE_INFINITY }) });
    await turn();
    vi.advanceTimersByTime(600_000);
    await turn();
    expect(reader.destroyed).toBe(false);
  });

  it("is cut off although heartbeats are switched off, or rare", async () => {
    for (const heartbeatMs of [Number.POSITIVE_INFINITY, 600_000]) {
      const { reader, events } = stream({ care: careWith({ heartbeatMs }) });
      await turn();
      reader.isReading = false;
      events.send("x".repeat(2_000));
      await turn();
      vi.advanceTimersByTime(60_000);
      await turn();
      expect(reader.destroyed).toBe(true);
    }
  });

  it("is let be when that is switched off", async () => {
    const { reader, events } = stream({ stallMs: Number.POSITIVE_INFINITY });
    await turn();
    reader.isReading = false;
    events.send("x".repeat(2_000));
    await turn();
    vi.advanceTimersByTime(3_600_000);
    await turn();
    expect(reader.destroyed).toBe(false);
  });

  it("is not one that takes a little all the time", async () => {
    const { reader, events, told } = stream();
    await turn();
    reader.isReading = false;
    for (let count = 0; count < 12; count++) {
      events.send("x".repeat(500));
      await turn();
    }
    for (let count = 0; count < 6; count++) {
      vi.advanceTimersByTime(10_000);
      reader.takeOne();
      await turn();
    }
    expect(told).not.toContain("closed");
    expect(reader.destroyed).toBe(false);
  });
});

describe("a long line in many parts", () => {
  const PART = 64 * 1024;
  const parts = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map((letter) => Buffer.alloc(PART, letter));

  it.each([
    ["that fill the last write", parts.slice(0, 8)],
    ["that fill the last write half", parts],
    ["of which some are short", parts.flatMap((part, index) => [part, Buffer.from(`<${index}>`), Buffer.alloc(0)])],
  ])("%s goes out whole, in order, as one event, in writes of about 256 KiB", async (_what, given) => {
    const reader = new GatheringReader({ highWaterMark: 100 });
    const { events } = stream({ reader });
    await turn();
    const before = reader.writes.length;
    events.send(new Pieces(given));
    await turn();
    const writes = reader.writes.slice(before);
    expect(writes.join("")).toBe(`event: message\ndata: ${Buffer.concat(given).toString()}\n\n`);
    const sizes = writes.map((text) => text.length);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(4 * PART);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(5 * PART);
  });

  it("keeps its place among the other lines", async () => {
    const { reader, events } = stream();
    events.send("before");
    events.send(new Pieces(parts));
    events.send("after");
    events.end();
    await turn();
    expect(eventsIn(reader.text)).toEqual(
      ["before", Buffer.concat(parts).toString(), "after"].map((line) => `event: message\ndata: ${line}`),
    );
  });

  it("goes on as its reader takes it, a write at a time", async () => {
    const reader = new GatheringReader({ highWaterMark: 100 });
    const { events, told } = stream({ reader });
    await turn();
    reader.isReading = false;
    events.send(new Pieces(parts));
    await turn();
    for (let count = 0; count < 3; count++) {
      expect(told).toEqual(["clogged"]);
      vi.advanceTimersByTime(29_000);
      reader.takeOne();
      await turn();
    }
    expect(told).toEqual(["clogged", "drained"]);
    expect(eventsIn(reader.text)).toEqual([`event: message\ndata: ${Buffer.concat(parts).toString()}`]);
  });
});

interface Options {
  readonly care?: StreamCare;
  readonly stallMs?: number;
  readonly reader?: Reader;
}

function stream({
  stallMs = 30_000,
  care = careWith({ stallMs }),
  reader = new Reader({ highWaterMark: 100 }),
}: Options = {}) {
  const told: string[] = [];
  const events = new EventStream(reader as unknown as ServerResponse, care, {
    onClogged: () => told.push("clogged"),
    onDrained: () => told.push("drained"),
    onClosed: () => told.push("closed"),
  });
  return { reader, events, told };
}

function careWith(limits: Partial<StreamLimits>): StreamCare {
  return new StreamCare({ bufferBytes: 1_000, stallMs: 30_000, heartbeatMs: 15_000, ...limits }, ({ type }) => {
    throw new Error(`an event stream emitted ${type}`);
  });
}

/** Runs everything that is due in this turn. */
async function turn(): Promise<void> {
  for (let times = 0; times < 3; times++) await new Promise((resolve) => setImmediate(resolve));
}

/** The events, without comments and stream fields. */
const eventsIn = (text: string): string[] => text.split("\n\n").filter((block) => block.includes("data: "));

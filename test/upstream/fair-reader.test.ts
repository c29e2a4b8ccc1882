import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FairReader } from "../../src/upstream/fair-reader.ts";

const MORE_THAN_A_TURN_MS = 5;

/** What fails in a reader of these tests is a failed test. */
function fails(cause: unknown): never {
  throw cause;
}

function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("a fair reader", () => {
  it("rests for a turn after reads that took long, and loses nothing", async () => {
    const pipe = new PassThrough({ highWaterMark: 10_000_000 });
    const sizes: number[] = [];
    const reader = new FairReader(
      pipe,
      (chunk) => {
        sizes.push(chunk.length);
        busyFor(MORE_THAN_A_TURN_MS);
        expect(pipe.isPaused()).toBe(false);
      },
      fails,
    );
    for (let count = 0; count < 4; count++) pipe.write(Buffer.alloc(64 * 1024));
    let turns = 0;
    for (; sizes.length < 4; turns++) await turn();
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(sizes).toEqual(Array.from({ length: 4 }, () => 64 * 1024));
    reader.pause();
  });

  it("stays paused after a rest when it was paused meanwhile, and reads on when it is resumed", async () => {
    const pipe = new PassThrough({ highWaterMark: 10_000_000 });
    const chunks: Buffer[] = [];
    const reader = new FairReader(
      pipe,
      (chunk) => {
        chunks.push(chunk);
        busyFor(MORE_THAN_A_TURN_MS);
      },
      fails,
    );
    for (let count = 0; count < 3; count++) pipe.write(Buffer.alloc(64 * 1024));
    while (chunks.length === 0) await turn();
    reader.pause();
    const before = chunks.length;
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(chunks).toHaveLength(before);
    reader.resume();
    while (chunks.length < 3) await turn();
    expect(chunks).toHaveLength(3);
  });

  it("does not rest for small reads", async () => {
    const pipe = new PassThrough();
    let isPaused = false;
    void new FairReader(
      pipe,
      () => {
        busyFor(MORE_THAN_A_TURN_MS);
        queueMicrotask(() => (isPaused ||= pipe.isPaused()));
      },
      fails,
    );
    pipe.write("a line\n");
    await turn();
    expect(isPaused).toBe(false);
  });

  it("tells what was thrown, and reads on", async () => {
    const pipe = new PassThrough();
    const causes: unknown[] = [];
    const mistake = new Error("this chunk");
    let reads = 0;
    const read = (): void => {
      if (++reads === 1) throw mistake;
    };
    void new FairReader(pipe, read, (cause) => causes.push(cause));
    for (const size of [10, 64 * 1024]) {
      pipe.write(Buffer.alloc(size));
      await turn();
    }
    expect(reads).toBe(2);
    expect(causes).toEqual([mistake]);
  });
});

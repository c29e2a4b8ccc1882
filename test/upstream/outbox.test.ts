import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Pieces } from "../../src/lib/pieces.ts";
import { Outbox } from "../../src/upstream/outbox.ts";
import { piecesOf } from "../helpers/pieces.ts";
import { until } from "../helpers/until.ts";

const fails = (cause: unknown): never => {
  throw cause;
};

/** A stdin that accepts everything immediately and records each write. */
function taking() {
  const writes: string[] = [];
  const target = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writes.push(chunk.toString());
      done();
    },
    writev: (chunks, done) => {
      writes.push(Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))).toString());
      done();
    },
  });
  return { target, writes };
}

describe("before the server has started", () => {
  it("lines wait, and go first", async () => {
    const { target, writes } = taking();
    const outbox = new Outbox(fails);
    for (const line of ["a", "b"]) outbox.push(line);
    expect(outbox.waitingBytes).toBe(4);
    outbox.open(target);
    outbox.push("c");
    await until(() => writes.length === 2, { what: "both writes came" });
    expect(writes).toEqual(["a\nb\n", "c\n"]);
  });

  it("nothing is written when there is nothing to write", () => {
    const { target, writes } = taking();
    new Outbox(fails).open(target);
    expect(writes).toEqual([]);
  });
});

describe("what is pushed in one turn", () => {
  it("is written at once, one line each", async () => {
    const { target, writes } = taking();
    const outbox = new Outbox(fails);
    outbox.open(target);
    for (const line of ["a", "bé", "c"]) outbox.push(line);
    expect(writes).toEqual([]);
    await until(() => writes.length > 0, { what: "it was written" });
    expect(writes).toEqual(["a\nbé\nc\n"]);
    expect(outbox.waitingBytes).toBe(0);
  });

  it("is written at once although some of it is bytes", async () => {
    const { target, writes } = taking();
    const outbox = new Outbox(fails);
    outbox.open(target);
    for (const line of ["a", piecesOf("b"), "c"]) outbox.push(line);
    await until(() => writes.join("").length === 6, { what: "it was written" });
    expect(writes.join("")).toBe("a\nb\nc\n");
    expect(writes.length).toBeLessThanOrEqual(2);
  });

  it("is written at once although a line of it came in parts", async () => {
    const { target, writes } = taking();
    const outbox = new Outbox(fails);
    outbox.open(target);
    for (const line of ["a", new Pieces(["b", "", "cd", "e"].map((part) => Buffer.from(part))), "f"]) outbox.push(line);
    expect(outbox.waitingBytes).toBe(9);
    await until(() => writes.join("").length === 9, { what: "it was written" });
    expect(writes.join("")).toBe("a\nbcde\nf\n");
    expect(writes.length).toBeLessThanOrEqual(2);
    expect(outbox.waitingBytes).toBe(0);
  });
});

describe("a long text", () => {
  it("arrives whole, behind what came before it and before what comes after", async () => {
    const { target, writes } = taking();
    const outbox = new Outbox(fails);
    outbox.open(target);
    const long = "é€".repeat(100_000);
    for (const line of ["a", long, "c"]) outbox.push(line);
    await until(() => writes.join("").endsWith("c\n"), { what: "it was written" });
    expect(writes.join("")).toBe(`a\n${long}\nc\n`);
  });
});

describe("what waits", () => {
  it("is counted until the server has taken it", async () => {
    const target = new PassThrough({ highWaterMark: 16 });
    const outbox = new Outbox(fails);
    outbox.open(target);
    for (let times = 0; times < 100; times++) outbox.push("x".repeat(99));
    expect(outbox.waitingBytes).toBe(10_000);
    await until(() => target.writableLength > 0, { what: "it was handed over" });
    expect(outbox.waitingBytes).toBeGreaterThan(9_000);
    target.resume();
    await until(() => outbox.waitingBytes === 0, { what: "it was taken" });
  });

  it("is still counted when the server has closed its input", async () => {
    const { target } = taking();
    const outbox = new Outbox(fails);
    outbox.open(target);
    target.destroy();
    outbox.push("x".repeat(99));
    await new Promise((resolve) => setImmediate(resolve));
    expect(outbox.waitingBytes).toBe(100);
  });
});

describe("what cannot be handed over", () => {
  it("is reported, and not thrown out of the event loop", async () => {
    const failures: unknown[] = [];
    const outbox = new Outbox((cause) => failures.push(cause));
    const { target } = taking();
    const cause = new Error("no more");
    target.write = () => {
      throw cause;
    };
    outbox.open(target);
    outbox.push("a");
    await until(() => failures.length === 1, { what: "it is told" });
    expect(failures).toEqual([cause]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Redactor } from "../../src/lib/redactor.ts";
import { StderrTail } from "../../src/upstream/stderr-tail.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function tailWithLog() {
  const logged: (readonly [string, number])[] = [];
  return { tail: new StderrTail((text, dropped) => logged.push([text, dropped])), logged };
}

describe("the log", () => {
  it("gets each line", () => {
    const { tail, logged } = tailWithLog();
    tail.push(Buffer.from("one\ntw"));
    tail.push(Buffer.from("o\r\n\nthree"));
    expect(logged).toEqual([
      ["one", 0],
      ["two", 0],
    ]);
  });

  it("gets ten lines a second at most, and is told how many were dropped", () => {
    const { tail, logged } = tailWithLog();
    vi.setSystemTime(0);
    tail.push(Buffer.from("x\n".repeat(1_000)));
    expect(logged).toHaveLength(10);
    vi.advanceTimersByTime(1_000);
    tail.push(Buffer.from("y\nz\n"));
    expect(logged.slice(10)).toEqual([
      ["y", 990],
      ["z", 0],
    ]);
  });

  it("gets no escape sequence and no forged line", () => {
    const { tail, logged } = tailWithLog();
    tail.push(Buffer.from("\u001b[31mred\u001b[0m\u001b[2J\r2024-01-20T10:15:30.123Z [ERROR]: forged\u2028x\n"));
    expect(logged).toEqual([["red 2024-01-20T10:15:30.123Z [ERROR]: forged x", 0]]);
  });

  it("gets the beginning of a line that does not end", () => {
    const { tail, logged } = tailWithLog();
    for (let times = 0; times < 100; times++) tail.push(Buffer.alloc(64 * 1024, "x"));
    tail.push(Buffer.from("\nnext\n"));
    expect(logged).toHaveLength(2);
    expect(logged[0]?.[0]).toMatch(/^x{400,}…$/);
    expect(logged[1]).toEqual(["next", 0]);
  });

  it("gets 2 KiB of a line at most", () => {
    const { tail, logged } = tailWithLog();
    tail.push(Buffer.from(`${"x".repeat(8_000)}\n`));
    expect(logged[0]?.[0]).toHaveLength(2 * 1024 + 1);
  });
});

it("neither the log nor the tail shows a secret that was split by something invisible, or cut", () => {
  const redactor = new Redactor([], ["s3cr3t-value"]);
  const logged: string[] = [];
  const tail = new StderrTail(
    (text) => logged.push(text),
    (text) => redactor.text(text),
  );
  tail.push(Buffer.from("a s3cr3t\u001b[0m-value b\n"));
  tail.push(Buffer.from(`${"x".repeat(504)}s3cr3t-value${"x".repeat(9_000)}\n`));
  tail.push(Buffer.from(`s3cr3t-value ${"y".repeat(8 * 1024 - 8)}`));
  expect([...logged, tail.last(10_000)].join("\n")).not.toMatch(/s3cr3t|3t-val/);
  expect(logged[0]).toBe("a [redacted] b");
});

describe("the tail", () => {
  it("is the end of what was written, as one line", () => {
    const { tail } = tailWithLog();
    tail.push(Buffer.from("Error: no such file\n    at a.js:1\n\n"));
    expect(tail.last(1_024)).toBe("Error: no such file     at a.js:1");
    expect(tail.last(9)).toBe("at a.js:1");
  });

  it("has what was written without a newline, and what the log was spared", () => {
    const { tail } = tailWithLog();
    tail.push(Buffer.from(`${"x\n".repeat(1_000)}panic`));
    expect(tail.last(7)).toBe("x panic");
  });

  it("is empty when nothing was written", () => {
    expect(tailWithLog().tail.last(1_024)).toBe("");
  });

  it("is never more than was asked for, nor more than 8 KiB", () => {
    const { tail } = tailWithLog();
    for (let times = 0; times < 100; times++) tail.push(Buffer.alloc(64 * 1024, "x"));
    expect(tail.last(1_024)).toHaveLength(1_024);
    expect(tail.last(1_000_000)).toHaveLength(8 * 1024);
  });

  it("is text although a character was cut", () => {
    const { tail } = tailWithLog();
    tail.push(Buffer.from("🎈".repeat(10_000)));
    expect(tail.last(4)).toBe("🎈🎈");
  });
});

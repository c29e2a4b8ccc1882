import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LogOutput } from "../../src/observability/log-output.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A descriptor with room for a number of bytes; without room it throws like a full pipe, or a given error. */
class Descriptor {
  room = Number.POSITIVE_INFINITY;
  code = "EAGAIN";
  text = "";
  attempts = 0;

  readonly write = (bytes: Uint8Array): number => {
    this.attempts++;
    const length = Math.min(this.room, bytes.length);
    if (length === 0) throw Object.assign(new Error(this.code), { code: this.code });
    this.room -= length;
    this.text += Buffer.from(bytes.subarray(0, length)).toString();
    return length;
  };
}

function outputTo(descriptor: Descriptor): LogOutput {
  const output = new LogOutput({ write: descriptor.write, isTerminal: false });
  output.onDropped = (lines) => output.write(`${lines} dropped\n`);
  return output;
}

const LONG = `${"x".repeat(99)}\n`;
/** How many LONG lines fit in the queue. */
const WAITING_LINES = Math.floor((1024 * 1024) / LONG.length);

describe("the output of the log", () => {
  it("writes at once what there is room for", () => {
    const descriptor = new Descriptor();
    const output = outputTo(descriptor);
    output.write("one\n");
    output.write("two\n");
    expect(descriptor.text).toBe("one\ntwo\n");
  });

  it.each(["EAGAIN", "EPIPE", "ENOSPC", "EIO"])("writes later what it could not for %s, each line whole", (code) => {
    const descriptor = Object.assign(new Descriptor(), { room: 6, code });
    const output = outputTo(descriptor);
    for (const line of ["one\n", "two\n", "three\n"]) output.write(line);
    expect(descriptor.text).toBe("one\ntw");
    descriptor.room = 3;
    vi.advanceTimersByTime(1_000);
    expect(descriptor.text).toBe("one\ntwo\nt");
    descriptor.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(1_000);
    expect(descriptor.text).toBe("one\ntwo\nthree\n");
  });

  it("keeps a limited number of bytes, and says how many lines it dropped where they are missing", () => {
    const descriptor = Object.assign(new Descriptor(), { room: 0 });
    const output = outputTo(descriptor);
    for (let count = 0; count < WAITING_LINES + 500; count++) output.write(LONG);
    descriptor.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(1_000);
    output.write("again\n");
    expect(descriptor.text).toBe(`${LONG.repeat(WAITING_LINES)}500 dropped\nagain\n`);
  });

  it("reports every gap once, and counts a report that does not fit", () => {
    const descriptor = Object.assign(new Descriptor(), { room: 0 });
    const output = outputTo(descriptor);
    for (let count = 0; count < WAITING_LINES + 5; count++) output.write(LONG);
    // Room for the queued lines, but not for the report.
    descriptor.room = WAITING_LINES * LONG.length;
    vi.advanceTimersByTime(1_000);
    descriptor.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(5_000);
    expect(descriptor.text.match(/dropped/g)).toHaveLength(1);
    expect(descriptor.text).toMatch(/x\n5 dropped\n$/);
  });

  it("takes a line that is longer than all that may wait, when nothing waits", () => {
    const descriptor = new Descriptor();
    const output = outputTo(descriptor);
    output.write("x".repeat(3 * 1024 * 1024));
    expect(descriptor.text).toHaveLength(3 * 1024 * 1024);
  });

  it("asks seldom while nothing can be written, whatever is logged meanwhile", () => {
    const descriptor = Object.assign(new Descriptor(), { room: 0, code: "ENOSPC" });
    const output = outputTo(descriptor);
    for (let seconds = 0; seconds < 60; seconds++) {
      for (let count = 0; count < 1_000; count++) output.write("line\n");
      vi.advanceTimersByTime(1_000);
    }
    expect(descriptor.attempts).toBeLessThan(80);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("writes what waits at the end of the process, and waits no longer than a moment for a reader", () => {
    vi.useRealTimers();
    const descriptor = Object.assign(new Descriptor(), { room: 0 });
    const output = outputTo(descriptor);
    output.write("last words\n");
    output.flush();
    expect(descriptor.text).toBe("");
    descriptor.room = Number.POSITIVE_INFINITY;
    output.flush();
    expect(descriptor.text).toBe("last words\n");
  });
});

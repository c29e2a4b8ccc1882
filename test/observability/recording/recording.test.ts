import { describe, expect, it } from "vitest";
import { Pieces } from "../../../src/lib/pieces.ts";
import { keptLine, keptText } from "../../../src/observability/recording/kept-line.ts";
import { lengthOf, Recording } from "../../../src/observability/recording/recording.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import type { RequestFrame, ResponseFrame } from "../../../src/protocol/frame.ts";

const MiB = 1024 * 1024;

const call = (id: number | string, line = `{"id":${id}}`, name = "add"): RequestFrame => ({
  kind: "request",
  id,
  method: "tools/call",
  params: { name },
  line,
});
const answer = (id: number | string, more: Partial<ResponseFrame> = {}): ResponseFrame => ({
  kind: "response",
  id,
  failed: false,
  line: `{"id":${id},"result":{}}`,
  ...more,
});
const exchange = (id: number | string) => ({ id, method: "tools/call", tool: "add" });

function recording() {
  const session = { key: "k", server: "s", principal: "p", transport: "sse", era: "legacy" };
  let bytes = 0;
  const made = new Recording(session, { grew: (more) => (bytes += more), over: () => undefined });
  return { made, bytes: () => bytes };
}

describe("a recording", () => {
  it("keeps the last 200 messages, and numbers all of them", () => {
    const { made, bytes } = recording();
    for (let id = 1; id <= 1_000; id++) made.message("client", call(id));
    expect([made.first, made.next]).toEqual([801, 1_001]);
    expect(made.from(0).map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, index) => 801 + index));
    expect(made.from(998).map(({ id }) => id)).toEqual([998, 999, 1_000]);
    expect([made.get(800), made.get(1_001), made.get(Number.NaN), made.get(-1)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(bytes()).toBe(made.bytes);
  });

  it("keeps at most 1 MiB, and of a long message only its beginning", () => {
    const { made, bytes } = recording();
    for (let id = 1; id <= 100; id++) made.message("client", call(id, "x".repeat(60_000)));
    expect(made.bytes).toBeLessThanOrEqual(MiB);
    expect(made.next - made.first).toBeGreaterThan(10);
    for (let id = 1; id <= 100; id++)
      made.message("server", answer(id, { line: new Pieces([Buffer.alloc(16 * MiB, "y")]) }));
    expect(made.bytes).toBeLessThanOrEqual(MiB);
    expect(made.from(0).map(lengthOf).at(-1)).toBe(16 * MiB);
    expect(bytes()).toBe(made.bytes);
  });

  it("takes no more for long ids and long names", () => {
    const { made } = recording();
    for (let id = 1; id <= 200; id++)
      made.message("client", call("i".repeat(MiB), "語".repeat(20_000), "t".repeat(MiB)));
    expect(made.bytes).toBeLessThanOrEqual(MiB);
    const [entry] = made.from(0);
    expect([String(entry?.id).length, entry?.tool?.length]).toEqual([256, 256]);
  });

  it("knows of an answer what it answers, and how long that took", () => {
    const { made } = recording();
    made.message("client", call(1));
    made.message("server", answer(1, { isError: true }));
    made.answered(exchange(1), answer(1), 50);
    expect(made.from(2)).toEqual([
      expect.objectContaining({ method: "tools/call", tool: "add", isToolError: true, failed: false, isOwn: false }),
    ]);
    expect(made.from(2)[0]?.ms).toBe(50);
    expect(made.calls).toBe(1);
  });

  it("has the answer of the gateway, when there is no other", () => {
    const { made } = recording();
    const fault = new GatewayError("call_timeout", "too late");
    made.message("client", call(1));
    made.message("client", call(2));
    made.message("server", answer(7));
    made.answered(exchange(2), answer(2, { failed: true, fault }), 50);
    made.message("server", answer(2));
    // In the place of a server that was not asked.
    made.message("client", call(3));
    made.answered(exchange(3), answer(3), 50);
    const shown = made.from(3).map(({ id, isOwn, method }) => ({ id, isOwn, method }));
    expect(shown).toEqual([
      { id: 7, isOwn: false, method: undefined },
      { id: 2, isOwn: true, method: "tools/call" },
      { id: 2, isOwn: false, method: undefined },
      { id: 3, isOwn: false, method: "tools/call" },
      { id: 3, isOwn: true, method: "tools/call" },
    ]);
  });

  it("tells whoever watches, and nobody afterwards", () => {
    const { made } = recording();
    let told = 0;
    const stop = made.watch(() => told++);
    made.message("client", call(1));
    made.ended("idle");
    stop();
    made.message("client", call(2));
    expect(told).toBe(2);
    expect(made.over).toMatchObject({ reason: "idle" });
  });
});

describe("what is kept of a line", () => {
  it("is the line itself when it is short", () => {
    expect(keptLine("short")).toBe("short");
    const bytes = Buffer.alloc(100_000, "z");
    const kept = keptLine(new Pieces([bytes]));
    expect(typeof kept !== "string" && kept.parts[0] === bytes).toBe(true);
  });

  it("keeps no large buffer alive for a small part of it", () => {
    for (const line of [
      new Pieces([Buffer.alloc(16 * MiB).subarray(0, 20_000)]),
      new Pieces([Buffer.alloc(16 * MiB)]),
      new Pieces([Buffer.alloc(8 * MiB), Buffer.alloc(8 * MiB)]),
    ]) {
      const kept = keptLine(line);
      if (typeof kept === "string") throw new Error("it is a text");
      expect(kept.parts.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThanOrEqual(64 * 1024);
    }
  });

  it.each([
    ["a short text", "abc", "abc", false],
    ["a long text", "a".repeat(100_000), "a".repeat(65_536), true],
    ["long bytes", new Pieces([Buffer.alloc(MiB, "b")]), "b".repeat(65_536), true],
    ["bytes cut inside a character", new Pieces([Buffer.from(`a${"é".repeat(MiB)}`)]), `a${"é".repeat(32_767)}`, true],
    ["two-byte text that is kept whole", "é".repeat(40_000), "é".repeat(40_000), false],
  ])("is shown: %s", (_what, line, text, isCut) => {
    const bytes = typeof line === "string" ? Buffer.byteLength(line) : line.length;
    expect(keptText(keptLine(line), bytes)).toEqual({ text, isCut });
  });
});

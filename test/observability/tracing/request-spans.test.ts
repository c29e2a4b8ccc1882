import { describe, expect, it } from "vitest";
import { RequestSpans } from "../../../src/observability/tracing/request-spans.ts";

const span = (spanId: string) => ({ traceId: "t", spanId, traceFlags: 1 });

describe("the spans of requests", () => {
  it("are found while their request is alive, and a while after it", () => {
    const spans = new RequestSpans();
    spans.begin("r", span("a"));
    expect(spans.of("r")?.spanId).toBe("a");
    spans.end("r");
    expect(spans.of("r")?.spanId).toBe("a");
    expect([spans.of("other"), spans.of(undefined)]).toEqual([undefined, undefined]);
  });

  it("belong to nobody while two requests use the same id", () => {
    const spans = new RequestSpans();
    spans.begin("r", span("victim"));
    spans.begin("r", span("other"));
    expect(spans.of("r")).toBeUndefined();
    spans.end("r");
    expect(spans.of("r")).toBeUndefined();
    spans.end("r");
    expect([spans.of("r"), spans.size]).toEqual([undefined, 0]);
  });

  it("are of the newest request that uses the id", () => {
    const spans = new RequestSpans();
    spans.begin("r", span("a"));
    spans.end("r");
    spans.begin("r", span("b"));
    expect(spans.of("r")?.spanId).toBe("b");
  });

  it("are a thousand at most when their requests are over", () => {
    const spans = new RequestSpans();
    for (let n = 0; n < 5_000; n++) {
      spans.begin(`r${n}`, span("a"));
      spans.end(`r${n}`);
    }
    spans.end("never begun");
    expect(spans.size).toBe(1_000);
  });
});

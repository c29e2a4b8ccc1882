import { describe, expect, it } from "vitest";
import { readTraceContext, writeTraceContext } from "../../../src/observability/tracing/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const VALID = `00-${TRACE}-${SPAN}-01`;

describe("a trace context", () => {
  it.each([
    ["sampled", VALID, 1],
    ["not sampled", `00-${TRACE}-${SPAN}-00`, 0],
    ["with flags that are not defined yet", `00-${TRACE}-${SPAN}-ff`, 1],
    ["of a later version, with more fields", `01-${TRACE}-${SPAN}-01-more`, 1],
    ["with white space around it", ` ${VALID} `, 1],
  ])("is read when it is %s", (_what, traceparent, traceFlags) => {
    expect(readTraceContext(traceparent, undefined)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      traceFlags,
      isRemote: true,
    });
  });

  it.each([
    ["missing", undefined],
    ["a number", 7],
    ["a list of headers", [VALID]],
    ["empty", ""],
    ["in upper case", VALID.toUpperCase()],
    ["of the forbidden version", `ff-${TRACE}-${SPAN}-01`],
    ["of version 00 with more fields", `${VALID}-more`],
    ["without a trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["without a span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["too long", `00-${TRACE}${TRACE}-${SPAN}-01`],
    ["followed by a line", `${VALID}\nx`],
  ])("is not read when it is %s", (_what, traceparent) => {
    expect(readTraceContext(traceparent, undefined)).toBeUndefined();
  });

  it("is written as it was read, with its state", () => {
    const read = readTraceContext(VALID, "rojo=1,congo=2");
    expect(read && writeTraceContext(read)).toEqual({ traceparent: VALID, tracestate: "rojo=1,congo=2" });
  });

  it.each([["x".repeat(513)], [""], [7], ["no pairs"]])("has no state from %j", (tracestate) => {
    const read = readTraceContext(VALID, tracestate);
    expect(read && writeTraceContext(read)).toEqual({ traceparent: VALID, tracestate: undefined });
  });

  it("is not written for the span of an SDK that is switched off", () => {
    expect(writeTraceContext({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 })).toBeUndefined();
  });
});

import { createTraceState, isSpanContextValid, type SpanContext } from "@opentelemetry/api";
import type { TraceContext } from "../../protocol/exchange.ts";

/** Version, trace id, parent id, flags (W3C Trace Context §3.2.2). */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** The length of a `tracestate` that has to be propagated (W3C Trace Context §3.3.1.5). */
const TRACESTATE_LENGTH = 512;

/** The span of the other side, as its message tells it; undefined when it is missing or invalid. */
export function readTraceContext(traceparent: unknown, tracestate: unknown): SpanContext | undefined {
  if (typeof traceparent !== "string") return undefined;
  const [, version, traceId = "", spanId = "", flags = "", rest] = TRACEPARENT.exec(traceparent.trim()) ?? [];
  if (version === undefined || (version === "00" && rest !== undefined)) return undefined;
  const hasState = typeof tracestate === "string" && tracestate !== "" && tracestate.length <= TRACESTATE_LENGTH;
  const context: SpanContext = {
    traceId,
    spanId,
    // Of the flags only `sampled` is defined in version 00.
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(hasState && { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(context) ? context : undefined;
}

/** Undefined for the span context of an SDK that is switched off. */
export function writeTraceContext(context: SpanContext): TraceContext | undefined {
  if (!isSpanContextValid(context)) return undefined;
  const { traceId, spanId, traceFlags, traceState } = context;
  const flags = traceFlags.toString(16).padStart(2, "0");
  const tracestate = traceState?.serialize();
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    tracestate: tracestate === "" ? undefined : tracestate,
  };
}

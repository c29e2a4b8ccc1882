import { isObject } from "../lib/json.ts";
import { memberOf, membersOf, objectText, type JsonMember } from "../lib/json-members.ts";
import type { TraceContext } from "./exchange.ts";
import type { RequestFrame } from "./frame.ts";

const META = "_meta";

/** The trace context that a message carries in `params._meta`, unchecked. */
export function traceContextOf({ params }: RequestFrame): { traceparent: unknown; tracestate: unknown } | undefined {
  const meta = params?.[META];
  if (!isObject(meta) || meta["traceparent"] === undefined) return undefined;
  return { traceparent: meta["traceparent"], tracestate: meta["tracestate"] };
}

/** The same request with this trace context in `params._meta`. Everything else in its line stays as it is. */
export function withTraceContext(frame: RequestFrame, context: TraceContext): RequestFrame {
  const text = frame.line.toString();
  return { ...frame, line: edited(text, membersOf(text), "params", (params) => withMeta(text, params, context)) };
}

function withMeta(text: string, params: JsonMember | undefined, context: TraceContext): string {
  const members = params === undefined ? [] : membersOf(text, params.valueAt);
  return edited(text, members, META, (meta) => {
    const others = meta === undefined ? [] : membersOf(text, meta.valueAt);
    return objectText(others, ({ key, keyAt, end }) => (isTrace(key) ? undefined : text.slice(keyAt, end)), [
      `"traceparent":${JSON.stringify(context.traceparent)}`,
      ...(context.tracestate === undefined ? [] : [`"tracestate":${JSON.stringify(context.tracestate)}`]),
    ]);
  });
}

/** An object with one member replaced, or added when it has none of that name. */
function edited(
  text: string,
  members: readonly JsonMember[],
  key: string,
  value: (found: JsonMember | undefined) => string,
): string {
  const found = memberOf(members, key);
  const added = found === undefined ? [`"${key}":${value(undefined)}`] : [];
  return objectText(
    members,
    (each) => text.slice(each.keyAt, each === found ? each.valueAt : each.end) + (each === found ? value(found) : ""),
    added,
  );
}

const isTrace = (key: string): boolean => key === "traceparent" || key === "tracestate";

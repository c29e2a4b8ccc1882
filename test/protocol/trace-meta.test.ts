import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readClientMessages } from "../../src/protocol/client-frame.ts";
import type { RequestFrame } from "../../src/protocol/frame.ts";
import { traceContextOf, withTraceContext } from "../../src/protocol/trace-meta.ts";

const TRACE = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", tracestate: undefined };
const STATE = { ...TRACE, tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE" };

function request(line: string): RequestFrame {
  const [frame] = readClientMessages(line).frames;
  if (frame?.kind !== "request") throw new Error("this is no request");
  return frame;
}

describe("a trace context in params._meta", () => {
  it.each([
    [
      "is added where there are no params",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"${TRACE.traceparent}"}}}`,
    ],
    [
      "is added where the params are empty",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}',
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"${TRACE.traceparent}"}}}`,
    ],
    [
      "leaves numbers, escapes and other members as they were",
      '{ "method":"a","params":{"n":12345678901234567890,"s":"\\u0041","_meta":{"progressToken":1.0}},"id":1,"jsonrpc":"2.0"}',
      `{"method":"a","params":{"n":12345678901234567890,"s":"\\u0041","_meta":{"progressToken":1.0,"traceparent":"${TRACE.traceparent}"}},"id":1,"jsonrpc":"2.0"}`,
    ],
    [
      "replaces the one of the client, however its key is written",
      '{"jsonrpc":"2.0","id":1,"method":"a","params":{"\\u005fmeta":{"traceparent":"x","tracestate":"y","k":[1]}}}',
      `{"jsonrpc":"2.0","id":1,"method":"a","params":{"\\u005fmeta":{"k":[1],"traceparent":"${TRACE.traceparent}"}}}`,
    ],
    [
      "replaces a _meta that is no object",
      '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":7}}',
      `{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"traceparent":"${TRACE.traceparent}"}}}`,
    ],
  ])("%s", (_what, line, expected) => {
    const { line: edited } = withTraceContext(request(line), TRACE);
    expect(edited).toBe(expected);
  });

  it("has a tracestate when there is one", () => {
    const { line } = withTraceContext(request('{"jsonrpc":"2.0","id":1,"method":"a"}'), STATE);
    expect(JSON.parse(line.toString()).params._meta).toEqual(STATE);
  });

  it("changes nothing else, whatever is in a request", () => {
    const params = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(params, fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined }), (others, meta) => {
        const message = {
          jsonrpc: "2.0",
          id: 1,
          method: "a",
          params: meta === undefined ? others : { ...others, _meta: meta },
        };
        const text = JSON.stringify(message);
        const frame: RequestFrame = { kind: "request", id: 1, method: "a", params: message.params, line: text };
        const { _meta: before, ...rest } = JSON.parse(text).params;
        const { _meta: after, ...same } = JSON.parse(withTraceContext(frame, STATE).line.toString()).params;
        expect(same).toEqual(rest);
        const isObject = typeof before === "object" && before !== null && !Array.isArray(before);
        expect(after).toEqual({ ...(isObject ? before : {}), ...STATE });
      }),
    );
  });

  it("of a client is found when there is one", () => {
    const given = '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"traceparent":"x","tracestate":"y"}}}';
    expect(traceContextOf(request(given))).toEqual({ traceparent: "x", tracestate: "y" });
    for (const params of ["{}", '{"_meta":{}}', '{"_meta":[]}', '{"_meta":null}'])
      expect(traceContextOf(request(`{"jsonrpc":"2.0","id":1,"method":"a","params":${params}}`))).toBeUndefined();
  });
});

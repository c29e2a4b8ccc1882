import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { preferencesOf } from "../../../src/downstream/rest/preferences.ts";

const preferred = (prefer: string | undefined, query = "") =>
  preferencesOf({ headers: prefer === undefined ? {} : { prefer } } as IncomingMessage, new URLSearchParams(query));
const none = { timeoutMs: undefined, toolErrorsAsHttp: undefined };

describe("what a caller prefers", () => {
  it("is nothing by default", () => {
    expect(preferred(undefined)).toEqual(none);
    expect(preferencesOf({ headers: {} } as IncomingMessage, undefined)).toEqual(none);
  });

  it.each([
    ["wait=40", { timeoutMs: 40_000 }],
    ["Wait = 40", { timeoutMs: 40_000 }],
    ['wait="40"', { timeoutMs: 40_000 }],
    ["tool-errors=http", { toolErrorsAsHttp: true }],
    ['respond-async, wait=5 , tool-errors="http"', { timeoutMs: 5_000, toolErrorsAsHttp: true }],
    ["tool-errors=result", { toolErrorsAsHttp: false }],
    ["handling=lenient, return=minimal", {}],
  ])("stands in Prefer: %s", (prefer, expected) => {
    expect(preferred(prefer)).toEqual({ ...none, ...expected });
  });

  it("stands in the query first", () => {
    const asked = preferred("wait=40, tool-errors=result", "timeoutMs=250&toolErrors=http");
    expect(asked).toEqual({ timeoutMs: 250, toolErrorsAsHttp: true });
  });

  it.each(["0", "-5", "abc", "", "Infinity", "NaN", "1e999"])("cannot be a timeout of %j ms", (timeoutMs) => {
    const query = new URLSearchParams({ timeoutMs }).toString();
    expect(() => preferred(undefined, query)).toThrow(expect.objectContaining({ reason: "invalid_request" }) as Error);
  });

  it("keeps its first value when it comes twice (RFC 7240 §2)", () => {
    expect(preferred("wait=1, wait=2")).toMatchObject({ timeoutMs: 1_000 });
  });

  it("may have parameters, which are not for us (RFC 7240 §2)", () => {
    expect(preferred("wait=10; why=slow, tool-errors=http; x")).toEqual({ timeoutMs: 10_000, toolErrorsAsHttp: true });
  });
});

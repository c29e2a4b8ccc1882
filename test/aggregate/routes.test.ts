import { describe, expect, it } from "vitest";
import { Routes } from "../../src/aggregate/routes.ts";

describe("the first route that matches", () => {
  const routes = new Routes([
    { match: { tool: "math.*" }, upstream: "math" },
    { match: { tool: "math.add" }, server: "never" },
    { match: { resource: "file:///*" }, server: "files" },
    { match: { prompt: "report-*", method: "prompts/*" }, server: "reports" },
    { match: { method: "x/*" }, server: "extra" },
    { match: { method: "tools/call" }, server: "rest" },
  ]);

  it.each([
    ["tools/call", "math.add", "math"],
    ["tools/call", "other", "rest"],
    ["tools/call", undefined, "rest"],
    // A name is only that of a tool in tools/call (and so on).
    ["prompts/get", "math.add", undefined],
    ["prompts/get", "report-1", "reports"],
    ["resources/read", "file:///a", "files"],
    ["resources/subscribe", "file:///a", undefined],
    ["x/anything", undefined, "extra"],
    ["tools/list", undefined, undefined],
  ])("for %s of %s is the one to %s", (method, name, server) => {
    expect(routes.find(method, name)).toBe(server);
  });
});

import { describe, expect, it } from "vitest";
import { restTarget } from "../../../src/downstream/rest/target.ts";
import { pathOf } from "../../../src/downstream/target.ts";

describe("a path below /api", () => {
  it.each([
    ["/api", { kind: "index" }],
    ["/api/", { kind: "index" }],
    ["/api/sessionid", { kind: "new-id" }],
    ["/api/sessions", { kind: "sessions" }],
    ["/api/sessions/", { kind: "sessions" }],
    ["/api/sessions/an-id", { kind: "session", id: "an-id" }],
    ["/api/git", { kind: "server", server: "git" }],
    ["/api/git/log", { kind: "tool", server: "git", tool: "log" }],
    ["/api/git/log/", { kind: "tool", server: "git", tool: "log" }],
  ])("%s leads somewhere", (path, target) => {
    expect(restTarget(pathOf(path))).toEqual(target);
  });

  it.each([
    "",
    "/",
    "/ap",
    "/apis",
    "/api2/x",
    "api/x",
    "/x/api",
    "/api/a/b/c",
    "/api/sessionid/x",
    "/api/sessions/a/b",
  ])("%j is none of ours", (path) => {
    expect(restTarget(pathOf(path))).toBeUndefined();
  });

  it.each([
    ["a%2Fb", "a/b"],
    ["a%252Fb", "a%2Fb"],
    ["%2e%2e", ".."],
    ["..", ".."],
    ["gr%C3%B6%C3%9Fe", "größe"],
    ["a+b", "a+b"],
    ["__proto__", "__proto__"],
  ])("decodes the tool %s once", (segment, tool) => {
    expect(restTarget(`/api/odd/${segment}`)).toEqual({ kind: "tool", server: "odd", tool });
  });

  it("does not decode the server", () => {
    expect(restTarget("/api/%67it/log")).toEqual({ kind: "tool", server: "%67it", tool: "log" });
  });

  it.each(["%", "%zz", "a%2", "%c0%ae", "%ff"])(
    "with a broken escape is told apart and not refused yet: %s",
    (segment) => {
      expect(restTarget(`/api/odd/${segment}`)).toEqual({ kind: "broken" });
      expect(restTarget(`/api/sessions/${segment}`)).toEqual({ kind: "broken" });
    },
  );
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mcpTarget } from "../../src/downstream/target.ts";

describe("a URL of a server is", () => {
  it.each([
    ["/git", { server: "git", endpoint: "dual", path: "/git", sessionId: undefined }],
    ["/git/", { server: "git", endpoint: "dual", path: "/git", sessionId: undefined }],
    ["/git/mcp", { server: "git", endpoint: "mcp", path: "/git/mcp", sessionId: undefined }],
    ["/git/mcp/", { server: "git", endpoint: "mcp", path: "/git/mcp", sessionId: undefined }],
    ["/git/sse", { server: "git", endpoint: "sse", path: "/git/sse", sessionId: undefined }],
    ["/git?sessionId=abc", { server: "git", endpoint: "dual", path: "/git", sessionId: "abc" }],
    ["/git/?sessionId=abc", { server: "git", endpoint: "dual", path: "/git", sessionId: "abc" }],
    ["/git/sse?x=1&sessionId=a%2Fb", { server: "git", endpoint: "sse", path: "/git/sse", sessionId: "a/b" }],
    ["/git?sessionId=", { server: "git", endpoint: "dual", path: "/git", sessionId: "" }],
    ["/git?sessionId=a&sessionId=b", { server: "git", sessionId: "a" }],
    ["/git?sessionid=abc", { server: "git", sessionId: undefined }],
    ["/git?access_token=abc", { server: "git", sessionId: undefined }],
    ["/git?", { server: "git", sessionId: undefined }],
    ["/__proto__", { server: "__proto__" }],
    ["/%67it", { server: "%67it" }],
    ["/a%2Fb", { server: "a%2Fb" }],
    ["/..%2f..%2fetc", { server: "..%2f..%2fetc" }],
    ["/%zz?sessionId=%zz", { server: "%zz", sessionId: "%zz" }],
  ])("%s", (url, target) => {
    expect(mcpTarget(url)).toMatchObject(target);
  });
});

describe("no URL of a server is", () => {
  it.each([
    "/",
    "//",
    "//git",
    "/git//",
    "/git/other",
    "/git/mcp/x",
    "/git/SSE",
    "/git/sse//",
    "git",
    "",
    "?x",
    "*",
    "/?a=/b",
  ])("%s", (url) => {
    expect(mcpTarget(url)).toBeUndefined();
  });
});

it("never throws, and never gives a path that is not the one asked for", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webPath(),
        fc.string(),
        fc.string().map((text) => `/${text}`),
      ),
      (url) => {
        const { path = "" } = mcpTarget(url) ?? {};
        expect(url.startsWith(path)).toBe(true);
      },
    ),
  );
});

import { IncomingMessage, type IncomingHttpHeaders } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { PublicPath, publicPrefix } from "../../src/downstream/public-path.ts";
import { inTime } from "../helpers/in-time.ts";

const requestWith = (headers: IncomingHttpHeaders, url = "/"): IncomingMessage => {
  const request = new IncomingMessage(new Socket());
  return Object.assign(request, { headers, url, httpVersion: "1.1" });
};

const prefixOf = (forwarded: string | string[] | undefined, publicUrl?: string): string => {
  const request = requestWith({});
  if (forwarded !== undefined) request.headers["x-forwarded-prefix"] = forwarded;
  return publicPrefix(request, publicUrl === undefined ? undefined : new PublicPath(publicUrl, []));
};

it("is the path of publicUrl, whatever a proxy says", () => {
  expect(prefixOf("/other", "https://mcp.example.com/gateway")).toBe("/gateway");
  expect(prefixOf("/other", "https://mcp.example.com")).toBe("");
});

describe("below publicUrl a request came through the proxy", () => {
  const address = new PublicPath("https://mcp.example.com:8443/a/b/", []);

  it.each([
    { host: "mcp.example.com:8443" },
    { host: "MCP.example.com" },
    { host: "10.0.0.7:3000", "x-forwarded-for": "192.0.2.1" },
    { host: "10.0.0.7:3000", "x-forwarded-proto": "https" },
    { host: "10.0.0.7:3000", "x-forwarded-host": "mcp.example.com" },
    { host: "10.0.0.7:3000", "x-real-ip": "192.0.2.1" },
    { host: "10.0.0.7:3000", forwarded: "for=192.0.2.1" },
    { host: "10.0.0.7:3000", via: "1.1 proxy" },
  ])("with %j", (headers) => {
    expect(publicPrefix(requestWith(headers), address)).toBe("/a/b");
  });

  it("in HTTP/1.0, as nginx speaks it", () => {
    const request = Object.assign(requestWith({ host: "10.0.0.7:3000" }), { httpVersion: "1.0" });
    expect(publicPrefix(request, address)).toBe("/a/b");
  });

  it.each([{}, { host: "gateway:3000" }, { host: "localhost:3000" }])("but not with %j", (headers) => {
    expect(publicPrefix(requestWith(headers), address)).toBe("");
  });
});

describe("the prefix is taken off", () => {
  const taken = (
    url: string,
    publicUrl = "https://mcp.example.com/gateway",
    servers = ["echo"],
  ): string | undefined => {
    const request = requestWith({}, url);
    new PublicPath(publicUrl, servers).takeOff(request);
    return request.url;
  };

  it.each([
    ["/gateway/echo/mcp", "/echo/mcp"],
    ["/gateway/echo/sse?sessionId=x", "/echo/sse?sessionId=x"],
    ["/gateway", "/"],
    ["/gateway/", "/"],
    ["/gateway?x=1", "/?x=1"],
  ])("%s → %s", (url, expected) => {
    expect(taken(url)).toBe(expected);
  });

  it.each(["/echo/mcp", "/gateways/echo", "/Gateway/echo", "/x/gateway/echo", "/", "*", ""])(
    "but not off %s",
    (url) => {
      expect(taken(url)).toBe(url);
    },
  );

  it.each(["/api", "/api/v1", "/docs", "/health", "/echo", "/.well-known"])(
    "but not where something of ours is served: %s",
    (path) => {
      expect(taken(`${path}/echo/mcp`, `https://mcp.example.com${path}`)).toBe(`${path}/echo/mcp`);
    },
  );

  it.each(["/mcp", "/sse", "/tools/mcp"])("and at %s nothing is", (path) => {
    expect(taken(`${path}/echo/mcp`, `https://mcp.example.com${path}`)).toBe("/echo/mcp");
  });
});

it("is empty when neither is set", () => {
  expect(prefixOf(undefined)).toBe("");
});

describe("without publicUrl it is what a proxy says:", () => {
  it.each([
    ["/gateway", "/gateway"],
    ["/gateway/", "/gateway"],
    ["/a/b-c_d.e~f", "/a/b-c_d.e~f"],
  ])("%s", (forwarded, expected) => {
    expect(prefixOf(forwarded)).toBe(expected);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "gateway",
    "/",
    "",
    "/a//b",
    "/a b",
    "/a?b",
    "/a#b",
    "/a%0ab",
    "/a\nevent: x",
    "/a, /b",
    "/ü",
    "/<script>",
  ])("but not %j, which could lead elsewhere", (forwarded) => {
    expect(prefixOf(forwarded)).toBe("");
  });

  it("but not when two proxies say different things", () => {
    expect(prefixOf(["/a", "/b"])).toBe("");
  });
});

it.each(["/", "/a", "/aaaaaaaaaa", "a"])("is decided for any length of %j, one after the other", (part) => {
  expect(inTime(() => prefixOf(`${part.repeat(50_000)}!`))).toBe("");
});

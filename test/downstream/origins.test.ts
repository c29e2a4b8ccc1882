import { IncomingMessage, type IncomingHttpHeaders } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Origins, type OriginPolicy } from "../../src/downstream/origins.ts";
import { GatewayError } from "../../src/protocol/errors.ts";

type Outcome = "ok" | "host_denied" | "origin_denied" | "invalid_request";

const LOCAL: OriginPolicy = { hostname: "127.0.0.1", allowedHosts: [], allowedOrigins: [], authenticates: true };
const EVERYWHERE: OriginPolicy = { ...LOCAL, hostname: "0.0.0.0" };
const OPEN: OriginPolicy = { ...EVERYWHERE, authenticates: false };
const PUBLIC: OriginPolicy = { ...LOCAL, publicUrl: "https://mcp.example.com/gateway" };

describe("bound to loopback,", () => {
  it.each<[Outcome, string, string | undefined]>([
    ["ok", "127.0.0.1:3000", undefined],
    ["ok", "localhost:3000", undefined],
    ["ok", "LOCALHOST:3000", undefined],
    ["ok", "localhost", undefined],
    ["ok", "[::1]:3000", undefined],
    ["ok", "127.0.0.2:3000", undefined],
    ["ok", "localhost:3000", "http://localhost:3000"],
    ["ok", "localhost:3000", "http://localhost:6274"],
    ["ok", "127.0.0.1:3000", "http://localhost:6274"],
    ["ok", "localhost:3000", "https://127.0.0.1:5173"],
    ["ok", "gateway.localhost:3000", undefined],
    ["ok", "localhost:3000", "http://app.localhost:6274"],
    ["ok", "host.docker.internal:3000", undefined],
    ["origin_denied", "host.docker.internal:3000", "http://localhost:6274"],
    ["host_denied", "evil.docker.internal:3000", undefined],
    ["host_denied", "gateway:3000", undefined],
    ["host_denied", "box.local:3000", undefined],
    ["host_denied", "evil.example/x.localhost", undefined],
    ["origin_denied", "localhost:3000", "http://evil.example@x.localhost"],
    ["ok", "localhost:3000", "http://[::1]:5173"],
    ["host_denied", "evil.example", undefined],
    ["host_denied", "evil.example:3000", "http://evil.example:3000"],
    ["host_denied", "localhost.evil.example", undefined],
    ["host_denied", "127.0.0.1.evil.example", undefined],
    ["host_denied", "evil-localhost:3000", undefined],
    ["host_denied", "192.168.1.5:3000", undefined],
    ["host_denied", "0.0.0.0:3000", undefined],
    ["host_denied", "2130706433:3000", undefined],
    ["host_denied", "localhost@evil.example", undefined],
    ["host_denied", "", undefined],
    ["origin_denied", "localhost:3000", "https://evil.example"],
    ["origin_denied", "localhost:3000", "null"],
    ["origin_denied", "localhost:3000", ""],
    ["origin_denied", "localhost:3000", "http://localhost.evil.example"],
    ["origin_denied", "localhost:3000", "http://localhost:3000@evil.example"],
    ["origin_denied", "localhost:3000", "http://localhost@evil.example"],
    ["origin_denied", "localhost:3000", "http://evil.example/http://localhost"],
    ["origin_denied", "localhost:3000", "http://localhost/x"],
    ["origin_denied", "localhost:3000", "http://localhost?"],
    ["origin_denied", "localhost:3000", "http://localhost http://evil.example"],
    ["origin_denied", "localhost:3000", "file://localhost"],
    ["origin_denied", "localhost:3000", "chrome-extension://localhost"],
    ["origin_denied", "localhost:3000", "localhost:3000"],
  ])("%s: Host %j, Origin %j", (outcome, host, origin) => {
    expect(outcomeOf(LOCAL, host, origin)).toBe(outcome);
  });

  it.each(["localhost", "127.0.0.1", "::1", "127.0.0.53"])("which %s is, a foreign Host is refused", (hostname) => {
    expect(outcomeOf({ ...LOCAL, hostname }, "evil.example", undefined)).toBe("host_denied");
  });
});

describe("bound to all interfaces,", () => {
  it.each<[Outcome, string, string | undefined]>([
    ["ok", "gateway:3000", undefined],
    ["ok", "192.168.1.5:3000", undefined],
    ["ok", "host.docker.internal:3000", undefined],
    ["ok", "localhost:3000", "http://localhost:6274"],
    ["origin_denied", "192.168.1.5:3000", "http://localhost:6274"],
    ["origin_denied", "evil.example:3000", "http://evil.example:3000"],
    ["origin_denied", "192.168.1.5:3000", "null"],
  ])("%s: Host %j, Origin %j", (outcome, host, origin) => {
    expect(outcomeOf(EVERYWHERE, host, origin)).toBe(outcome);
  });

  it.each<[Outcome, string]>([
    ["ok", "gateway.lan"],
    ["ok", "GATEWAY.lan:3000"],
    ["ok", "10.0.0.5:8080"],
    ["ok", "localhost:3000"],
    ["host_denied", "10.0.0.5"],
    ["host_denied", "10.0.0.5:3000"],
    ["host_denied", "evil.example"],
    ["host_denied", "gateway.lan.evil.example"],
  ])("with hosts listed, %s: Host %j", (outcome, host) => {
    expect(outcomeOf({ ...EVERYWHERE, allowedHosts: ["Gateway.lan", "10.0.0.5:8080"] }, host, undefined)).toBe(outcome);
  });
});

describe("bound to all interfaces, without authentication,", () => {
  it.each<[Outcome, string]>([
    ["ok", "127.0.0.1:3000"],
    ["ok", "localhost:3000"],
    ["ok", "mcp.localhost"],
    ["ok", "192.168.1.5:3000"],
    ["ok", "10.0.0.5"],
    ["ok", "[fe80::1]:3000"],
    ["ok", "[::ffff:10.0.0.5]"],
    ["ok", "gateway:3000"],
    ["ok", "Gateway"],
    ["ok", "mcp_gateway-1:3000"],
    ["ok", "host.docker.internal:3000"],
    ["ok", "host.containers.internal"],
    ["ok", ""],
    ["host_denied", "evil.example"],
    ["host_denied", "evil.example:3000"],
    ["host_denied", "EVIL.example."],
    ["host_denied", "127.0.0.1.evil.example:3000"],
    ["host_denied", "10.0.0.5.evil.example"],
    ["host_denied", "localhost.evil.example"],
    ["host_denied", "1.2.3"],
    ["host_denied", "1.2.3.256"],
    ["host_denied", "[evil.example]"],
    ["host_denied", "[::1"],
    ["host_denied", "box.local:3000"],
    ["host_denied", "gateway.lan"],
    ["host_denied", "gateway.default.svc.cluster.local"],
    ["host_denied", "evil.example@gateway"],
    ["host_denied", "gateway:x"],
  ])("%s: Host %j", (outcome, host) => {
    expect(outcomeOf(OPEN, host, undefined)).toBe(outcome);
  });

  it.each<[Outcome, string]>([
    ["ok", "box.local:3000"],
    ["ok", "localhost"],
    ["host_denied", "10.0.0.5"],
    ["host_denied", "gateway"],
  ])("only listed ones when there are some, %s: Host %j", (outcome, host) => {
    expect(outcomeOf({ ...OPEN, allowedHosts: ["box.local"] }, host, undefined)).toBe(outcome);
  });

  it("publicUrl's host is served, and no other name", () => {
    const policy = { ...OPEN, publicUrl: "https://mcp.example.com/gateway" };
    expect(outcomeOf(policy, "mcp.example.com", undefined)).toBe("ok");
    expect(outcomeOf(policy, "10.0.0.5:3000", undefined)).toBe("ok");
    expect(outcomeOf(policy, "evil.example.com", undefined)).toBe("host_denied");
  });

  it("one foreign Host is refused each time", () => {
    const origins = new Origins(OPEN);
    for (const _ of [1, 2]) {
      expect(refusalBy(origins, { host: "gateway" })).toBeUndefined();
      expect(refusalBy(origins, { host: "evil.example" })).toMatchObject({ reason: "host_denied" });
    }
  });
});

describe("a request of which the browser says where it comes from,", () => {
  const image = { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
  const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const outcome = (headers: IncomingHttpHeaders, { url = "/echo", method = "GET", policy = LOCAL } = {}): Outcome =>
    reasonOf(refusalBy(new Origins(policy), { host: "localhost:3000", ...headers }, { url, method }));

  it.each<[Outcome, string | undefined]>([
    ["origin_denied", "cross-site"],
    ["origin_denied", "same-site"],
    ["ok", "same-origin"],
    ["ok", "none"],
    ["ok", "some-later-value"],
    ["ok", undefined],
  ])("%s: Sec-Fetch-Site %j without an Origin", (expected, site) => {
    for (const policy of [LOCAL, OPEN, EVERYWHERE]) {
      expect(outcome({ ...image, "sec-fetch-site": site }, { policy })).toBe(expected);
    }
  });

  it.each(["/", "/?x=1", "/docs", "/docs/", "/docs?x", "/problems", "/problems/invalid_json"])(
    "a link from another page leads to a page for people: %s",
    (url) => {
      expect(outcome({ ...visit, "sec-fetch-site": "cross-site" }, { url })).toBe("ok");
      expect(outcome({ ...image, "sec-fetch-site": "cross-site" }, { url })).toBe("origin_denied");
      const frame = { ...visit, "sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site" };
      expect(outcome(frame, { url })).toBe("origin_denied");
      expect(outcome({ ...visit, "sec-fetch-site": "cross-site" }, { url, method: "POST" })).toBe("origin_denied");
    },
  );

  it.each(["/echo", "/docsx", "/api/echo", "/openapi.json", "/health", "/echo/sse?x=/docs", "//docs"])(
    "a link from another page does not lead to %s",
    (url) => {
      expect(outcome({ ...visit, "sec-fetch-site": "cross-site" }, { url })).toBe("origin_denied");
      expect(outcome({ ...visit, "sec-fetch-site": "none" }, { url })).toBe("ok");
    },
  );

  it("a page of an allowed origin may call, though it is cross-site", () => {
    const policy = { ...LOCAL, allowedOrigins: ["https://app.example"] };
    const cors = { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": "cross-site" };
    for (const method of ["GET", "POST", "OPTIONS"]) {
      expect(outcome({ ...cors, origin: "https://app.example" }, { policy, method })).toBe("ok");
      expect(outcome({ ...cors, origin: "http://localhost:6274" }, { policy, method })).toBe("ok");
      expect(outcome({ ...cors, origin: "https://evil.example" }, { policy, method })).toBe("origin_denied");
    }
  });

  it("any page may call where all origins are allowed", () => {
    const policy = { ...LOCAL, allowedOrigins: ["*"] };
    expect(outcome({ ...image, "sec-fetch-site": "cross-site" }, { policy })).toBe("ok");
  });
});

describe("with a public URL,", () => {
  it.each<[Outcome, string, string | undefined]>([
    ["ok", "mcp.example.com", undefined],
    ["ok", "mcp.example.com:443", undefined],
    ["ok", "mcp.example.com", "https://mcp.example.com"],
    ["ok", "localhost:3000", "https://mcp.example.com"],
    ["ok", "localhost:3000", undefined],
    ["origin_denied", "mcp.example.com", "http://mcp.example.com"],
    ["origin_denied", "mcp.example.com", "https://mcp.example.com:8443"],
    ["origin_denied", "mcp.example.com", "https://example.com"],
    ["origin_denied", "mcp.example.com", "http://localhost:3000"],
    ["host_denied", "example.com", "https://mcp.example.com"],
  ])("%s: Host %j, Origin %j", (outcome, host, origin) => {
    expect(outcomeOf(PUBLIC, host, origin)).toBe(outcome);
  });

  it("a Host of its own port is the one that is meant", () => {
    const policy = { ...LOCAL, publicUrl: "http://mcp.lan:8080" };
    expect(outcomeOf(policy, "mcp.lan:8080", "http://mcp.lan:8080")).toBe("ok");
    expect(outcomeOf(policy, "mcp.lan:8081", undefined)).toBe("host_denied");
  });
});

describe("with origins listed,", () => {
  const policy = { ...EVERYWHERE, allowedOrigins: ["https://app.example.com", "https://other.example.com:443/"] };

  it.each<[Outcome, string]>([
    ["ok", "https://app.example.com"],
    ["ok", "https://APP.example.com"],
    ["ok", "https://other.example.com"],
    ["origin_denied", "http://app.example.com"],
    ["origin_denied", "https://app.example.com.evil.example"],
    ["origin_denied", "https://evil.example"],
    ["origin_denied", "null"],
  ])("%s: Origin %j", (outcome, origin) => {
    expect(outcomeOf(policy, "gateway", origin)).toBe(outcome);
  });

  it("all of them by a star, but no foreign Host on loopback", () => {
    const any = { ...LOCAL, allowedOrigins: ["*"] };
    expect(outcomeOf(any, "localhost", "https://anything.example")).toBe("ok");
    expect(outcomeOf(any, "localhost", "null")).toBe("ok");
    expect(outcomeOf(any, "evil.example", "https://anything.example")).toBe("host_denied");
  });
});

describe("a request with a header twice that may stand once is refused:", () => {
  it.each([
    ["Host", ["Host", "localhost", "Host", "localhost"]],
    ["Host in another case", ["Host", "localhost", "hOST", "evil.example"]],
    ["Authorization", ["Host", "localhost", "Authorization", "Bearer a", "authorization", "Bearer b"]],
  ])("%s", (_what, rawHeaders) => {
    expect(outcomeOf(LOCAL, "localhost", undefined, rawHeaders)).toBe("invalid_request");
  });
});

it("tells a caller what to do, and both refusals are 403", () => {
  for (const [host, origin] of [
    ["evil.example", undefined],
    ["localhost", "https://evil.example"],
  ] as const) {
    const error = refusalOf(LOCAL, host, origin);
    expect(error).toMatchObject({ status: 403, rpcCode: 40300 });
    expect(error?.message).toMatch(/allowed(Hosts|Origins)/);
    expect(error?.message).not.toContain("evil");
  }
});

function outcomeOf(...args: Parameters<typeof refusalOf>): Outcome {
  return reasonOf(refusalOf(...args));
}

const reasonOf = (error: GatewayError | undefined): Outcome => (error?.reason as Outcome | undefined) ?? "ok";

function refusalOf(
  policy: OriginPolicy,
  host: string,
  origin: string | undefined,
  rawHeaders = ["Host", host, ...(origin === undefined ? [] : ["Origin", origin])],
): GatewayError | undefined {
  return refusalBy(new Origins(policy), origin === undefined ? { host } : { host, origin }, { rawHeaders });
}

function refusalBy(origins: Origins, headers: IncomingHttpHeaders, more: object = {}): GatewayError | undefined {
  const request = Object.assign(new IncomingMessage(new Socket()), { method: "GET", url: "/echo" }, more);
  request.headers = headers;
  try {
    origins.check(request);
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

import { describe, expect, it } from "vitest";
import { errorWording } from "../../src/cli/connect-errors.ts";
import { connectSettings, type ConnectFlags, type ConnectSettings } from "../../src/cli/connect-settings.ts";
import { GatewayError } from "../../src/protocol/errors.ts";

const DEFAULTS: ConnectFlags = {
  transport: "auto",
  timeout: "60s",
  retries: "5",
  retryDelay: "2s",
  healthCheck: "5m",
};

type Env = Readonly<Record<string, string>>;

const settings = (url: string | undefined, flags: Partial<ConnectFlags> = {}, env: Env = {}): ConnectSettings =>
  connectSettings(url, { ...DEFAULTS, ...flags }, env);

const URL_ = "https://mcp.example.com/mcp";
const NATOMA = { NATOMA_MCP_SERVER_INSTALLATION_ID: "inst-42", NATOMA_MCP_API_KEY: "key-of-natoma" };
const enterprise = { enterprise: true };

describe("the settings of connect", () => {
  it("are those of the ancestor by default", () => {
    const { timeoutMs, retries, retryDelayMs, healthMs } = settings(URL_);
    expect({ timeoutMs, retries, retryDelayMs, healthMs }).toEqual({
      timeoutMs: 60_000,
      retries: 5,
      retryDelayMs: 2_000,
      healthMs: 300_000,
    });
  });

  it.each<[string, string | undefined, Partial<ConnectFlags>, Env, string, readonly string[]]>([
    ["a URL", URL_, {}, {}, URL_, []],
    ["its fragment is left out", `${URL_}#x`, {}, {}, URL_, []],
    ["MCP_GATEWAY_URL", undefined, {}, { MCP_GATEWAY_URL: URL_ }, URL_, []],
    ["a URL before MCP_GATEWAY_URL", URL_, {}, { MCP_GATEWAY_URL: "https://other.example/" }, URL_, []],
    ["MCP_GATEWAY_TOKEN", URL_, {}, { MCP_GATEWAY_TOKEN: " t0ken-1 " }, URL_, ["authorization", "Bearer t0ken-1"]],
    ["an empty one", URL_, {}, { MCP_GATEWAY_TOKEN: "" }, URL_, []],
    ["--bearer before it", URL_, { bearer: "b" }, { MCP_GATEWAY_TOKEN: "t" }, URL_, ["authorization", "Bearer b"]],
    ["a token with its scheme", URL_, { bearer: "Bearer b" }, {}, URL_, ["authorization", "Bearer b"]],
    [
      "a header before it",
      URL_,
      { header: ["Authorization:Api-Key k"] },
      { MCP_GATEWAY_TOKEN: "t" },
      URL_,
      ["authorization", "Api-Key k"],
    ],
    ["headers", URL_, { header: ["X-A: 1", "X-B:${B}"] }, { B: "two" }, URL_, ["x-a", "1", "x-b", "two"]],
    [
      "a user in the URL",
      "http://ada:p%40ss@h/mcp",
      {},
      {},
      "http://h/mcp",
      ["authorization", `Basic ${btoa("ada:p@ss")}`],
    ],
    [
      "the ancestor's",
      undefined,
      enterprise,
      NATOMA,
      "https://api.natoma.app/api/mcp/inst-42",
      ["authorization", "Bearer key-of-natoma"],
    ],
    [
      "its own address",
      undefined,
      enterprise,
      { ...NATOMA, NATOMA_MCP_CUSTOM_URL: "https://n.internal/api/mcp/" },
      "https://n.internal/api/mcp/inst-42",
      ["authorization", "Bearer key-of-natoma"],
    ],
    [
      "with the id in it",
      undefined,
      enterprise,
      { ...NATOMA, NATOMA_MCP_CUSTOM_URL: "https://n.internal/x/inst-42?a=1" },
      "https://n.internal/x/inst-42?a=1",
      ["authorization", "Bearer key-of-natoma"],
    ],
    [
      "the general ones with --enterprise",
      undefined,
      enterprise,
      { MCP_GATEWAY_URL: URL_, MCP_GATEWAY_TOKEN: "t" },
      URL_,
      ["authorization", "Bearer t"],
    ],
    ["not without --enterprise", URL_, {}, NATOMA, URL_, []],
  ])("are read: %s", (...row) => {
    const [, given, flags, env, url, headers] = row;
    expect(settings(given, flags, env)).toMatchObject({ headers });
    expect(settings(given, flags, env).url.href).toBe(url);
  });

  it("have no time that is too long for a timer, except without end", () => {
    const { timeoutMs, healthMs } = settings(URL_, { timeout: "90d", healthCheck: "0" });
    expect(timeoutMs).toBeLessThan(2 ** 31);
    expect(healthMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("name every secret, so that none is logged", () => {
    const { secrets } = settings("https://u:pa%20ss@h/?key=in-query", {
      header: ["X-K: in-header"],
      bearer: "in-bearer",
    });
    expect(secrets).toEqual(expect.arrayContaining(["pa%20ss", "pa ss", "in-query", "in-header", "in-bearer"]));
  });

  it.each<[string, string | undefined, Partial<ConnectFlags>, Env, RegExp]>([
    ["no URL", undefined, {}, {}, /which server\? Give its URL, or set MCP_GATEWAY_URL/],
    ["no URL but NATOMA_*", undefined, {}, NATOMA, /which server/],
    ["no text of a URL", "mcp.example.com", {}, {}, /the URL is not a URL/],
    ["another scheme", "ws://user:secret@h/", {}, {}, /^the URL begins with ws: and must begin with https: or http:$/],
    ["a wrong variable", undefined, {}, { MCP_GATEWAY_URL: "secret" }, /^MCP_GATEWAY_URL is not a URL\. It looks like/],
    [
      "neither variable",
      undefined,
      enterprise,
      {},
      /--enterprise needs NATOMA_MCP_SERVER_INSTALLATION_ID and NATOMA_MCP_API_KEY/,
    ],
    [
      "no key",
      undefined,
      enterprise,
      { NATOMA_MCP_SERVER_INSTALLATION_ID: "x" },
      /--enterprise needs NATOMA_MCP_API_KEY in/,
    ],
    ["two credentials", URL_, { bearer: "b", header: ["Authorization: x"] }, {}, /not both/],
    ["half a header", URL_, { header: ["nonsense"] }, {}, /a --header looks like/],
    ["an empty header", URL_, { header: ["X-A:"] }, {}, /x-a|X-A/],
    ["a line break", URL_, { header: ["X-A: a\r\nX-B: b"] }, {}, /has no value that a header can carry/],
    ["a header of HTTP itself", URL_, { header: ["Content-Length: 5"] }, {}, /is set by the connection itself/],
    ["a header of MCP itself", URL_, { header: ["Mcp-Session-Id: 5"] }, {}, /is set by the connection itself/],
    ["a variable that is not there", URL_, { header: ["X-A: ${NO}"] }, {}, /needs the variable NO, which is not set/],
    ["a token with a line break", URL_, { bearer: "a\nb" }, {}, /--bearer is no token/],
    ["a time without a unit", URL_, { timeout: "60" }, {}, /--timeout is a time such as/],
    ["no pause at all", URL_, { retryDelay: "0" }, {}, /use --retries 0/],
    ["a number that is none", URL_, { retries: "-1" }, {}, /--retries is a whole number/],
  ])("are refused, without their secrets: %s", (...row) => {
    const [, given, flags, env, message] = row;
    expect(() => settings(given, flags, env)).toThrow(message);
    expect(() => settings(given, flags, env)).not.toThrow(/secret/);
  });
});

describe("an error", () => {
  const away = new GatewayError("upstream_unreachable", "X could not be reached: nothing listens at its address.");
  const worded = (error: GatewayError, outage?: GatewayError, credential?: string): GatewayError =>
    errorWording({ credential, url: new URL(URL_), messageBytes: 64 * 1024 * 1024 }, () => outage)(error);
  const late = new GatewayError("call_timeout", "X did not answer in 9 ms (limits.request).", {
    data: { limit: "limits.request" },
  });

  it.each<[GatewayError, RegExp, GatewayError?]>([
    [away, /nothing listens at its address\. Check that the URL is right/],
    [late, /^X did not answer in 9 ms \(--timeout\)\.$/],
    [late, /\(--timeout\)\. X could not be reached: nothing/, away],
    [
      new GatewayError("upstream_unreachable", "its certificate is not trusted (servers.<name>.tls.ca)."),
      /NODE_EXTRA_CA_CERTS/,
    ],
    [new GatewayError("protocol_violation", "a message of 9 bytes is over limits.messageBytes."), /over 64 MiB/],
    [
      new GatewayError("upstream_error", "X answered with HTTP 400.", {
        data: { httpStatus: 400, rpc: { code: -32000, message: "Not today" } },
      }),
      /HTTP 400\. It says: Not today$/,
    ],
    [new GatewayError("queue_full", "Wait."), /^Wait\.$/],
  ])("names what its reader can change: %s", (error, message, outage) => {
    const { message: text, reason, details } = worded(error, outage);
    expect(text).toMatch(message);
    expect(reason).toBe(error.reason);
    expect(JSON.stringify([text, details.data])).not.toMatch(/limits\.|servers\./);
  });
});

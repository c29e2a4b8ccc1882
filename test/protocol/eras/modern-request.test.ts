import { describe, expect, it } from "vitest";
import { readClientMessages } from "../../../src/protocol/client-frame.ts";
import {
  decodedHeader,
  isLogged,
  isModern,
  readRequest,
  type Headers,
} from "../../../src/protocol/eras/modern-request.ts";
import { checkHeaderParams, headerParams } from "../../../src/protocol/eras/param-headers.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const request = (method: string, params: object = {}, meta: object = META): object => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params: { ...params, _meta: meta },
});
const messages = (message: object) => readClientMessages(JSON.stringify(message));

describe("the messages of a POST are of MCP 2026-07-28", () => {
  const legacy = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  it.each<[string, object, Headers, boolean]>([
    ["with an envelope", request("tools/list"), {}, true],
    ["with server/discover, whatever is missing in it", { ...legacy, method: "server/discover" }, {}, true],
    ["with the header, although the envelope is missing", legacy, { "mcp-protocol-version": "2026-07-28" }, true],
    ["in a batch with one such element", [legacy, request("tools/list")], {}, true],
    [
      "as a notification with an envelope",
      { jsonrpc: "2.0", method: "notifications/x", params: { _meta: META } },
      {},
      true,
    ],
    ["not without either", legacy, { "mcp-protocol-version": "2025-11-25" }, false],
    ["not because of other keys in _meta", request("tools/list", {}, { progressToken: 1 }), {}, false],
    ["not as a response", { jsonrpc: "2.0", id: 1, result: { _meta: META } }, {}, false],
  ])("%s", (_what, message, headers, expected) => {
    expect(isModern(messages(message), headers)).toBe(expected);
  });
});

describe("a request of MCP 2026-07-28", () => {
  const headersFor = (method: string, name?: string): Headers => ({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  });
  const read = (message: object, headers: Headers) => {
    const [frame] = messages(message).frames;
    if (frame?.kind !== "request") throw new Error("no request");
    return readRequest(frame, headers);
  };

  it("says what its client can do and which log messages it wants", () => {
    const meta = {
      ...META,
      "io.modelcontextprotocol/clientCapabilities": { roots: {} },
      "io.modelcontextprotocol/logLevel": "info",
    };
    const envelope = read(request("tools/list", {}, meta), headersFor("tools/list"));
    expect(envelope).toEqual({ capabilities: { roots: {} }, logLevel: "info" });
    expect(["debug", "info", "error", "loud", 1].map((level) => isLogged(level, "info"))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  const call = request("tools/call", { name: "näh" });
  const good = headersFor("tools/call", `=?base64?${Buffer.from("näh").toString("base64")}?=`);
  it.each<[string, object, Headers, readonly [number, RegExp]]>([
    ["no version", request("tools/list", {}, {}), headersFor("tools/list"), [-32602, /protocolVersion/]],
    [
      "no _meta at all",
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      headersFor("tools/list"),
      [-32602, /protocolV/],
    ],
    [
      "no capabilities",
      request("tools/list", {}, { "io.modelcontextprotocol/protocolVersion": "2026-07-28" }),
      headersFor("tools/list"),
      [-32602, /clientCapabilities/],
    ],
    [
      "an unknown log level",
      request("tools/list", {}, { ...META, "io.modelcontextprotocol/logLevel": "loud" }),
      headersFor("tools/list"),
      [-32602, /logLevel/],
    ],
    [
      "no version header",
      request("tools/list"),
      { "mcp-method": "tools/list" },
      [-32020, /MCP-Protocol-Version is missing/],
    ],
    [
      "another version in the header",
      request("tools/list", {}, { ...META, "io.modelcontextprotocol/protocolVersion": "v9" }),
      headersFor("tools/list"),
      [-32020, /MCP-Protocol-Version/],
    ],
    [
      "a version that nobody knows, in both",
      request("tools/list", {}, { ...META, "io.modelcontextprotocol/protocolVersion": "v9" }),
      { ...headersFor("tools/list"), "mcp-protocol-version": "v9" },
      [-32022, /2026-07-28/],
    ],
    [
      "no method header",
      request("tools/list"),
      { "mcp-protocol-version": "2026-07-28" },
      [-32020, /Mcp-Method is missing/],
    ],
    ["another method", request("tools/list"), headersFor("Tools/list"), [-32020, /Mcp-Method/]],
    ["no name", call, headersFor("tools/call"), [-32020, /Mcp-Name is missing/]],
    ["another name", call, headersFor("tools/call", "nah"), [-32020, /Mcp-Name/]],
    ["a name that is not encoded", call, headersFor("tools/call", "näh"), [-32020, /Mcp-Name/]],
    ["a name that is encoded badly", call, headersFor("tools/call", "=?base64?!?="), [-32020, /Mcp-Name/]],
    [
      "another URI",
      request("resources/read", { uri: "a:b" }),
      headersFor("resources/read", "a:c"),
      [-32020, /Mcp-Name/],
    ],
  ])("is refused with %s", (_what, message, headers, [code, text]) => {
    let refusal: unknown;
    try {
      read(message, headers);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(GatewayError);
    expect(refusal).toMatchObject({ rpcCode: code, status: 400, message: expect.stringMatching(text) });
  });

  it("has no more keys in _meta than anyone needs", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, n]));
    expect(() => read(request("tools/list", {}, { ...META, ...many }), headersFor("tools/list"))).toThrow(/1000 keys/);
  });

  it("may have an encoded name, and none where none is defined", () => {
    expect(() => read(call, good)).not.toThrow();
    expect(() => read(request("completion/complete", { name: "x" }), headersFor("completion/complete"))).not.toThrow();
  });

  it("lists the versions that are served when it asks for another", () => {
    const version = { "io.modelcontextprotocol/protocolVersion": "v9" };
    const headers = { ...headersFor("tools/list"), "mcp-protocol-version": "v9" };
    expect(() => read(request("tools/list", {}, { ...META, ...version }), headers)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ data: { supported: ["2026-07-28"], requested: "v9" } }),
      }),
    );
  });
});

describe("the value of a header", () => {
  it.each([
    ["plain", "plain"],
    ["=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"],
    ["=?base64?IHBhZGRlZCA=?=", " padded "],
    ["=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="],
    ["=?base64??=", ""],
    ["=?BASE64?aGk=?=", "=?BASE64?aGk=?="],
    ["=?base64?/w==?=", undefined],
    ["=?base64?aGk?=", undefined],
    ["nä", undefined],
  ])("%s is %j", (value, expected) => {
    expect(decodedHeader(value)).toBe(expected);
  });
});

describe("an argument that is repeated in a header", () => {
  const inputSchema = {
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      deep: { properties: { count: { type: "integer", "x-mcp-header": "Count" } } },
      on: { type: "boolean", "x-mcp-header": "On" },
      bad: { type: "string", "x-mcp-header": "no token" },
    },
    anyOf: [{ properties: { hidden: { "x-mcp-header": "Hidden" } } }],
  };
  const params = headerParams(inputSchema);

  it("is found by properties alone", () => {
    expect(params.map(({ header }) => header)).toEqual(["Mcp-Param-Region", "Mcp-Param-Count", "Mcp-Param-On"]);
    expect([undefined, 5, { properties: [] }].map((schema) => headerParams(schema))).toEqual([[], [], []]);
  });

  it.each<[object | undefined, Headers]>([
    [{ region: "eu" }, { "mcp-param-region": "eu" }],
    [{ deep: { count: 42 } }, { "mcp-param-count": "42.0" }],
    [
      { on: false, region: "" },
      { "mcp-param-on": "false", "mcp-param-region": "" },
    ],
    [{ region: null }, {}],
    [undefined, {}],
    [{}, { "mcp-param-unknown": "x" }],
  ])("may come as %j with %j", (args, headers) => {
    expect(() => checkHeaderParams(params, args, headers)).not.toThrow();
  });

  it.each<[object | undefined, Headers]>([
    [{ region: "eu" }, {}],
    [{ region: "eu" }, { "mcp-param-region": "us" }],
    [{ region: "eu" }, { "mcp-param-region": ["eu", "eu"] }],
    [{}, { "mcp-param-region": "eu" }],
    [{ deep: { count: 42 } }, { "mcp-param-count": "43" }],
    [{ deep: { count: 0 } }, { "mcp-param-count": "" }],
    [{ on: true }, { "mcp-param-on": "True" }],
    [{ region: { a: 1 } }, { "mcp-param-region": "[object Object]" }],
    [{ region: "ü" }, { "mcp-param-region": "ü" }],
  ])("is refused as %j with %j", (args, headers) => {
    expect(() => checkHeaderParams(params, args, headers)).toThrow(/Header mismatch/);
  });
});

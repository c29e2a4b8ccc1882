import { describe, expect, it } from "vitest";
import {
  clientFactsIn,
  discoveredIn,
  envelopeOf,
  initializeResult,
  mayBeModern,
  namesModern,
} from "../../../src/protocol/eras/discover.ts";
import { piecesOf } from "../../helpers/pieces.ts";
import type { ResponseFrame } from "../../../src/protocol/frame.ts";

const MODERN = ["2026-07-28"];
const result = (value: object): ResponseFrame => response(false, { result: value });
const error = (code: number, data?: unknown): ResponseFrame => response(true, { error: { code, message: "no", data } });

describe("a response to server/discover", () => {
  const capabilities = {};
  it.each([
    ["a DiscoverResult", result({ supportedVersions: MODERN, capabilities }), true],
    ["one of several revisions", result({ supportedVersions: ["2099-01-01", ...MODERN], capabilities }), true],
    ["one of another revision", result({ supportedVersions: ["2099-01-01"], capabilities }), false],
    ["one without capabilities", result({ supportedVersions: MODERN }), false],
    ["versions that are no list", result({ supportedVersions: MODERN[0], capabilities }), false],
    ["an empty object", result({}), false],
    ["an error", error(-32601), false],
    ["a long line that is not JSON", { ...result({}), line: piecesOf(`{"jsonrpc":"2.0","id":1,"result":{,}}`) }, false],
  ])("%s", (_what, answer, isDiscovered) => {
    expect(discoveredIn(answer) !== undefined).toBe(isDiscovered);
  });
});

describe("a refusal of initialize", () => {
  it.each([
    ["that names the modern revision", error(-32022, { supported: MODERN }), true, true],
    ["that names another one", error(-32022, { supported: ["2099-01-01"] }), false, true],
    ["that names none", error(-32022), false, true],
    ["method not found", error(-32601), false, true],
    ["invalid params", error(-32602), false, true],
    ["for a reason of its own", error(-32000), false, false],
    ["that is none", result({}), false, false],
  ])("%s", (_what, answer, isNamed, isPossible) => {
    expect([namesModern(answer), mayBeModern(answer)]).toEqual([isNamed, isPossible]);
  });
});

describe("what a client said in initialize, to a modern server", () => {
  it.each([
    [undefined, {}],
    [{ capabilities: "all" }, {}],
    [{ capabilities: { elicitation: {} }, clientInfo: { name: "x".repeat(17_000) } }, {}],
    [{ capabilities: { elicitation: {}, sampling: { tools: {} } } }, { elicitation: {}, sampling: { tools: {} } }],
    [{ capabilities: { roots: { listChanged: true }, tasks: { list: {} } } }, { roots: {} }],
    [
      { capabilities: { extensions: { "io.modelcontextprotocol/tasks": {}, "io.modelcontextprotocol/ui": { a: 1 } } } },
      { extensions: { "io.modelcontextprotocol/ui": { a: 1 } } },
    ],
    [{ capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} }, experimental: {} } }, { experimental: {} }],
  ])("%j", (params, capabilities) => {
    expect(clientFactsIn(params).capabilities).toEqual(capabilities);
  });

  it("is in the envelope of every request", () => {
    const facts = clientFactsIn({ capabilities: { roots: {} }, clientInfo: { name: "c", version: "1" } });
    expect(envelopeOf(facts, "error")).toEqual({
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": { roots: {} },
      "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" },
      "io.modelcontextprotocol/logLevel": "error",
    });
    expect(Object.keys(envelopeOf(clientFactsIn(undefined)))).toHaveLength(2);
  });
});

describe("the response to initialize", () => {
  const discovered = {
    resultType: "complete",
    supportedVersions: MODERN,
    capabilities: { tools: { listChanged: true }, extensions: { "io.modelcontextprotocol/tasks": {} }, tasks: {} },
    instructions: "Be kind.",
    ttlMs: 0,
    _meta: { "io.modelcontextprotocol/serverInfo": { name: "s", version: "2" } },
  };

  it("holds what server/discover said, without what the client cannot use", () => {
    expect(initializeResult(discovered, { protocolVersion: "2025-06-18" }, "entry")).toEqual({
      protocolVersion: "2025-06-18",
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "s", version: "2" },
      instructions: "Be kind.",
    });
  });

  it("names the newest revision for one that does not exist, and the entry for a server without a name", () => {
    const plain = { supportedVersions: MODERN, capabilities: {}, instructions: 7 };
    for (const params of [undefined, {}, { protocolVersion: "2031-01-01" }, { protocolVersion: "2026-07-28" }]) {
      expect(initializeResult(plain, params, "entry")).toEqual({
        protocolVersion: "2025-11-25",
        capabilities: {},
        serverInfo: { name: "entry", version: "unknown" },
      });
    }
  });
});

function response(failed: boolean, message: object): ResponseFrame {
  return { kind: "response", id: 1, failed, line: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }) };
}

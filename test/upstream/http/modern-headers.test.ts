import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readClientMessages } from "../../../src/protocol/client-frame.ts";
import type { Frame } from "../../../src/protocol/frame.ts";
import { Circuit } from "../../../src/upstream/http/circuit.ts";
import { StaticCredential } from "../../../src/upstream/http/credential.ts";
import { Heartbeat } from "../../../src/upstream/http/heartbeat.ts";
import { ModernHeaders } from "../../../src/upstream/http/modern-headers.ts";
import { insistenceFor } from "../../../src/upstream/http/patience.ts";
import { Network } from "../../../src/upstream/http/network.ts";
import type { Remote } from "../../../src/upstream/http/remote.ts";
import { StreamableClient } from "../../../src/upstream/http/streamable-client.ts";
import { until } from "../../helpers/until.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function frameOf(message: object): Frame {
  const [frame] = readClientMessages(JSON.stringify({ jsonrpc: "2.0", ...message })).frames;
  if (frame === undefined) throw new Error("no frame");
  return frame;
}

const modern = (id: number, method: string, params: object = {}): Frame =>
  frameOf({ id, method, params: { ...params, _meta: META } });

describe("the headers of a message of revision 2026-07-28", () => {
  const headers = new ModernHeaders(new Map());
  const common = ["mcp-protocol-version", "2026-07-28", "mcp-method"];

  it.each([
    [modern(1, "tools/list"), [...common, "tools/list"]],
    [modern(1, "tools/call", { name: "echo" }), [...common, "tools/call", "mcp-name", "echo"]],
    [modern(1, "resources/read", { uri: "x://ä" }), [...common, "resources/read", "mcp-name", "=?base64?eDovL8Ok?="]],
    [modern(1, "prompts/get", { name: " p" }), [...common, "prompts/get", "mcp-name", "=?base64?IHA=?="]],
    [
      modern(1, "prompts/get", { name: "=?base64?eA==?=" }),
      [...common, "prompts/get", "mcp-name", "=?base64?PT9iYXNlNjQ/ZUE9PT89?="],
    ],
    [frameOf({ id: 1, method: "tools/call", params: { name: "echo" } }), undefined],
    [frameOf({ id: 1, result: {} }), undefined],
  ])("%#", (frame, expected) => expect(headers.of(frame)).toEqual(expected));

  it("repeat the arguments that the tool's schema marks, once it has been listed", () => {
    const call = modern(2, "tools/call", {
      name: "query",
      arguments: { region: "eu", deep: { n: 7, on: true }, other: "x" },
    });
    const inputSchema = {
      type: "object",
      properties: {
        region: { type: "string", "x-mcp-header": "Region" },
        deep: { type: "object", properties: { n: { "x-mcp-header": "N" }, on: { "x-mcp-header": "On" } } },
        missing: { "x-mcp-header": "Missing" },
        bad: { "x-mcp-header": "no header\r\n" },
      },
    };
    const list = modern(1, "tools/list");
    const line = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools: [{ name: "query", inputSchema }, 7, {}] } });
    expect(headers.of(call)).not.toContain("mcp-param-region");
    if (list.kind === "request") headers.listed(list, { kind: "response", id: 1, failed: false, line });
    expect(headers.of(call)?.slice(6)).toEqual(["mcp-param-region", "eu", "mcp-param-n", "7", "mcp-param-on", "true"]);
  });
});

describe("a server that only knows revision 2026-07-28 (the SDK's own)", () => {
  const seen: [string, IncomingHttpHeaders][] = [];
  const handler = createMcpHandler(
    () => {
      const mcp = new McpServer({ name: "modern", version: "1" });
      mcp.registerTool("echo", { inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
        content: [{ type: "text", text }],
      }));
      mcp.registerTool("hang", {}, () => new Promise<never>(() => undefined));
      return mcp;
    },
    { legacy: "reject" },
  );
  let closed = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.once("close", () => closed++);
    request.on("end", () => {
      seen.push([request.method ?? "", request.headers]);
      const body = Buffer.concat(chunks);
      const init = { method: request.method ?? "GET", headers: new Headers(request.headers as Record<string, string>) };
      const asked = new Request("http://far/mcp", body.length === 0 ? init : { ...init, body });
      void relay(asked, response);
    });
  });
  const relay = async (asked: Request, response: ServerResponse): Promise<void> => {
    const answer = await handler.fetch(asked);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  };
  let remote: Remote;
  const network = new Network({ connections: 4, streams: 4, connectMs: 1_000, tls: {}, env: {} });

  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const emit = (): void => undefined;
    const circuit = new Circuit("http://far", emit);
    remote = {
      server: "far",
      url: new URL(`http://127.0.0.1:${port}/mcp`),
      origin: `http://127.0.0.1:${port}`,
      network,
      circuit,
      heartbeat: new Heartbeat(Number.POSITIVE_INFINITY, circuit, emit),
      credential: new StaticCredential([]),
      forwarded: [],
      mirrored: new Map(),
      insistence: insistenceFor("http://far", emit),
      limits: { messageBytes: 1_000_000, queueBytes: 1_000_000, headersMs: 0, bodyMs: 0 },
      emit,
      masked: (text) => text,
    };
  });
  afterAll(async () => {
    network.close();
    server.closeAllConnections();
    server.close();
    await handler.close();
  });

  it("is called without a session, and a cancelled request ends with its response", async () => {
    const answers: Frame[] = [];
    const client = new StreamableClient({
      remote,
      sessionId: "s",
      headers: [],
      caller: undefined,
      listener: {
        frame: (frame) => answers.push(frame),
        badMessage: (_id, error) => {
          throw error;
        },
        ended: (error) => {
          throw error;
        },
      },
    });
    client.send(modern(1, "server/discover"));
    client.send(modern(2, "tools/call", { name: "echo", arguments: { text: "modern" } }));
    await until(() => answers.length === 2, { what: "both are answered" });
    expect(answers.map(({ line }) => line.toString()).join("\n")).toMatch(/supportedVersions[^]*modern/);
    client.send(modern(3, "tools/call", { name: "hang", arguments: {} }));
    await until(() => seen.length === 3, { what: "the call has arrived" });
    const before = closed;
    client.send(frameOf({ method: "notifications/cancelled", params: { requestId: 3 } }));
    await until(() => closed > before, { what: "its response has ended" });
    await client.close();
    expect(seen).toHaveLength(3);
    for (const [method, headers] of seen) {
      expect(method).toBe("POST");
      expect(headers).toMatchObject({ "mcp-protocol-version": "2026-07-28", "mcp-method": expect.any(String) });
      expect(headers).not.toHaveProperty("mcp-session-id");
    }
    expect(seen[1]?.[1]).toMatchObject({ "mcp-method": "tools/call", "mcp-name": "echo" });
  });
});

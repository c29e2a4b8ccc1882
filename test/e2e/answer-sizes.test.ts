import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { RestClient, textIn as restText } from "../helpers/rest-client.ts";
import { connectSdk, sseTransport, textIn } from "../helpers/sdk-client.ts";

const MIB = 2 ** 20;
/** Sizes around the limit between a string and chunks, one read from a pipe, one write of an event stream, and `limits.messageBytes`. */
const SIZES = [
  16,
  16_272,
  16_288,
  16_304,
  16_384,
  65_488,
  65_536,
  65_600,
  4 * 65_536,
  5 * 65_536,
  MIB,
  16 * MIB - 1_024,
];

/** The fixture's text: 16 bytes of JSON each time. */
const textOf = (bytes: number): string => 'aé漢🎈"\\\n'.repeat(bytes / 16);

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      first: fixture("long-answers"),
      last: fixture("long-answers", { env: { ENVELOPE: "last" } }),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe.each(["first", "last"])("an answer with its envelope %s, of any size up to limits.messageBytes,", (server) => {
  it("comes whole over HTTP+SSE", async () => {
    await using client = await connectSdk(sseTransport(`${gateway.url}/${server}/sse`));
    for (const bytes of SIZES) {
      const text = textIn(await client.callTool({ name: "text", arguments: { bytes } }));
      expect(text === textOf(bytes), `${bytes} bytes`).toBe(true);
    }
  });

  it("comes whole over Streamable HTTP", async () => {
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/${server}/mcp`)));
    for (const bytes of SIZES) {
      const text = textIn(await client.callTool({ name: "text", arguments: { bytes } }));
      expect(text === textOf(bytes), `${bytes} bytes`).toBe(true);
    }
  });

  it("comes whole over REST", async () => {
    const rest = new RestClient(gateway.url);
    for (const bytes of SIZES) {
      const answer = await rest.call(`${server}/text`, { bytes });
      expect(answer.headers["content-length"]).toBe(String(answer.bytes.length));
      expect(restText(answer) === textOf(bytes), `${bytes} bytes`).toBe(true);
    }
  });

  it("comes whole over REST as a stream", async () => {
    const rest = new RestClient(gateway.url);
    for (const bytes of SIZES) {
      const stream = await rest.call(`${server}/text`, { bytes }, { headers: { Accept: "text/event-stream" } });
      const [, result = "{}"] = /^event: result\ndata: (.*)$/m.exec(stream.text) ?? [];
      const { content } = JSON.parse(result) as { content?: { text: string }[] };
      expect(content?.[0]?.text === textOf(bytes), `${bytes} bytes`).toBe(true);
    }
  });
});

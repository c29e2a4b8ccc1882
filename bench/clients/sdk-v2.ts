import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { textOf, type ClientKind } from "./client.ts";

export const sdkV2: ClientKind = {
  name: "sdk-v2",
  async open({ url, transport, headers = {} }) {
    const kind = transport === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
    // It asks for the 2026 era first; on HTTP+SSE there is none.
    const mode = transport === "sse" ? "legacy" : "auto";
    const client = new Client({ name: "npm run clients", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new kind(new URL(url), { requestInit: { headers } }));
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
      close: () => client.close(),
    };
  },
};

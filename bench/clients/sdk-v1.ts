import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { textOf, type ClientKind, type Connection, type Target } from "./client.ts";

/** Twenty processes that start at the same moment take their time. */
const CONNECT_MS = 180_000;

export const sdkV1: ClientKind = {
  name: "sdk-v1",
  open: ({ url, transport, headers = {} }: Target) => {
    const kind = transport === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
    return connected(new kind(new URL(url), { requestInit: { headers } }));
  },
};

export async function connected(transport: Transport): Promise<Connection> {
  const client = new Client({ name: "npm run clients", version: "1.0.0" });
  await client.connect(transport, { timeout: CONNECT_MS });
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
    close: () => client.close(),
  };
}

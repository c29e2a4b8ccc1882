import { Client, type ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** The official SDK's client, closed at the end of its scope. */
export type SdkClient = Client & AsyncDisposable;

export async function connectSdk(
  transport: Transport,
  { options = {}, before }: { readonly options?: ClientOptions; readonly before?: (client: Client) => void } = {},
): Promise<SdkClient> {
  const client = new Client({ name: "e2e", version: "1.0.0" }, options);
  before?.(client);
  await client.connect(transport, { timeout: 60_000 });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

export function sseTransport(url: string, token?: string): Transport {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new SSEClientTransport(new URL(url), { requestInit: { headers } });
}

/** The text of a tool's result. */
export function textIn(result: unknown): string {
  const { content } = result as { content: { text: string }[] };
  return content.map(({ text }) => text).join("");
}

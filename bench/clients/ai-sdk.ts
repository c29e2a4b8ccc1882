import { createMCPClient } from "@ai-sdk/mcp";
import { textOf, type ClientKind } from "./client.ts";

export const aiSdk: ClientKind = {
  name: "ai-sdk",
  async open({ url, transport, headers = {} }) {
    const type = transport === "sse" ? "sse" : "http";
    const client = await createMCPClient({ transport: { type, url, headers: { ...headers } } });
    // An agent gets its tools once.
    const tools = await client.tools();
    return {
      tools: async () => Object.keys(tools),
      call: async (name, args = {}) => textOf(await tools[name]?.execute?.(args, { toolCallId: "1", messages: [] })),
      close: () => client.close(),
    };
  },
};

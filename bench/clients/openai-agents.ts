import { textOf, type ClientKind } from "./client.ts";
import { installed } from "./installed.ts";

interface AgentsPackage {
  readonly MCPServerSSE: ServerClass;
  readonly MCPServerStreamableHttp: ServerClass;
}

type ServerClass = new (options: object) => {
  connect(): Promise<void>;
  listTools(): Promise<readonly { readonly name: string }[]>;
  callTool(name: string, args: object): Promise<unknown>;
  close(): Promise<void>;
};

export const openaiAgents: ClientKind = {
  name: "openai-agents",
  isOnDemand: true,
  async open({ url, transport, headers = {} }) {
    const { MCPServerSSE, MCPServerStreamableHttp } = await installed<AgentsPackage>("@openai/agents");
    const kind = transport === "sse" ? MCPServerSSE : MCPServerStreamableHttp;
    // Its own 5 s are not much for a machine that does something else as well.
    const server = new kind({ url, requestInit: { headers }, clientSessionTimeoutSeconds: 60, name: "gateway" });
    await server.connect();
    return {
      tools: async () => (await server.listTools()).map(({ name }) => name),
      call: async (name, args = {}) => textOf(await server.callTool(name, args)),
      close: () => server.close(),
    };
  },
};

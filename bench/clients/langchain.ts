import { textOf, type ClientKind } from "./client.ts";
import { installed } from "./installed.ts";

interface AdaptersPackage {
  readonly MultiServerMCPClient: new (config: object) => {
    getTools(): Promise<readonly Tool[]>;
    close(): Promise<void>;
  };
}

interface Tool {
  readonly name: string;
  invoke(args: object): Promise<unknown>;
}

export const langchain: ClientKind = {
  name: "langchain",
  isOnDemand: true,
  async open({ url, transport, headers = {} }) {
    const { MultiServerMCPClient } = await installed<AdaptersPackage>("@langchain/mcp-adapters");
    const entry = { transport: transport === "sse" ? "sse" : "http", url, headers };
    const client = new MultiServerMCPClient({ mcpServers: { gateway: entry } });
    // An agent gets its tools once.
    const tools = await client.getTools();
    return {
      tools: async () => tools.map(({ name }) => name),
      async call(name, args = {}) {
        const tool = tools.find((one) => one.name === name);
        return textOf(await tool?.invoke(args));
      },
      close: () => client.close(),
    };
  },
};

import { textOf, type ClientKind } from "./client.ts";
import { installed } from "./installed.ts";

interface McporterPackage {
  createRuntime(options: object): Promise<{
    listTools(server: string): Promise<readonly { readonly name: string }[]>;
    callTool(server: string, tool: string, options: object): Promise<unknown>;
    close(): Promise<void>;
  }>;
}

const NAME = "gateway";
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** It tries Streamable HTTP first, whatever the URL. */
export const mcporter: ClientKind = {
  name: "mcporter",
  isOnDemand: true,
  async open({ url, headers = {} }) {
    const { createRuntime } = await installed<McporterPackage>("mcporter");
    const server = { name: NAME, command: { kind: "http", url: new URL(url), headers } };
    const runtime = await createRuntime({ servers: [server], logger: QUIET });
    return {
      tools: async () => (await runtime.listTools(NAME)).map(({ name }) => name),
      call: async (tool, args = {}) => textOf(await runtime.callTool(NAME, tool, { args })),
      close: () => runtime.close(),
    };
  },
};

function ignore(): void {
  // What it says is not of interest, only what it does.
}

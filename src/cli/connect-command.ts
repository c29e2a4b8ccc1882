import { Option, type Command } from "commander";
import { ConnectUsageError, type ConnectFlags } from "./connect-settings.ts";

const HELP = `
A client that can only start programs, such as Claude Desktop, starts this one and speaks MCP on its stdin and stdout;
the log goes to stderr. While the server is away requests wait for it, up to their time. A session that the server has
forgotten is begun anew. It ends when its stdin ends.

Variables:
  MCP_GATEWAY_URL      the URL, if none is given
  MCP_GATEWAY_TOKEN    a bearer token; unlike --bearer it is not seen in the list of processes
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                       the proxy to use, and what is reached without one
  NODE_EXTRA_CA_CERTS  a file with further certificates to trust (PEM), for an internal authority or a proxy that opens TLS
  with --enterprise, as @natomalabs/natoma-mcp-gateway reads them:
  NATOMA_MCP_SERVER_INSTALLATION_ID, NATOMA_MCP_API_KEY
                       the server, and the key for it
  NATOMA_MCP_CUSTOM_URL
                       the address of a private deployment, in the place of https://api.natoma.app/api/mcp

Examples:
  mcp-gateway connect http://localhost:3000/everything/mcp
  MCP_GATEWAY_TOKEN=… mcp-gateway connect https://mcp.example.com/mcp
  mcp-gateway connect https://mcp.example.com/mcp --header 'X-Api-Key: \${API_KEY}'
`;

/** Commander has no previous value the first time. */
const repeated = (header: string, headers: readonly string[] | undefined): string[] => [...(headers ?? []), header];

/** Declares the command `connect`; what it does is loaded when it runs. */
export function addConnect(
  program: Command,
  run: (url: string | undefined, flags: ConnectFlags) => Promise<void>,
): void {
  const command = program
    .command("connect [url]")
    .description("be a stdio MCP server that is really the remote one at this URL")
    .option(
      "--header <header>",
      'a header of every request, as "Name: value"; ${NAME} in it is read from the environment; repeatable',
      repeated,
    )
    .option("--bearer <token>", "a bearer token (better in MCP_GATEWAY_TOKEN)")
    .addOption(
      new Option("--transport <transport>", "http is Streamable HTTP, sse is HTTP+SSE; auto tries them in this order")
        .choices(["auto", "http", "sse"])
        .default("auto"),
    )
    .option("--timeout <time>", "how long an answer may take; progress restarts the clock", "60s")
    .option("--retries <number>", "how often a request is sent again while the server is away", "5")
    .option("--retry-delay <time>", "until the first of them; each further wait is twice as long", "2s")
    .option("--health-check <time>", "how often a quiet server is asked whether it is there; 0 for never", "5m")
    .option("--enterprise", "read the variables of @natomalabs/natoma-mcp-gateway")
    .addHelpText("after", HELP);
  command.action(async (url: string | undefined, flags: ConnectFlags) => {
    try {
      await run(url, flags);
    } catch (thrown) {
      if (thrown instanceof ConnectUsageError) command.error(`error: ${thrown.message}`);
      throw thrown;
    }
  });
}

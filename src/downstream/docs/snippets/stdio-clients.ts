import { headerValue, type Credential } from "./credential.ts";
import {
  headerOption,
  mcpUrl,
  oauthNote,
  prettyJson,
  shellWord,
  variableNote,
  type Snippet,
  type SnippetPlace,
} from "./snippet.ts";

/** The npm package with the command `mcp-gateway`. */
const OWN_PACKAGE = "mcp-session-gateway";

/** Claude Desktop only starts programs, so the gateway's own command connects it. */
export function claudeDesktop(place: SnippetPlace): Snippet {
  const { server, credential } = place;
  const args = ["-y", OWN_PACKAGE, "connect", mcpUrl(place)];
  return {
    client: "Claude Desktop",
    where: "claude_desktop_config.json",
    text: prettyJson({ mcpServers: { [server]: { command: "npx", ...withCredential(args, credential) } } }),
    notes: credential === undefined ? [] : [`Replace \${${credential.variable}} with ${credential.holds}.`],
  };
}

export function mcpRemote(place: SnippetPlace): Snippet {
  const { credential } = place;
  const options = ["--transport http-only", ...allowHttp(place)].join(" ");
  const header = headerOption("--header", credential);
  return {
    client: "mcp-remote",
    where: "for any client that starts a program",
    text: `npx -y mcp-remote ${shellWord(mcpUrl(place))} ${options}${header}`,
    notes: [...variableNote(credential), ...oauthNote(credential)],
  };
}

export function inspector(place: SnippetPlace): Snippet {
  const { credential } = place;
  const call = `--cli ${shellWord(mcpUrl(place))} --transport http --method tools/list`;
  return {
    client: "MCP Inspector",
    where: "a shell",
    text: `npx -y @modelcontextprotocol/inspector ${call}${headerOption("--header", credential)}`,
    notes: variableNote(credential),
  };
}

/** A token has a variable of its own; any other header is filled in from one, as a whole, because some clients split arguments. */
function withCredential(args: readonly string[], credential: Credential | undefined): object {
  if (credential === undefined) return { args };
  const { header, prefix, variable } = credential;
  if (header === "Authorization" && prefix === "Bearer ")
    return { args, env: { MCP_GATEWAY_TOKEN: `\${${variable}}` } };
  return {
    args: [...args, "--header", `${header}:\${MCP_GATEWAY_HEADER}`],
    env: { MCP_GATEWAY_HEADER: headerValue(credential) },
  };
}

/** mcp-remote allows plain http for these two names; for any other, including other loopback names, only with a flag. */
function allowHttp({ baseUrl }: SnippetPlace): readonly string[] {
  const { protocol, hostname } = new URL(baseUrl);
  return protocol === "https:" || hostname === "localhost" || hostname === "127.0.0.1" ? [] : ["--allow-http"];
}

import { headersWith } from "./credential.ts";
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

export function claudeCode(place: SnippetPlace): Snippet {
  const { server, credential } = place;
  const header = headerOption("--header", credential);
  return {
    client: "Claude Code",
    where: "a shell",
    text: `claude mcp add --transport http ${server} ${shellWord(mcpUrl(place))}${header}`,
    notes: [...variableNote(credential), ...oauthNote(credential)],
  };
}

export function cursor(place: SnippetPlace): Snippet {
  const { server, credential } = place;
  const entry = { url: mcpUrl(place), ...headersWith(credential, `\${env:${credential?.variable}}`) };
  const config = Buffer.from(JSON.stringify(entry)).toString("base64");
  const link = `cursor://anysphere.cursor-deeplink/mcp/install?name=${server}&config=${encodeURIComponent(config)}`;
  return {
    client: "Cursor",
    where: "~/.cursor/mcp.json or .cursor/mcp.json",
    text: prettyJson({ mcpServers: { [server]: entry } }),
    link: { label: "Add to Cursor", href: link },
    notes: [...variableNote(credential), ...oauthNote(credential)],
  };
}

export function vsCode(place: SnippetPlace): Snippet {
  const { server, credential } = place;
  const id = "mcp-gateway-credential";
  const entry = { type: "http", url: mcpUrl(place), ...headersWith(credential, `\${input:${id}}`) };
  const description = `MCP gateway: ${credential?.holds}`;
  const inputs =
    credential === undefined ? {} : { inputs: [{ type: "promptString", id, description, password: true }] };
  const link = encodeURIComponent(JSON.stringify({ name: server, ...entry, ...inputs }));
  return {
    client: "VS Code",
    where: ".vscode/mcp.json",
    text: prettyJson({ ...inputs, servers: { [server]: entry } }),
    link: { label: "Install in VS Code", href: `vscode:mcp/install?${link}` },
    notes:
      credential === undefined
        ? []
        : [`VS Code asks once for the credential: ${credential.holds}.`, ...oauthNote(credential)],
  };
}

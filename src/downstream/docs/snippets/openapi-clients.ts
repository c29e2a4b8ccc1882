import type { Credential } from "./credential.ts";
import { headerOption, mcpUrl, shellWord, variableNote, type Snippet, type SnippetPlace } from "./snippet.ts";

export function openWebUi(place: SnippetPlace): Snippet {
  const { server, baseUrl, credential } = place;
  const auth = credential === undefined ? "None" : BEARER_TEXTS.get(credential.prefix);
  return {
    client: "Open WebUI",
    where: "Admin Settings → External Tools → +",
    text: [
      "Type: MCP (Streamable HTTP)",
      `URL: ${mcpUrl(place)}`,
      `Auth: ${auth ?? "see below"}`,
      "",
      "or",
      "",
      "Type: OpenAPI",
      `URL: ${baseUrl}/api/${server}`,
      "OpenAPI spec: openapi.openwebui.json",
      `Auth: ${auth ?? "see below"}`,
    ].join("\n"),
    notes:
      auth === undefined ? ["Open WebUI sends bearer tokens only: switch on auth.bearer in the gateway's config."] : [],
  };
}

/** What to type in as a bearer token; an API key is taken as one. */
const BEARER_TEXTS: ReadonlyMap<string, string> = new Map([
  ["Bearer ", "Bearer, and your token"],
  ["", "Bearer, and your API key"],
]);

export function gptActions(place: SnippetPlace): Snippet {
  const { server, baseUrl, credential, documentsArePublic } = place;
  const isShut = credential !== undefined && !documentsArePublic;
  return {
    client: "GPT Actions",
    where: "a custom GPT → Configure → Actions → Import from URL",
    text: `${baseUrl}/api/${server}/openapi.gpt.json`,
    notes: [
      `Authentication: ${gptAuthentication(credential)}.`,
      ...(isShut
        ? ["The import sends no credentials: set openapi.public: true in the gateway's config, or paste the document."]
        : []),
      ...(baseUrl.startsWith("https://") ? [] : ["ChatGPT calls public https URLs only: set publicUrl."]),
    ],
  };
}

export function curl(place: SnippetPlace): Snippet {
  const { server, baseUrl, credential, example } = place;
  const header = headerOption("-H", credential);
  const at = (path: string): string => shellWord(`${baseUrl}/api/${path}`);
  const list = `curl -fsS ${at(server)}${header}`;
  const call =
    example === undefined
      ? []
      : [
          `SESSION=$(curl -fsS ${at("sessionid")}${header} | cut -d'"' -f4)`,
          `curl -fsS ${at(`${server}/${example.tool}?sessionId=`)}"$SESSION"${header} \\`,
          `  -H 'Content-Type: application/json' -d ${shellWord(example.body)}`,
        ];
  return {
    client: "curl",
    where: "a shell",
    text: [...call, list].join("\n"),
    notes: [
      ...(example === undefined ? [] : ["Calls with the same sessionId share one process of the server."]),
      ...variableNote(credential),
    ],
  };
}

function gptAuthentication(credential: Credential | undefined): string {
  if (credential === undefined) return "None";
  if (credential.prefix === "") return `API Key, Custom, header name ${credential.header}`;
  return `API Key, ${credential.prefix.trim()}, and ${credential.holds}`;
}

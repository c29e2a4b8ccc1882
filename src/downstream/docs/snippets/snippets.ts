import { claudeCode, cursor, vsCode } from "./coding-clients.ts";
import { libreChat } from "./librechat.ts";
import { curl, gptActions, openWebUi } from "./openapi-clients.ts";
import type { Snippet, SnippetPlace } from "./snippet.ts";
import { claudeDesktop, inspector, mcpRemote } from "./stdio-clients.ts";

const CLIENTS: readonly ((place: SnippetPlace) => Snippet)[] = [
  libreChat,
  claudeCode,
  claudeDesktop,
  cursor,
  vsCode,
  openWebUi,
  gptActions,
  mcpRemote,
  inspector,
  curl,
];

/** The connection instructions for every supported client. A new client is a function here. */
export function snippetsFor(place: SnippetPlace): readonly Snippet[] {
  return CLIENTS.map((client) => client(place));
}

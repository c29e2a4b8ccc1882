import type { Credential } from "./credential.ts";

/** How one kind of client is connected to one server. */
export interface Snippet {
  readonly client: string;
  /** Where to put the text: a file, a shell, a dialog. */
  readonly where: string;
  readonly text: string;
  /** A link that does the same with one click. */
  readonly link?: { readonly label: string; readonly href: string };
  readonly notes: readonly string[];
}

/** The values that snippets are built from. They are ours or validated, because people paste snippets into a shell. */
export interface SnippetPlace {
  readonly server: string;
  /** The URL at which the reader reached the gateway, without a trailing slash. */
  readonly baseUrl: string;
  readonly credential: Credential | undefined;
  /** Whether the OpenAPI documents are served without credentials. */
  readonly documentsArePublic: boolean;
  readonly example: ExampleCall | undefined;
}

/** A call that can be shown as an example. */
export interface ExampleCall {
  readonly tool: string;
  readonly body: string;
}

export const mcpUrl = ({ baseUrl, server }: SnippetPlace): string => `${baseUrl}/${server}/mcp`;

export const prettyJson = (value: object): string => JSON.stringify(value, null, 2);

/** Any text as one word of a POSIX shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `--header "Authorization: Bearer ${MCP_GATEWAY_TOKEN}"`, expanded by the shell. */
export function headerOption(option: string, credential: Credential | undefined): string {
  if (credential === undefined) return "";
  const { header, prefix, variable } = credential;
  return ` ${option} "${header}: ${prefix}\${${variable}}"`;
}

/** For clients that know OAuth. */
export function oauthNote(credential: Credential | undefined): readonly string[] {
  return credential?.isOAuth === true ? ["Without the header, the client signs you in, if the provider knows it."] : [];
}

/** Tells the reader to set the variable, if there is one. */
export function variableNote(credential: Credential | undefined): readonly string[] {
  return credential === undefined ? [] : [`${credential.variable} holds ${credential.holds}.`];
}

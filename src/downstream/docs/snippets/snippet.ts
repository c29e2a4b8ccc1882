import type { Credential } from "./credential.ts";

/** How one kind of client is connected to one server. */
export interface Snippet {
  readonly client: string;
  /** Where the text belongs: a file, a shell, a dialog. */
  readonly where: string;
  readonly text: string;
  /** A link that does the same in one click. */
  readonly link?: { readonly label: string; readonly href: string };
  readonly notes: readonly string[];
}

/** What snippets are made from. All of it is ours or checked: a person will paste it into a shell. */
export interface SnippetPlace {
  readonly server: string;
  /** The gateway as the reader reached it, without a slash at its end. */
  readonly baseUrl: string;
  readonly credential: Credential | undefined;
  /** Whether the OpenAPI documents are served without credentials. */
  readonly documentsArePublic: boolean;
  readonly example: ExampleCall | undefined;
}

/** A call that can be shown. */
export interface ExampleCall {
  readonly tool: string;
  readonly body: string;
}

export const mcpUrl = ({ baseUrl, server }: SnippetPlace): string => `${baseUrl}/${server}/mcp`;

export const prettyJson = (value: object): string => JSON.stringify(value, null, 2);

/** One word of a POSIX shell, whatever it holds. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `--header "Authorization: Bearer ${MCP_GATEWAY_TOKEN}"`, which a shell fills in. */
export function headerOption(option: string, credential: Credential | undefined): string {
  if (credential === undefined) return "";
  const { header, prefix, variable } = credential;
  return ` ${option} "${header}: ${prefix}\${${variable}}"`;
}

/** What the reader has to put into the variable, if there is one. */
export function variableNote(credential: Credential | undefined): readonly string[] {
  return credential === undefined ? [] : [`${credential.variable} holds ${credential.holds}.`];
}

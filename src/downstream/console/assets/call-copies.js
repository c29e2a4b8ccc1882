// A tool call, to be made elsewhere.

import { indented } from "./indented.js";

/**
 * @typedef {object} ToolCall
 * @property {string} server
 * @property {string} tool
 * @property {string} argumentsText JSON, as it was written
 */

/**
 * For a shell, by REST. The credentials are a variable: the secret itself is not in it.
 * @param {ToolCall} call
 * @param {string} root the gateway's URL, which ends with a slash
 * @param {string} session an id of one's own choice
 */
export function curlOf({ server, tool, argumentsText }, root, session) {
  const path = [server, tool].map((name) => encodeURIComponent(name)).join("/");
  return [
    `curl -sS ${word(`${root}api/${path}?${new URLSearchParams({ sessionId: session }).toString()}`)}`,
    '  -u "$MCP_GATEWAY_USER:$MCP_GATEWAY_PASSWORD"',
    "  -H 'Content-Type: application/json'",
    `  -d ${word(argumentsText)}`,
  ].join(" \\\n");
}

/** Not to be guessed: who knows it may use that session, with credentials of the same user. */
export const newSessionId = () =>
  `console-${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/**
 * The request of a client (JSON-RPC 2.0).
 * @param {ToolCall} call
 */
export const jsonRpcOf = ({ tool, argumentsText }) =>
  indented(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(tool)},"arguments":${argumentsText}}}`,
  );

/**
 * A file for tests: what was sent, and what came back.
 * @param {string} server
 * @param {string} request JSON
 * @param {string} answer JSON
 */
export const fixtureOf = (server, request, answer) =>
  `${indented(`{"server":${JSON.stringify(server)},"request":${request},"answer":${answer}}`)}\n`;

/**
 * One word of a POSIX shell, whatever it holds.
 * @param {string} text
 */
const word = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

// What is asked of the gateway. The URLs begin where this file is, so that they lead through any prefix of a proxy.

/** @import { AgainResult, History, ListedTool, SeenText } from "../console-api.ts" */

const API = new URL("../api/", import.meta.url).href;

/** The gateway's own URL. It ends with a slash. */
export const ROOT = new URL("../../", import.meta.url).href;

/** @param {string | undefined} session */
export const eventsUrl = (session) =>
  `${API}events${session === undefined ? "" : `?${new URLSearchParams({ session }).toString()}`}`;

/** @returns {Promise<History>} */
export const readHistory = () => read("history");

/**
 * @param {string} session
 * @param {number} n
 * @param {AbortSignal} signal
 * @returns {Promise<SeenText>}
 */
export const readMessage = (session, n, signal) =>
  read(`sessions/${encodeURIComponent(session)}/messages/${n}`, signal);

/** @param {string} session */
export const endSession = (session) => post(`sessions/${encodeURIComponent(session)}/end`);

/** @param {string} server */
export const stopServer = (server) => post(`servers/${encodeURIComponent(server)}/stop`);

/**
 * @param {string} server
 * @returns {Promise<{ tools: ListedTool[] }>}
 */
export const listTools = (server) => post(`servers/${encodeURIComponent(server)}/tools`);

/**
 * @param {string} server
 * @param {string} tool
 * @param {string} argumentsText sent as it is: parsing it and writing it again would round long numbers
 * @returns {Promise<AgainResult>}
 */
export const callAgain = (server, tool, argumentsText) =>
  post(`servers/${encodeURIComponent(server)}/again`, `{"tool":${JSON.stringify(tool)},"arguments":${argumentsText}}`);

/** @param {Response} response */
export async function problemOf(response) {
  const status = `${response.status} ${response.statusText}`.trim();
  try {
    const { detail, title } = JSON.parse(await response.text());
    return String(detail ?? title ?? status);
  } catch {
    return status; // not one of the gateway's own: of a proxy, perhaps
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
const read = (path, signal) => answerOf(fetch(API + path, { cache: "no-store", ...(signal && { signal }) }));

/**
 * @param {string} path
 * @param {string} [body]
 */
function post(path, body = "{}") {
  const token = document.querySelector('meta[name="console-token"]')?.getAttribute("content") ?? "";
  const headers = { "Content-Type": "application/json", "X-Console-Token": token };
  return answerOf(fetch(API + path, { method: "POST", cache: "no-store", headers, body }));
}

/** @param {Promise<Response>} sent */
async function answerOf(sent) {
  const response = await sent;
  if (!response.ok) throw new Error(await problemOf(response));
  return response.status === 204 ? undefined : response.json();
}

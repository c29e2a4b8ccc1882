// Calls of tools over REST, with the credentials and the session that the page has.
import { showAnswer } from "./answer.js";
import { ArgumentError, argumentsText } from "./arguments.js";
import { credentials } from "./credentials.js";
import { curlOf } from "./curl.js";
import { fields, parsed } from "./elements.js";
import { progressOf } from "./progress.js";
import { readEvents } from "./stream.js";

/** @type {WeakMap<HTMLFormElement, AbortController>} */
const running = new WeakMap();

/** The session that this page asked for; one that a person typed in is theirs to end. */
let ownSession = "";

/**
 * @param {HTMLFormElement} form
 * @param {string} url
 */
export async function callTool(form, url) {
  if (running.has(form)) return;
  const box = form.querySelector(".answer");
  if (!(box instanceof HTMLElement)) return;
  const abort = new AbortController();
  running.set(form, abort);
  setState(form, "Calling…", true);
  try {
    const body = argumentsText(form);
    const session = await sessionId(abort.signal);
    const isOpen = typeof session === "string";
    const address = isOpen ? `${url}?sessionId=${encodeURIComponent(session)}` : url;
    const progress = progressOf(box);
    const answer = isOpen ? await call(address, abort.signal, body, progress.take) : session;
    showAnswer(box, answer, { root: root(), curl: curlOf(address, body), log: progress.log() });
    setState(form, "", false);
  } catch (error) {
    box.hidden = box.querySelector(".status") === null;
    setState(form, explained(error, abort), false);
  } finally {
    running.delete(form);
  }
}

/** @param {HTMLFormElement} form */
export function cancelCall(form) {
  running.get(form)?.abort();
}

/** Ends the session that the page asked for, also when it is left: its processes need not wait for nothing. */
export function endSession() {
  const field = document.getElementById("session");
  if (ownSession === "" || !(field instanceof HTMLInputElement)) return;
  if (field.value === ownSession) field.value = "";
  const url = `${root()}api/sessions/${ownSession}`;
  ownSession = "";
  void fetch(url, { ...credentials(), method: "DELETE", keepalive: true }).catch(() => {});
}

/**
 * The id in the field, or a new one; the answer when there is none to be had.
 * @param {AbortSignal} signal
 */
async function sessionId(signal) {
  const field = document.getElementById("session");
  if (!(field instanceof HTMLInputElement)) return "";
  if (field.value.trim() !== "") return field.value.trim();
  const answer = await ask(`${root()}api/sessionid`, signal);
  if (!answer.response.ok) return answer;
  const { sessionId: id } = JSON.parse(answer.text);
  // Another call may have got one in the meantime: both belong to one session.
  if (field.value.trim() !== "") return field.value.trim();
  field.value = String(id);
  ownSession = field.value;
  return ownSession;
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<import("./answer.js").Answer>}
 */
async function ask(url, signal) {
  const { headers, credentials: mode } = credentials();
  const startedAt = performance.now();
  const response = await fetch(url, {
    signal,
    cache: "no-store",
    credentials: mode,
    headers: { Accept: "application/json", ...headers },
  });
  return { response, text: await response.text(), ms: since(startedAt) };
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {string} body
 * @param {(event: string, data: string) => void} onProgress
 * @returns {Promise<import("./answer.js").Answer>}
 */
async function call(url, signal, body, onProgress) {
  const { headers, credentials: mode } = credentials();
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: "POST",
    body,
    signal,
    cache: "no-store",
    credentials: mode,
    headers: { Accept: "text/event-stream, application/json;q=0.9", "Content-Type": "application/json", ...headers },
  });
  // What is refused before it runs is answered with a problem, at once.
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!isStream) return { response, text: await response.text(), ms: since(startedAt) };
  let last = { event: "", data: "" };
  await readEvents(response, (event, data) => {
    if (event === "result" || event === "error") last = { event, data };
    else onProgress(event, data);
  });
  if (last.event === "") throw new Error("the connection ended before the answer came");
  const { status } = fields(last.event === "error" ? parsed(last.data) : undefined);
  return { response, text: last.data, ms: since(startedAt), ...(typeof status === "number" && { status }) };
}

/** @param {number} startedAt */
const since = (startedAt) => Math.round(performance.now() - startedAt);

/**
 * @param {unknown} error
 * @param {AbortController} abort
 */
function explained(error, abort) {
  if (abort.signal.aborted) return "Cancelled.";
  if (error instanceof ArgumentError) {
    error.control.setAttribute("aria-invalid", "true");
    error.control.focus();
    return error.message;
  }
  return `No answer: ${error instanceof Error ? error.message : String(error)}`;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 * @param {boolean} isRunning
 */
function setState(form, text, isRunning) {
  const state = form.querySelector(".state");
  if (state !== null) state.textContent = text;
  for (const button of form.querySelectorAll("button")) {
    if (button.dataset.cancel !== undefined) button.hidden = !isRunning;
    else button.disabled = isRunning;
  }
}

function root() {
  return document.getElementById("calling")?.dataset.root ?? "./";
}

// Calls tools over REST, with the credentials and the session of the page.
import { showAnswer } from "./answer.js";
import { ArgumentError, argumentsText } from "./arguments.js";

/** @type {WeakMap<HTMLFormElement, AbortController>} */
const running = new WeakMap();

/** The session that this page created. A session id that was typed in is not ended by the page. */
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
    const answer =
      typeof session === "string"
        ? await ask(`${url}?sessionId=${encodeURIComponent(session)}`, abort.signal, body)
        : session;
    showAnswer(box, answer, root());
    setState(form, "", false);
  } catch (error) {
    setState(form, explained(error, abort), false);
  } finally {
    running.delete(form);
  }
}

/** @param {HTMLFormElement} form */
export function cancelCall(form) {
  running.get(form)?.abort();
}

/** Ends the session that the page created, also when the page is closed, so that its processes do not stay idle. */
export function endSession() {
  const field = document.getElementById("session");
  if (ownSession === "" || !(field instanceof HTMLInputElement)) return;
  if (field.value === ownSession) field.value = "";
  const url = `${root()}api/sessions/${ownSession}`;
  ownSession = "";
  void fetch(url, { ...credentials(), method: "DELETE", keepalive: true }).catch(() => {});
}

/**
 * The header to send, and the text that was typed in for it.
 * @param {ParentNode} place
 */
export function credentialOf(place) {
  const field = place.querySelector("#credential");
  if (!(field instanceof HTMLInputElement) || field.value.trim() === "") return { headers: {}, value: "" };
  const { header = "Authorization", schemes = "" } = field.dataset;
  return { headers: { [header]: headerValue(field.value.trim(), schemes.split(" ")) }, value: field.value };
}

/**
 * A token, `user:password`, or the whole value of the header.
 * @param {string} typed
 * @param {string[]} schemes
 */
function headerValue(typed, schemes) {
  if (/^(?:Bearer|Basic) +\S/i.test(typed)) return typed;
  if (schemes.includes("basic") && typed.includes(":")) {
    return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(typed)))}`;
  }
  return schemes.includes("bearer") || schemes.includes("oidc") ? `Bearer ${typed}` : typed;
}

/**
 * Without the browser's own credentials, so that a 401 does not open the browser's login dialog.
 * @returns {{ headers: Record<string, string>, credentials: RequestCredentials }}
 */
function credentials() {
  const { headers, value } = credentialOf(document);
  return { headers, credentials: value === "" ? "same-origin" : "omit" };
}

/**
 * The session id in the field, or a new one; the error response when none can be created.
 * @param {AbortSignal} signal
 */
async function sessionId(signal) {
  const field = document.getElementById("session");
  if (!(field instanceof HTMLInputElement)) return "";
  if (field.value.trim() !== "") return field.value.trim();
  const answer = await ask(`${root()}api/sessionid`, signal);
  if (!answer.response.ok) return answer;
  const { sessionId: id } = JSON.parse(answer.text);
  // A concurrent call may have created a session meanwhile: both use the same one.
  if (field.value.trim() !== "") return field.value.trim();
  field.value = String(id);
  ownSession = field.value;
  return ownSession;
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {string} [body] of a POST
 */
async function ask(url, signal, body) {
  const { headers, credentials: mode } = credentials();
  const startedAt = performance.now();
  const response = await fetch(url, {
    signal,
    cache: "no-store",
    credentials: mode,
    headers: {
      Accept: "application/json",
      ...headers,
      ...(body !== undefined && { "Content-Type": "application/json" }),
    },
    ...(body !== undefined && { method: "POST", body }),
  });
  const text = await response.text();
  return { response, text, ms: Math.round(performance.now() - startedAt) };
}

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

// What the pages do besides being read. Listeners are on the document, which stays when signing in replaces the body.
import { indented } from "./answer.js";
import { callTool, cancelCall, endSession } from "./call.js";
import { credentialOf } from "./credentials.js";
import { openDocument } from "./documents.js";
import { element } from "./elements.js";
import { filterTools } from "./filter.js";
import { colour } from "./highlight.js";
import { fillIn } from "./starting.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  if (form.dataset.call !== undefined) void callTool(form, form.dataset.call);
  if (form.dataset.signIn !== undefined) void signIn(form);
});

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-document]") : null;
  if (link instanceof HTMLAnchorElement && openDocument(link)) event.preventDefault();
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null) return;
  if (button.dataset.copy !== undefined) void copy(button);
  if (button.dataset.cancel !== undefined && button.form !== null) cancelCall(button.form);
  if (button.dataset.endSession !== undefined) endSession();
  if (button.dataset.example !== undefined) fillInExample(button, button.dataset.example);
});

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLElement)) return;
  input.removeAttribute("aria-invalid");
  if (input instanceof HTMLInputElement && input.id === "filter") filterTools(input.value);
});

// Code is coloured when it is first seen: most of a long page never is. This event does not bubble.
document.addEventListener("toggle", ({ target }) => target instanceof Element && colour(target), { capture: true });
window.addEventListener("hashchange", openTarget);
window.addEventListener("pagehide", () => endSession());
openTarget();
colour(document);
fillIn(openLate);

/** The link may lead to what was not there yet; what a person has opened meanwhile is left where it is. */
function openLate() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement && !target.open) openTarget();
}

/** A link to a tool opens it. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!(target instanceof HTMLDetailsElement)) return;
  target.open = true;
  target.scrollIntoView();
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} example
 */
function fillInExample(button, example) {
  const field = button.parentElement?.querySelector("textarea");
  if (field === null || field === undefined) return;
  field.value = example;
  field.removeAttribute("aria-invalid");
  field.focus();
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const source = button.parentElement?.querySelector("pre");
  if (source === null || source === undefined) return;
  const isDone = await copyText(source);
  button.textContent = isDone ? "Copied" : "Press Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 2_000);
}

/**
 * The clipboard is there only for https and localhost; elsewhere the text is selected, so that a key press copies it.
 * @param {HTMLElement} source
 */
async function copyText(source) {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}

/** @param {HTMLFormElement} form */
async function signIn(form) {
  const state = form.querySelector(".state");
  const { headers, value } = credentialOf(form);
  try {
    const response = await fetch(location.pathname + location.search, {
      headers: { ...headers, Accept: "text/html" },
      credentials: "omit",
      cache: "no-store",
    });
    const text = await response.text();
    if (response.headers.get("content-type")?.startsWith("text/html") !== true) return showText(form, text);
    const page = new DOMParser().parseFromString(text, "text/html");
    // Other pages of errors are what is there to be seen.
    if (page.querySelector("[data-sign-in]") !== null) {
      if (state !== null) state.textContent = page.querySelector("[role=note]")?.textContent ?? String(response.status);
      return;
    }
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    const field = document.getElementById("credential");
    if (field instanceof HTMLInputElement) field.value = value;
    openTarget();
    colour(document);
    fillIn(openLate);
  } catch (error) {
    if (state !== null) state.textContent = String(error);
  }
}

/**
 * A document, which is no page.
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function showText(form, text) {
  const pre = element("pre", "", indented(text));
  pre.dataset.code = "";
  pre.tabIndex = 0;
  form.replaceWith(pre);
  colour(document);
}

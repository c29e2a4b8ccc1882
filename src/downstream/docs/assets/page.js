// The interactive parts of the pages. Listeners are on the document, because signing in replaces the body.
import { callTool, cancelCall, credentialOf, endSession } from "./call.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  if (form.dataset.call !== undefined) void callTool(form, form.dataset.call);
  if (form.dataset.signIn !== undefined) void signIn(form);
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null) return;
  if (button.dataset.copy !== undefined) void copy(button);
  if (button.dataset.cancel !== undefined && button.form !== null) cancelCall(button.form);
  if (button.dataset.endSession !== undefined) endSession();
});

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLElement)) return;
  input.removeAttribute("aria-invalid");
  if (input instanceof HTMLInputElement && input.id === "filter") filterTools(input.value);
});

window.addEventListener("hashchange", openTarget);
window.addEventListener("pagehide", () => endSession());
openTarget();

/** Expands the tool that a link leads to. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!(target instanceof HTMLDetailsElement)) return;
  target.open = true;
  target.scrollIntoView();
}

/** @param {string} text */
function filterTools(text) {
  const wanted = text.trim().toLowerCase();
  const tools = [...document.querySelectorAll("details.tool")].filter((tool) => tool instanceof HTMLElement);
  for (const tool of tools) tool.hidden = !(tool.dataset.filter ?? "").toLowerCase().includes(wanted);
  const found = tools.filter((tool) => !tool.hidden).length;
  const state = document.getElementById("filter-state");
  if (state !== null) state.textContent = wanted === "" ? "" : `${found} of ${tools.length}`;
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
 * The clipboard is only available on https and localhost; elsewhere the text is selected, so that it can be copied by keyboard.
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
    const response = await fetch(location.pathname, {
      headers: { ...headers, Accept: "text/html" },
      credentials: "omit",
      cache: "no-store",
    });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) {
      if (state !== null) state.textContent = page.querySelector("[role=note]")?.textContent ?? String(response.status);
      return;
    }
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    const field = document.getElementById("credential");
    if (field instanceof HTMLInputElement) field.value = value;
    openTarget();
  } catch (error) {
    if (state !== null) state.textContent = String(error);
  }
}

// Keys that work everywhere on the page.

import { closeNotice } from "./notices.js";

/**
 * @param {() => void} onEscape nothing smaller is open
 */
export function listenToKeys(onEscape) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") !== null) return; // it closes by itself
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (event.key === "/" && !isTyping) focusSearch(event);
    if (event.key !== "Escape" || isFilledSearch(event.target)) return;
    if (!closeNotice()) onEscape();
  });
}

/** @param {KeyboardEvent} event */
function focusSearch(event) {
  const search = document.querySelector('main:not([hidden]) input[type="search"]');
  if (!(search instanceof HTMLInputElement)) return;
  event.preventDefault();
  search.focus();
  search.select();
}

/** Escape empties it first. @param {EventTarget | null} target */
const isFilledSearch = (target) =>
  target instanceof HTMLInputElement && target.type === "search" && target.value !== "";

import { readMessage } from "./api.js";
import { copyButton } from "./copy-button.js";
import { element } from "./elements.js";
import { bytes } from "./format.js";
import { indented } from "./indented.js";
import { coloured } from "./json-colours.js";
import { visibleText } from "./visible.js";

/** @import { SeenMessage, SeenText } from "../console-api.ts" */

/**
 * The text of a message, which the gateway may have forgotten.
 * @param {string} session
 * @param {number} n
 * @param {AbortSignal} signal
 * @returns {Promise<SeenText | string>} or why it is not there, in words
 */
export async function textOrWhyNot(session, n, signal) {
  try {
    return await readMessage(session, n, signal);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {string} label
 * @param {SeenMessage} message
 * @param {SeenText | string} seen
 */
export function textSection(label, { bytes: size }, seen) {
  const heading = element("h4", "", label);
  if (typeof seen === "string") return element("section", "", heading, element("p", "hint", seen));
  const pre = element("pre", "", ...coloured(visibleText(indented(seen.text))));
  pre.tabIndex = 0;
  pre.ariaLabel = label;
  const bar = element(
    "div",
    "bar",
    heading,
    copyButton("Copy", () => indented(seen.text)),
  );
  const cut = seen.isCut ? [element("p", "hint", `Only its beginning was kept: it has ${bytes(size)}.`)] : [];
  return element("section", "", bar, ...cut, pre);
}

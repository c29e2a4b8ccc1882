import { button, element } from "./elements.js";
import { attempt, say } from "./notices.js";

const SHOWN_MS = 2000;

/**
 * @param {string} label
 * @param {() => string | Promise<string>} textOf
 */
export function copyButton(label, textOf) {
  const made = button(label, "", () => void attempt("This could not be copied", () => copy(made, label, textOf)));
  return made;
}

/**
 * @param {HTMLButtonElement} made
 * @param {string} label
 * @param {() => string | Promise<string>} textOf
 */
async function copy(made, label, textOf) {
  const text = await textOf();
  if (await isCopied(text)) {
    made.textContent = "Copied";
    say("Copied");
    setTimeout(() => (made.textContent = label), SHOWN_MS);
  } else showForCopying(made, text);
}

/** The clipboard is there only for https and localhost. @param {string} text */
async function isCopied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Selected, so that a key press copies it.
 * @param {HTMLButtonElement} made
 * @param {string} text
 */
function showForCopying(made, text) {
  const field = element("textarea", "to-copy", text);
  field.readOnly = true;
  field.ariaLabel = "Press Ctrl+C to copy";
  const bar = made.parentElement;
  if (bar?.nextElementSibling?.classList.contains("to-copy") === true) bar.nextElementSibling.remove();
  bar?.after(field);
  field.focus();
  field.select();
  say("Press Ctrl+C to copy");
}

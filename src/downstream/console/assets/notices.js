// What the page has to tell: errors stay until they are read, everything else is said to those who listen.

import { button, element, part } from "./elements.js";
import { visibleLine } from "./visible.js";

const MAX_NOTICES = 3;
const MAX_CHARACTERS = 600;

/**
 * Does what was asked for; what goes wrong is told in words.
 * @param {string} what as in "ending the session"
 * @param {() => Promise<void>} action
 */
export async function attempt(what, action) {
  try {
    await action();
  } catch (error) {
    tellTrouble(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @param {string} text */
function tellTrouble(text) {
  const list = part("notices", HTMLElement);
  const close = button("✕", "quiet", () => notice.remove());
  close.ariaLabel = "Close this notice";
  const notice = element("div", "notice", element("p", "", visibleLine(text, MAX_CHARACTERS)), close);
  list.append(notice);
  while (list.childElementCount > MAX_NOTICES) list.firstElementChild?.remove();
}

/** Closes the latest one; false when there is none. */
export function closeNotice() {
  const last = part("notices", HTMLElement).lastElementChild;
  last?.remove();
  return last !== null;
}

/**
 * For screen readers.
 * @param {string} text
 */
export function say(text) {
  part("said", HTMLElement).textContent = visibleLine(text);
}

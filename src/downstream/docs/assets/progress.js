// What a call says of itself while it runs.
import { element, fields, parsed } from "./elements.js";

const LINES = 200;
const CHARACTERS = 1_000;

/** @param {HTMLElement} box */
export function progressOf(box) {
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", "Progress");
  const words = element("span", "hint");
  const lines = element("pre", "log");
  lines.tabIndex = 0;
  lines.setAttribute("aria-label", "Log of the call");
  lines.hidden = true;
  box.replaceChildren(element("p", "progress", bar, " ", words), lines);
  box.hidden = false;
  return {
    /**
     * @param {string} event
     * @param {string} data
     */
    take(event, data) {
      const said = fields(parsed(data));
      if (event === "progress") show(said, bar, words);
      if (event === "log") addLine(lines, said);
    },
    /** The log stays beside the answer. */
    log: () => (lines.hidden ? [] : [lines]),
  };
}

/**
 * @param {Record<string, unknown>} said
 * @param {HTMLProgressElement} bar
 * @param {HTMLElement} words
 */
function show({ progress, total, message }, bar, words) {
  if (typeof progress === "number" && typeof total === "number" && total > 0) {
    bar.max = total;
    bar.value = progress;
  }
  const done = typeof progress === "number" ? String(progress) : "";
  const count = typeof total === "number" ? `${done} of ${total}` : done;
  words.textContent = typeof message === "string" ? `${count} · ${message.slice(0, CHARACTERS)}` : count;
}

/**
 * @param {HTMLElement} lines
 * @param {Record<string, unknown>} said
 */
function addLine(lines, { level, data }) {
  const text = typeof data === "string" ? data : (JSON.stringify(data) ?? "");
  lines.hidden = false;
  if (lines.childNodes.length >= LINES) lines.firstChild?.remove();
  lines.append(`${typeof level === "string" ? level : "log"}: ${text.slice(0, CHARACTERS)}\n`);
  lines.scrollTop = lines.scrollHeight;
}

import { element } from "./elements.js";
import { millis } from "./format.js";
import { indented } from "./indented.js";
import { lineChanges } from "./line-changes.js";
import { coloured } from "./json-colours.js";
import { visibleText } from "./visible.js";

/** @import { Line } from "./line-changes.js" */

/** More would take long to show. */
const MAX_LINES = 5000;
const MAX_COLOURED_LINES = 500;

/**
 * @typedef {object} Answer
 * @property {string} text
 * @property {boolean} isCut only its beginning was kept
 * @property {boolean} isError
 * @property {number | undefined} ms
 */

/**
 * Two answers, side by side; under each other where there is no room.
 * @param {Answer | undefined} before
 * @param {Answer} now
 */
export function answerColumns(before, now) {
  const changes = lineChanges(linesOf(before?.text ?? ""), linesOf(now.text));
  const isSame = before !== undefined && [...changes.before, ...changes.after].every(({ isChanged }) => !isChanged);
  const said = before === undefined ? "" : isSame ? "The answers are the same." : "Lines that differ are marked.";
  return element(
    "div",
    "",
    element("p", "hint", said),
    element(
      "div",
      "answers",
      before === undefined
        ? element("section", "", element("h4", "", "Before"), element("p", "hint", "There is no answer."))
        : column("Before", before, changes.before),
      column("Now", now, changes.after),
    ),
  );
}

/** The id of a request says nothing about its answer. @param {string} text */
const linesOf = (text) => visibleText(indented(text)).replace(/^( {2}"id": ).*?(,?)$/m, "$1…$2");

/**
 * @param {string} label
 * @param {Answer} answer
 * @param {readonly Line[]} lines
 */
function column(label, { isError, isCut, ms }, lines) {
  const tags = [
    ...(isError ? [" ", element("span", "tag bad", "failed")] : []),
    ...(isCut ? [" ", element("span", "tag", "its beginning")] : []),
    ...(ms === undefined ? [] : [element("span", "hint", ` ${millis(ms)}`)]),
  ];
  const isShort = lines.length <= MAX_COLOURED_LINES;
  const shown = lines.slice(0, MAX_LINES).map(({ text, isChanged }) => {
    const content = isShort ? coloured(text) : [text];
    return element(isChanged ? "mark" : "span", "line", ...(text === "" ? [" "] : content));
  });
  const rest = lines.length > MAX_LINES ? [element("span", "line hint", `… ${lines.length} lines in all`)] : [];
  const pre = element("pre", "", ...shown, ...rest);
  pre.tabIndex = 0;
  pre.ariaLabel = `Answer: ${label}`;
  return element("section", "", element("h4", "", label, ...tags), pre);
}

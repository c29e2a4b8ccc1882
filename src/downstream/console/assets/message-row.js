import { element } from "./elements.js";
import { bytes, counted, millis, timeOfDay } from "./format.js";
import { isAnswer } from "./message-entries.js";
import { visibleLine } from "./visible.js";

/** @import { SeenMessage } from "../console-api.ts" */
/** @import { Missing } from "./message-entries.js" */

/** @param {SeenMessage} message */
export function messageRow(message) {
  const { n, at, from, id, bytes: size, ms } = message;
  const arrow = element("span", `arrow ${from}`, from === "client" ? "→" : "←");
  arrow.ariaLabel = `from the ${from}`;
  arrow.role = "img";
  const row = element(
    "div",
    `row ${message.kind}${message.failed ? " failed" : ""}`,
    cell("", arrow),
    cell("time", timeOfDay(at)),
    cell("what", ...whatOf(message)),
    cell("number id", id === undefined ? "" : visibleLine(id, 24)),
    cell("number size", bytes(size)),
    cell("number ms", ms === undefined ? "" : millis(ms)),
  );
  row.role = "row";
  row.tabIndex = -1;
  row.dataset.n = String(n);
  return row;
}

/** @param {Missing} missing */
export function missingRow(missing) {
  const row = element("div", "row missing", cell("what", missingText(missing)));
  row.role = "row";
  return row;
}

/** @param {Missing} missing */
const missingText = ({ missing, n }) =>
  n === 1 ? `${counted(missing, "earlier message")} no longer kept` : `${counted(missing, "message")} missing here`;

/** @param {SeenMessage} message */
export function whatOf({ method, tool, kind, failed, isOwn }) {
  const answer = { kind, failed, isOwn };
  return [
    element("span", "method", visibleLine(method ?? "?")),
    ...(tool === undefined ? [] : [" ", element("strong", "tool", visibleLine(tool))]),
    ...(isAnswer({ kind }) ? [" ", answerTag(answer)] : []),
  ];
}

/** @param {{ kind: string, failed: boolean, isOwn: boolean }} answer */
function answerTag({ kind, failed, isOwn }) {
  const text = kind === "error" ? "error" : failed ? "failed" : "answer";
  return element("span", `tag${failed || kind === "error" ? " bad" : ""}`, isOwn ? `${text} · gateway` : text);
}

/**
 * @param {string} className
 * @param {...(Node | string)} children
 */
function cell(className, ...children) {
  const made = element("span", className, ...children);
  made.role = "gridcell";
  return made;
}

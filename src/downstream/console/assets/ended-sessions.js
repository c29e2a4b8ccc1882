import { element, part, setText } from "./elements.js";
import { counted, hoursAndMinutes } from "./format.js";
import { hashOf } from "./hash.js";
import { visibleLine } from "./visible.js";

/** @import { EndedSession } from "../console-api.ts" */

/**
 * Sessions that one can look back at.
 * @param {readonly EndedSession[]} ended
 */
export function showEnded(ended) {
  const box = part("ended", HTMLDetailsElement);
  const shown = ended.map(({ key, endedAt }) => `${key} ${endedAt}`).join(" ");
  if (box.dataset.shown === shown) return;
  box.dataset.shown = shown;
  box.hidden = ended.length === 0;
  const count = box.querySelector("summary .hint");
  if (count !== null) setText(count, String(ended.length));
  box.querySelector("ul")?.replaceChildren(...ended.map(endedItem));
}

/** @param {EndedSession} session */
function endedItem({ key, principal, server, endedAt, reason, calls }) {
  const link = element("a", "", `${visibleLine(principal)} with ${visibleLine(server)}`);
  link.href = hashOf(key);
  return element(
    "li",
    "",
    link,
    element("span", "hint", ` ${hoursAndMinutes(endedAt)} · ${visibleLine(reason)} · ${counted(calls, "call")}`),
  );
}

import { part, setFigures, setText } from "./elements.js";
import { bytes, count, duration, timeOfDay } from "./format.js";
import { askAndEnd } from "./session-row.js";
import { visibleLine } from "./visible.js";

/** @import { EndedSession, SessionRow } from "../console-api.ts" */

/** Who talks with which server, and how it is doing. */
export class SessionHead {
  #title = part("session-title", HTMLElement);
  #figures = part("session-figures", HTMLElement);
  #end = part("end", HTMLButtonElement);
  /** @type {SessionRow | EndedSession | undefined} */
  #row;
  #since = 0;

  constructor() {
    this.#end.addEventListener("click", () => {
      if (this.#row !== undefined) void askAndEnd(this.#row);
    });
  }

  /** @param {SessionRow | EndedSession | undefined} row undefined: not known yet */
  update(row) {
    this.#row = row;
    this.#since = performance.now();
    this.#end.hidden = row === undefined || "endedAt" in row;
    this.tick();
  }

  tick() {
    const row = this.#row;
    setText(
      this.#title,
      row === undefined ? "A session" : `${visibleLine(row.principal)} with ${visibleLine(row.server)}`,
    );
    if (row === undefined) return setFigures(this.#figures, []);
    const passedMs = performance.now() - this.#since;
    setFigures(this.#figures, [
      ["transport", visibleLine(row.transport)],
      ["era", visibleLine(row.era)],
      ["calls", count(row.calls)],
      ...("endedAt" in row ? endFigures(row) : liveFigures(row, passedMs)),
    ]);
  }
}

/**
 * @param {EndedSession} row
 * @returns {[string, string][]}
 */
const endFigures = ({ endedAt, reason }) => [
  ["ended", timeOfDay(endedAt).slice(0, 8)],
  ["because", visibleLine(reason)],
];

/**
 * @param {SessionRow} row
 * @param {number} passedMs
 * @returns {[string, string][]}
 */
const liveFigures = ({ ageMs, idleMs, pid, residentBytes }, passedMs) => [
  ["age", duration(ageMs + passedMs)],
  ["idle", duration(idleMs + passedMs)],
  ["process", pid === undefined ? "none" : String(pid)],
  ["memory", residentBytes === undefined ? "–" : bytes(residentBytes)],
];

import { bytes, count, duration } from "./format.js";
import { visibleLine } from "./visible.js";

/** @import { SessionRow } from "../console-api.ts" */

/**
 * @typedef {object} Column
 * @property {keyof SessionRow} by
 * @property {string} label
 * @property {boolean} isNumber aligned at its right side; the largest come first
 * @property {(row: SessionRow, passedMs: number) => string} text `passedMs` is the time since the row was true
 */

/** @type {readonly Column[]} */
export const COLUMNS = [
  { by: "principal", label: "Who", isNumber: false, text: ({ principal }) => visibleLine(principal) },
  { by: "server", label: "Server", isNumber: false, text: ({ server }) => visibleLine(server) },
  { by: "transport", label: "Transport", isNumber: false, text: ({ transport }) => visibleLine(transport) },
  { by: "era", label: "Era", isNumber: false, text: ({ era }) => visibleLine(era) },
  { by: "ageMs", label: "Age", isNumber: true, text: ({ ageMs }, passedMs) => duration(ageMs + passedMs) },
  { by: "idleMs", label: "Idle", isNumber: true, text: ({ idleMs }, passedMs) => duration(idleMs + passedMs) },
  { by: "pid", label: "Process", isNumber: true, text: ({ pid }) => (pid === undefined ? "none" : String(pid)) },
  { by: "residentBytes", label: "Memory", isNumber: true, text: ({ residentBytes }) => memoryOf(residentBytes) },
  { by: "calls", label: "Calls", isNumber: true, text: ({ calls }) => count(calls) },
];

/** @param {number | undefined} value */
const memoryOf = (value) => (value === undefined ? "–" : bytes(value));

// Which sessions are listed, and in which order.

/** @import { SessionRow } from "../console-api.ts" */

/**
 * @typedef {object} Order
 * @property {keyof SessionRow} by
 * @property {boolean} isDescending
 */

/**
 * @param {readonly SessionRow[]} rows
 * @param {Order} order
 */
export function ordered(rows, { by, isDescending }) {
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [left, right] = [one[by], other[by]];
    // What has no value comes last in either order.
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined) || byKey(one, other);
    }
    return sign * compared(left, right) || byKey(one, other);
  });
}

/**
 * Each word is found in one of its names.
 * @param {SessionRow} row
 * @param {string} search
 */
export function isFound(row, search) {
  const text = [row.principal, row.server, row.transport, row.era, row.key, row.pid ?? "no process"].join("\n");
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}

/**
 * @param {string | number} left
 * @param {string | number} right
 */
function compared(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right), "en", { numeric: true });
}

/**
 * @param {SessionRow} one
 * @param {SessionRow} other
 */
const byKey = (one, other) => (one.key < other.key ? -1 : 1);

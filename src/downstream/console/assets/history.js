// The last hour, as points that come one after the other.

/** @import { History, HistoryPoint, ServerPoint } from "../console-api.ts" */
/** @import { Sample } from "./plot-scale.js" */

export const HOUR_MS = 3_600_000;
/** A step that is longer than this many usual ones is a gap: the gateway did not run, or this page did not listen. */
const GAP = 2.5;

/**
 * With one more point; those of more than an hour ago are gone.
 * @param {History} history
 * @param {HistoryPoint} point
 * @returns {History}
 */
export function withPoint(history, point) {
  const earlier = history.points.filter(({ at }) => at < point.at && at >= point.at - HOUR_MS);
  return { ...history, points: [...earlier, point] };
}

/** @param {History} history */
export const maxStepMs = (history) => history.everyMs * GAP;

/**
 * @param {History} history
 * @param {string} server
 * @param {keyof ServerPoint} figure
 * @returns {Sample[]}
 */
export function samplesOf(history, server, figure) {
  return history.points.map(({ at, servers }) => ({
    at,
    value: Object.hasOwn(servers, server) ? servers[server]?.[figure] : undefined,
  }));
}

/**
 * The servers that occur in it.
 * @param {History} history
 */
export const serversIn = (history) => [...new Set(history.points.flatMap(({ servers }) => Object.keys(servers)))];

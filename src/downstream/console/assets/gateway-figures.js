import { part, setFigures } from "./elements.js";
import { bytes, count, millis } from "./format.js";

/** @import { GatewayFigures } from "../console-api.ts" */

/** @param {GatewayFigures} figures */
export function showGateway({ residentBytes, heapBytes, loopDelayMs, processes, sessions }) {
  setFigures(part("gateway-figures", HTMLElement), [
    ["sessions", count(sessions)],
    ["processes", count(processes)],
    ["memory", bytes(residentBytes)],
    ["heap", bytes(heapBytes)],
    ["loop delay", millis(loopDelayMs)],
  ]);
}

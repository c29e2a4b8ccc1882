import type { Bench } from "../bench.ts";
import { ECHO, type Call } from "../driver/session.ts";
import { compare, ratioAtMost, type Figure, type Way } from "../figures.ts";
import { slices } from "./calls.ts";

export const PER_CALL = 1_000;
export const notificationCall: Call = { ...ECHO, before: `"notifications":${PER_CALL},`, notifications: PER_CALL };

/** Small notifications that a server sends in a row before its response. */
export async function notifications(bench: Bench, transport: Way): Promise<Figure[]> {
  const point = "notifications";
  if (!bench.options.wants(point, transport)) return [];
  const pairs = await slices(bench, transport, { sessions: 1, inFlight: 1, call: notificationCall });
  const cpu = compare(pairs, (slice) => slice.cpuUs / (slice.calls * PER_CALL));
  const rate = compare(pairs, (slice) => (slice.calls * PER_CALL * 1_000) / slice.ms);
  return [
    { transport, point, name: "notifications: CPU each", unit: "µs", ...cpu, goal: ratioAtMost(2) },
    { transport, point, name: "notifications/s", unit: "", ...rate },
  ];
}

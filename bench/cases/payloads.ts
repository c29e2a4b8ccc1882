import type { Bench } from "../bench.ts";
import { ECHO, type Call } from "../driver/session.ts";
import { compare, ratioAtLeast, type Figure, type Way } from "../figures.ts";
import { slices } from "./calls.ts";

const MIB = 2 ** 20;

interface Payload {
  readonly point: string;
  readonly name: string;
  readonly mib: number;
  readonly call: Call;
  readonly counts: boolean;
}

const PAYLOADS: readonly Payload[] = [
  { point: "answers-1m", name: "1 MiB answers", mib: 1, call: answerOf(MIB), counts: true },
  { point: "answers-10m", name: "10 MiB answers", mib: 10, call: answerOf(10 * MIB), counts: true },
  { point: "requests-1m", name: "1 MiB requests", mib: 1, call: requestOf(MIB), counts: false },
];

/** Large responses and large requests, one at a time. */
export async function payloads(bench: Bench, transport: Way): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { point, name, mib, call, counts } of PAYLOADS) {
    if (!bench.options.wants(point, transport)) continue;
    const pairs = await slices(bench, transport, { sessions: 1, inFlight: 1, call });
    const throughput = compare(pairs, (slice) => (slice.calls * mib * 1_000) / slice.ms);
    const cpu = compare(pairs, (slice) => slice.cpuUs / 1_000 / (slice.calls * mib));
    const goal = counts ? ratioAtLeast(0.75) : undefined;
    figures.push(
      { transport, point, name, unit: "MiB/s", ...throughput, goal },
      { transport, point, name: `${name}: CPU per MiB`, unit: "ms", ...cpu },
    );
  }
  return figures;
}

function answerOf(bytes: number): Call {
  return { ...ECHO, before: `"bytes":${bytes},`, echoes: false, bytes };
}

/** The response has two bytes, so that only the request matters. */
function requestOf(bytes: number): Call {
  return { ...ECHO, before: '"bytes":2,', echoes: false, padding: "x".repeat(bytes) };
}

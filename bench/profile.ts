import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The parts of a .cpuprofile that are read (Chrome DevTools protocol, Profiler.Profile). */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

const SHOWN = 15;
/** Idle time, and what the profiler cannot attribute. */
const NOT_WORK = new Set(["(idle)", "(root)"]);

export function profileArgs(folder: string): string[] {
  return ["--cpu-prof", "--cpu-prof-dir", folder];
}

/** The functions in which the process spent most of its time, as Markdown. */
export function profileSummary(folder: string, pid: number): string {
  const file = readdirSync(folder).find((name) => name.split(".")[3] === String(pid));
  if (file === undefined) return `no profile of process ${pid} in ${folder}`;
  const profile = JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile;
  const selfUs = selfTimes(profile);
  const total = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  const rows = [...selfUs]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([place, us]) => `| ${((100 * us) / total).toFixed(1)} % | ${place} |`);
  return [`${file}, ${Math.round(total / 1_000)} ms of work`, "", "| self | function |", "| --- | --- |", ...rows].join(
    "\n",
  );
}

function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const selfUs = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const frame = places.get(sample);
    if (frame === undefined || NOT_WORK.has(frame.functionName)) continue;
    const place = nameOf(frame);
    selfUs.set(place, (selfUs.get(place) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return selfUs;
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const file = url.replace(/^file:\/\//, "").replace(/^.*\/(?=dist\/|node_modules\/)/, "");
  return `${name} ${file}:${lineNumber + 1}`;
}

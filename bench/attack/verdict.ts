import { percentile } from "../statistics.ts";
import type { ResponseTimes } from "./notes.ts";
import type { Round } from "./round.ts";
import type { Look, Subject } from "./subject.ts";

const HEALTH_P99_MS = 250;
const HEALTH_MAX_MS = 2_000;
/** If even the bare server is this slow, the machine is overloaded and the gateway's times are meaningless. */
const BARE_P99_MS = 50;
/** The thread that checks schemas, which ends some seconds after its last check, has up to nine. */
const FILES_MORE = 10;
const HEAP_MIB_MORE = 6;
/** There are 24 servers, and up to two objects are cached per server, such as the error of its last listing. */
const OBJECTS_MORE = 60;
/** A session must end within this time after its client has left. */
const OUTLIVES_MS = 3_000;

/** Adds the faults that can only be seen after the round. */
export function judge(round: Round, subject: Subject): void {
  for (const error of subject.log.errors.splice(0)) round.fault("unexpected error", error);
  if (round.isDead) return;
  for (const { port, waiting, ms } of subject.stalled.splice(0)) {
    const by = subject.stallers.get(port) ?? `port ${port}`;
    round.fault(
      "not cut",
      `${by} has taken nothing for ${ms} ms of ${waiting} bytes, and has its connection`,
      nameIn(by),
    );
  }
  for (const by of subject.log.outlived(OUTLIVES_MS)) round.fault("session outlived its client", by, nameIn(by));
  const [measured] = round.measured;
  if (measured === undefined) round.fault("harness", "the neighbour has not told what it measured");
  else judgeHealth(round, measured);
}

/** Adds what was not there before the round and remains after it. */
export function judgeLook(round: Round, before: Look | undefined, after: Look | undefined): void {
  if (before === undefined || after === undefined) return;
  if (after.sessions > 0) round.fault("left behind", `${after.sessions} sessions`);
  if (after.processes > 0) round.fault("left behind", `${after.processes} processes`);
  const more = (what: string, from: number, to: number, least: number): void => {
    if (to - from > least) round.fault("left behind", `${what}: ${tidy(from)} before, ${tidy(to)} after`);
  };
  more("file descriptors", before.files, after.files, FILES_MORE);
  more("MiB of live heap", before.heapMiB, after.heapMiB, HEAP_MIB_MORE);
  for (const [name, count] of after.objects)
    more(`objects ${name}`, before.objects.get(name) ?? 0, count, OBJECTS_MORE);
  for (const [name, count] of Object.entries(after.resources))
    more(`resources ${name}`, before.resources[name] ?? 0, count, 6);
}

export function healthText({ gateway, bare, failures }: ResponseTimes): string {
  const figures = (values: readonly number[]): string => {
    const [p50, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
    return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${Math.max(...values).toFixed(0)} ms`;
  };
  return `health of ${gateway.length}: ${figures(gateway)}, ${failures} failed (a bare server: ${figures(bare)})`;
}

function judgeHealth(round: Round, measured: ResponseTimes): void {
  if (measured.gateway.length === 0) return;
  const isSlow = percentile(measured.gateway, 0.99) > HEALTH_P99_MS || Math.max(...measured.gateway) > HEALTH_MAX_MS;
  const isStarved = percentile(measured.bare, 0.99) > BARE_P99_MS;
  if (isSlow && !isStarved) round.fault("slow for a neighbour", healthText(measured));
}

const tidy = (figure: number): string => (Number.isInteger(figure) ? String(figure) : figure.toFixed(1));

/** The `name` in `name (key)`. */
const nameIn = (by: string): { readonly name: string } => ({ name: by.split(" ")[0] ?? "" });

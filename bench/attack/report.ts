import type { Fault, Round } from "./round.ts";

const EXAMPLES = 2;
/** Maximum number of examples of leftovers, which form one list. */
const LEFT_BEHIND = 20;

/** The report of a round: each kind of fault once, with its count and examples; after a crash also the preceding actions. */
export function reportOf(round: Round, title: string): string[] {
  const groups = new Map<string, Fault[]>();
  for (const fault of round.faults) {
    const group = `${fault.kind} ${fault.name}`;
    groups.set(group, [...(groups.get(group) ?? []), fault]);
  }
  const lines = [...groups.values()].flatMap((faults) => {
    const [first] = faults;
    if (first === undefined) return [];
    const where = first.name === "" ? "" : ` in ${first.name}`;
    const head = `✗ ${title}: ${first.kind}${where}, ${faults.length} times, first at ${first.seconds.toFixed(1)} s`;
    return [
      head,
      ...faults
        .slice(0, first.kind === "left behind" ? LEFT_BEHIND : EXAMPLES)
        .map(({ key, detail }) => `    ${key} ${detail.slice(0, 400)}`),
    ];
  });
  if (!round.isDead) return lines;
  return [...lines, "  the last actions:", ...[...round.last, ...round.running].map((line) => `    ${line}`)];
}

import type { Fault, Round } from "./round.ts";

const EXAMPLES = 2;
/** What is left behind is one list. */
const LEFT_BEHIND = 20;

/** The faults of a round, each kind once with how often and where to look; after a death also what came before it. */
export function told(round: Round, title: string): string[] {
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

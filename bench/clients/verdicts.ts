import { TRANSPORT_NAMES, type Transport } from "./client.ts";

export interface Verdict {
  readonly client: string;
  readonly transport: Transport;
  readonly scenario: string;
  readonly outcome: "held" | "failed" | "client gives up";
  /** What is worth telling of it. */
  readonly note: string;
}

const MARKS: Readonly<Record<Verdict["outcome"], string>> = { held: "✓", failed: "✗", "client gives up": "gives up" };

/** One line per client and transport, a column per scenario, as Markdown. */
export function table(verdicts: readonly Verdict[]): string {
  const scenarios = [...new Set(verdicts.map(({ scenario }) => scenario))];
  const nameOf = ({ client, transport }: Verdict): string => `${client} | ${TRANSPORT_NAMES[transport]}`;
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = [...new Set(verdicts.map(nameOf))].map((line) => {
    const own = verdicts.filter((verdict) => nameOf(verdict) === line);
    const cell = (name: string): string => cellOf(own.find(({ scenario }) => scenario === name));
    return row([line, ...scenarios.map(cell)]);
  });
  const head = ["client", "transport", ...scenarios];
  return [row(head), row(head.map(() => "---")), ...rows].join("\n");
}

function cellOf(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "";
  const { outcome, note } = verdict;
  return outcome === "held" && note !== "" ? `${MARKS[outcome]} ${note}` : MARKS[outcome];
}

import { isReached, WAY_NAMES, type Figure, type Goal } from "./figures.ts";

const CALL_FIGURES = ["CPU per call", "calls/s", "p50", "p99"];

/** The figures as Markdown: small calls with one row per load point, then all others. */
export function markdown(figures: readonly Figure[]): string {
  const ofCalls = figures.filter(({ name }) => CALL_FIGURES.includes(name));
  const others = figures.filter((figure) => !ofCalls.includes(figure));
  return [ofCalls.length > 0 && callTable(ofCalls), others.length > 0 && otherTable(others)]
    .filter(Boolean)
    .join("\n\n");
}

function callTable(figures: readonly Figure[]): string {
  const places = new Map(figures.map((figure) => [`${figure.transport} ${figure.point}`, figure]));
  const rows = [...places.values()].map(({ transport, point }) => {
    const [cpu, rate, p50, p99] = CALL_FIGURES.map((name) =>
      figures.find((figure) => figure.name === name && figure.transport === transport && figure.point === point),
    );
    const absolute = `${number(cpu?.gateway)} / ${number(cpu?.ideal)}`;
    const rates = `${number(rate?.gateway)} / ${number(rate?.ideal)}`;
    return [nameOf(transport), point, absolute, ratio(cpu), rates, ratio(rate), ratio(p50), ratio(p99)];
  });
  const head = ["transport", "load", "CPU per call, µs", "×", "calls/s", "×", "p50 ×", "p99 ×"];
  return table(head, rows);
}

function otherTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    nameOf(figure.transport),
    `${number(figure.gateway)} ${figure.unit}`.trim(),
    figure.ideal === undefined ? "" : `${number(figure.ideal)} ${figure.unit}`.trim(),
    figure.ratio === undefined ? "" : number(figure.ratio),
    target(figure.goal, figure.unit),
    mark(figure),
  ]);
  return table(["figure", "transport", "gateway", "ideal", "×", "target", ""], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const nameOf = (transport: Figure["transport"]): string => (transport === undefined ? "" : WAY_NAMES[transport]);

function ratio(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  return [number(figure.ratio), target(figure.goal, figure.unit), mark(figure)].filter((part) => part !== "").join(" ");
}

function mark(figure: Figure): string {
  const reached = isReached(figure);
  return reached === undefined ? "" : reached ? "✓" : "✗";
}

function target(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return "";
  const sign = goal.bound === "at most" ? "≤" : "≥";
  return goal.of === "ratio" ? `(${sign} ${goal.value})` : `(${sign} ${goal.value} ${unit})`;
}

/** Rounded to three significant digits. */
function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

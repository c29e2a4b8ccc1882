import { Chart } from "./chart.js";
import { part } from "./elements.js";
import { bytes, count, millis, rate } from "./format.js";
import { maxStepMs, samplesOf, serversIn } from "./history.js";
import { Legend } from "./legend.js";

/** @import { History, ServerPoint } from "../console-api.ts" */

/** @type {readonly (import("./chart.js").Axis & { figure: keyof ServerPoint })[]} */
const FIGURES = [
  { figure: "callsPerSecond", title: "Calls per second", steps: "decimal", format: rate },
  { figure: "p50", title: "Latency, median", steps: "decimal", format: millis },
  { figure: "p95", title: "Latency, 95th percentile", steps: "decimal", format: millis },
  { figure: "processes", title: "Processes", steps: "whole", format: count },
  { figure: "residentBytes", title: "Memory of the processes", steps: "binary", format: bytes },
];
const GATEWAY = { title: "Memory of the gateway", steps: /** @type {const} */ ("binary"), format: bytes };
const STEPS = new Map([
  ["ArrowLeft", -1],
  ["ArrowRight", 1],
  ["PageUp", -30],
  ["PageDown", 30],
  ["Home", -Infinity],
  ["End", Infinity],
]);

/** The plots of the last hour. A time that is pointed at in one of them is read in all. */
export class Charts {
  #charts = FIGURES.map((axis) => ({ chart: new Chart(axis), figure: axis.figure }));
  #gateway = new Chart(GATEWAY);
  #legend = new Legend(() => this.#draw());
  /** @type {History} */
  #history = { everyMs: 10_000, points: [] };
  /** @type {number | undefined} */
  #read;

  constructor() {
    for (const chart of this.#all()) {
      part("charts", HTMLElement).append(chart.node);
      chart.plot.addEventListener("pointermove", (event) => this.#point(chart.indexAt(event)));
      chart.plot.addEventListener("pointerleave", () => this.#point(undefined));
      chart.plot.addEventListener("blur", () => this.#point(undefined));
      chart.plot.addEventListener("keydown", (event) => this.#onKey(event));
    }
  }

  /** @param {History} history */
  update(history) {
    this.#history = history;
    this.#legend.update(serversIn(history).toSorted((one, other) => one.localeCompare(other, "en", { numeric: true })));
    this.#draw();
  }

  #all() {
    return [...this.#charts.map(({ chart }) => chart), this.#gateway];
  }

  #draw() {
    const history = this.#history;
    const times = history.points.map(({ at }) => at);
    const shown = this.#legend.lines();
    for (const { chart, figure } of this.#charts) {
      const lines = shown.map(({ name, look }) => ({ name, look, samples: samplesOf(history, name, figure) }));
      chart.update(lines, times, maxStepMs(history));
    }
    const samples = history.points.map(({ at, residentBytes }) => ({ at, value: residentBytes }));
    this.#gateway.update([{ name: "gateway", look: "line-own", samples }], times, maxStepMs(history));
    this.#point(this.#read);
  }

  /** @param {number | undefined} index */
  #point(index) {
    this.#read = index === undefined || index < 0 ? undefined : Math.min(index, this.#history.points.length - 1);
    for (const chart of this.#all()) chart.read(this.#read);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const step = STEPS.get(event.key);
    const last = this.#history.points.length - 1;
    if (event.key === "Escape" && this.#read !== undefined) {
      event.stopPropagation();
      this.#point(undefined);
    }
    if (step === undefined || last < 0) return;
    event.preventDefault();
    this.#point(Math.min(last, Math.max(0, (this.#read ?? last) + step)));
  }
}

import { element, setChildren, setText, svg } from "./elements.js";
import { hoursAndMinutes, timeOfDay } from "./format.js";
import { closest, linePath, scale, ticksTo } from "./plot-scale.js";
import { shownTime, timeTicks } from "./plot-time.js";
import { visibleLine } from "./visible.js";

/** @import { Sample } from "./plot-scale.js" */

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} look its class
 * @property {readonly Sample[]} samples
 */

/**
 * @typedef {object} Axis
 * @property {string} title
 * @property {"decimal" | "binary" | "whole"} steps
 * @property {(value: number) => string} format
 */

const HEIGHT = 150;
const LEFT = 62;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;
const NONE = "–";

/** A plot over the last hour, with a line per server and what they were at one time. */
export class Chart {
  #axis;
  #grid = svg("g", { class: "grid" });
  #paths = svg("g", {});
  #cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  #image = svg("svg", { height: HEIGHT, "aria-hidden": "true" }, this.#grid, this.#paths, this.#cursor);
  #when = element("span", "hint");
  #values = element("ul", "values");
  /** @type {readonly Line[]} */
  #lines = [];
  /** @type {readonly number[]} */
  #times = [];
  #maxStepMs = 0;
  plot;
  node;

  /** @param {Axis} axis */
  constructor(axis) {
    this.#axis = axis;
    this.plot = element("div", "plot");
    this.plot.append(this.#image);
    this.plot.tabIndex = 0;
    this.plot.role = "slider";
    this.plot.ariaLabel = `${axis.title}: the values at a time`;
    const caption = element("figcaption", "", element("strong", "", axis.title), " ", this.#when);
    this.node = element("figure", "chart", caption, this.plot, this.#values);
    new ResizeObserver(() => this.#draw()).observe(this.plot);
  }

  /**
   * @param {readonly Line[]} lines
   * @param {readonly number[]} times of the points of the hour
   * @param {number} maxStepMs
   */
  update(lines, times, maxStepMs) {
    this.#lines = lines;
    this.#times = times;
    this.#maxStepMs = maxStepMs;
    this.#draw();
  }

  /** The point under the pointer. @param {PointerEvent} event */
  indexAt({ clientX }) {
    const { left, width } = this.plot.getBoundingClientRect();
    const [from, to] = this.#hour();
    return closest(this.#times, scale([LEFT, width - RIGHT], [from, to])(clientX - left));
  }

  /**
   * Tells the values of one point, or the last ones.
   * @param {number | undefined} index
   */
  read(index) {
    const at = this.#times.at(index ?? -1);
    const x = this.#x();
    this.#cursor.setAttribute("visibility", index === undefined || at === undefined ? "hidden" : "visible");
    for (const end of ["x1", "x2"]) this.#cursor.setAttribute(end, String(at === undefined ? 0 : x(at)));
    const values = this.#lines.map(({ name, look, samples }) => {
      const value = at === undefined ? undefined : samples.find((sample) => sample.at === at)?.value;
      return { name: visibleLine(name, 40), look, text: value === undefined ? NONE : this.#axis.format(value) };
    });
    this.#tell(values);
    const time = at === undefined ? "" : index === undefined ? "now" : timeOfDay(at).slice(0, 8);
    setText(this.#when, time);
    this.plot.ariaValueMin = "0";
    this.plot.ariaValueMax = String(Math.max(0, this.#times.length - 1));
    this.plot.ariaValueNow = String(index ?? Math.max(0, this.#times.length - 1));
    this.plot.ariaValueText = [time, ...values.map(({ name, text }) => `${name} ${text}`)].join(", ");
  }

  /** @param {readonly { name: string, look: string, text: string }[]} values */
  #tell(values) {
    const { children } = this.#values;
    if (children.length !== values.length) {
      setChildren(
        this.#values,
        values.map(() => element("li", "", element("span", ""), element("b", ""))),
      );
    }
    for (const [at, { name, look, text }] of values.entries()) {
      const [label, value] = children[at]?.children ?? [];
      if (label !== undefined) setText(label, name);
      if (label instanceof HTMLElement) label.title = name; // there may be no room for all of it
      if (label !== undefined) label.className = `swatch ${look}`;
      if (value !== undefined) setText(value, text);
    }
  }

  #draw() {
    const width = this.plot.clientWidth;
    if (width === 0) return;
    this.#image.setAttribute("width", String(width));
    const highest = Math.max(0, ...this.#lines.flatMap(({ samples }) => samples.map(({ value }) => value ?? 0)));
    const ticks = ticksTo(highest, this.#axis.steps);
    const x = this.#x();
    const y = scale([0, ticks.at(-1) ?? 1], [HEIGHT - BOTTOM, TOP]);
    this.#grid.replaceChildren(...this.#rulers(ticks, y, width), ...this.#hours(x));
    this.#paths.replaceChildren(
      ...this.#lines.map(({ look, samples }) =>
        svg("path", { class: `line ${look}`, d: linePath(samples, { x, y, maxStepMs: this.#maxStepMs }) }),
      ),
    );
  }

  /**
   * @param {readonly number[]} ticks
   * @param {(value: number) => number} y
   * @param {number} width
   */
  #rulers(ticks, y, width) {
    return ticks.flatMap((tick) => [
      svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, this.#axis.format(tick)),
    ]);
  }

  /** @param {(at: number) => number} x */
  #hours(x) {
    return timeTicks(this.#hour()).map((at) => {
      const isAtEdge = x(at) > this.plot.clientWidth - RIGHT - 16;
      return svg("text", { x: x(at), y: HEIGHT - 4, "text-anchor": isAtEdge ? "end" : "middle" }, hoursAndMinutes(at));
    });
  }

  #x() {
    return scale(this.#hour(), [LEFT, this.plot.clientWidth - RIGHT]);
  }

  #hour() {
    return shownTime(this.#times);
  }
}

import { svg } from "./elements.js";
import { linePath, scale } from "./plot-scale.js";

/** @import { Sample } from "./plot-scale.js" */

const WIDTH = 200;
const HEIGHT = 36;

/** A small plot without axes. The text beside it says what it shows. */
export class Sparkline {
  #area = svg("path", { class: "area" });
  #line = svg("path", { class: "line", "vector-effect": "non-scaling-stroke" });
  node = svg(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    this.#area,
    this.#line,
  );

  /**
   * @param {readonly Sample[]} samples
   * @param {{ from: number, to: number, highest: number, maxStepMs: number }} frame
   */
  update(samples, { from, to, highest, maxStepMs }) {
    const x = scale([from, to], [0, WIDTH]);
    const y = scale([0, Math.max(highest, 1)], [HEIGHT - 1, 2]);
    const path = linePath(samples, { x, y, maxStepMs });
    this.#line.setAttribute("d", path);
    this.#area.setAttribute("d", areaOf(path));
  }
}

/**
 * Each piece of the line, closed along the bottom.
 * @param {string} path
 */
function areaOf(path) {
  return path
    .split(/(?=M)/)
    .filter((piece) => piece !== "")
    .map((piece) => {
      const places = piece.match(/[\d.-]+ [\d.-]+/g) ?? [];
      const [first = "0", last = "0"] = [places[0]?.split(" ")[0], places.at(-1)?.split(" ")[0]];
      return `${piece}L${last} ${HEIGHT}L${first} ${HEIGHT}Z`;
    })
    .join("");
}

import { button, part, setChildren } from "./elements.js";
import { freeLook } from "./line-looks.js";
import { visibleLine } from "./visible.js";

/** So many lines can be told apart; others are drawn when they are asked for. */
const MAX_AT_FIRST = 8;

/** Which servers have a line in the plots, and its colour. */
export class Legend {
  #list = part("legend", HTMLElement);
  #onChange;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @param {readonly string[]} names */
  update(names) {
    for (const name of this.#buttons.keys()) if (!names.includes(name)) this.#buttons.delete(name);
    for (const name of names) if (!this.#buttons.has(name)) this.#add(name);
    setChildren(this.#list, [...this.#buttons.values()]);
  }

  /** Those that are drawn, each with the class of its line. */
  lines() {
    return [...this.#buttons]
      .filter(([, { ariaPressed }]) => ariaPressed === "true")
      .map(([name, { dataset }]) => ({ name, look: dataset.look ?? "" }));
  }

  /** @param {string} name */
  #add(name) {
    const look = freeLook([...this.#buttons.values()].map(({ dataset }) => dataset.look ?? ""));
    const made = button(visibleLine(name, 60), `swatch ${look}`, () => {
      made.ariaPressed = String(made.ariaPressed !== "true");
      this.#onChange();
    });
    made.dataset.look = look;
    made.ariaPressed = String(this.lines().length < MAX_AT_FIRST);
    this.#buttons.set(name, made);
  }
}

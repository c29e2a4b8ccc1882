import { button, element, part, setChildren, setText } from "./elements.js";
import { counted } from "./format.js";
import { COLUMNS } from "./session-columns.js";
import { isFound, ordered } from "./session-order.js";
import { SessionRowView } from "./session-row.js";

/** @import { SessionRow } from "../console-api.ts" */
/** @import { Order } from "./session-order.js" */
/** @import { Column } from "./session-columns.js" */

/** More rows would make the page slow; the others are found by searching. */
const MAX_ROWS = 300;

export class SessionsTable {
  #table = part("sessions", HTMLTableElement);
  #search = part("session-search", HTMLInputElement);
  #choice = part("session-order", HTMLSelectElement);
  /** @type {Map<string, SessionRowView>} */
  #views = new Map();
  /** @type {readonly SessionRow[]} */
  #rows = [];
  #notListed = 0;
  #since = 0;
  /** @type {Order} */
  #order = { by: "idleMs", isDescending: false };
  /** @type {Map<string, HTMLElement>} */
  #heads = new Map();

  constructor() {
    const head = element(
      "tr",
      "",
      ...COLUMNS.map((column) => this.#headOf(column)),
      element("th", "", element("span", "unseen", "Actions")),
    );
    this.#table.tHead?.replaceChildren(head);
    for (const one of [this.#table, ...this.#table.querySelectorAll("thead, tbody")]) {
      one.role = one === this.#table ? "table" : "rowgroup"; // also where styles make cards of the rows
    }
    this.#choice.append(...COLUMNS.map(({ by, label }) => new Option(label, by)));
    this.#choice.addEventListener("change", () => this.#orderBy(COLUMNS[this.#choice.selectedIndex], true));
    this.#search.addEventListener("input", () => this.#render(true));
    this.#table.addEventListener("click", openRow);
    this.#table.tabIndex = -1;
    this.#showOrder();
  }

  /**
   * @param {readonly SessionRow[]} rows
   * @param {number} notListed
   */
  update(rows, notListed) {
    this.#rows = rows;
    this.#notListed = notListed;
    this.#since = performance.now();
    this.#render(false);
  }

  /** Where somebody comes back to. @param {string} key */
  focus(key) {
    (this.#views.get(key)?.node.querySelector("a") ?? this.#search).focus();
  }

  /** Time passes. */
  tick() {
    for (const view of this.#views.values()) view.show(performance.now() - this.#since);
  }

  /** @param {boolean} isAsked rows stay where they are while somebody is about to click one */
  #render(isAsked) {
    const search = this.#search.value.trim();
    const found = ordered(search === "" ? this.#rows : this.#rows.filter((row) => isFound(row, search)), this.#order);
    const shown = found.slice(0, MAX_ROWS);
    const keys = new Set(shown.map(({ key }) => key));
    for (const key of this.#views.keys()) if (!keys.has(key)) this.#views.delete(key);
    const isHeld = !isAsked && this.#table.querySelector("tbody:is(:hover, :focus-within)") !== null;
    const inPlace = isHeld ? heldOrder([...this.#views.keys()], shown) : shown;
    const nodes = inPlace.map((row) => this.#viewOf(row).node);
    const body = this.#table.tBodies[0];
    const hadFocus = this.#table.contains(document.activeElement);
    if (body !== undefined) setChildren(body, nodes);
    if (hadFocus && !this.#table.contains(document.activeElement)) this.#table.focus(); // its row has gone
    this.tick();
    this.#tellCounts(shown.length, found.length);
  }

  /** @param {SessionRow} row */
  #viewOf(row) {
    const view = this.#views.get(row.key) ?? new SessionRowView(row);
    this.#views.delete(row.key); // so that the map has the order of the page
    this.#views.set(row.key, view);
    view.update(row);
    return view;
  }

  /**
   * @param {number} shown
   * @param {number} found
   */
  #tellCounts(shown, found) {
    const all = this.#rows.length + this.#notListed;
    setText(part("session-count", HTMLElement), found === all ? String(all) : `${found} of ${all}`);
    const notes = [
      ...(all === 0 ? ["Nobody is connected."] : []),
      ...(all > 0 && found === 0 ? ["No session is found with these words."] : []),
      ...(shown < found ? [`The first ${shown} are shown.`] : []),
      ...(this.#notListed > 0 ? [`${counted(this.#notListed, "session")} used longer ago cannot be listed.`] : []),
    ];
    setText(part("session-note", HTMLElement), notes.join(" "));
  }

  /** @param {Column} column */
  #headOf(column) {
    const order = button(column.label, "order", () => this.#orderBy(column));
    const cell = element("th", column.isNumber ? "number" : "", order);
    cell.scope = "col";
    this.#heads.set(column.by, cell);
    return cell;
  }

  /**
   * @param {Column | undefined} column
   * @param {boolean} [isNew]
   */
  #orderBy(column, isNew = column?.by !== this.#order.by) {
    if (column === undefined) return;
    const { by, isNumber } = column;
    this.#order = { by, isDescending: isNew ? isNumber && by !== "idleMs" : !this.#order.isDescending };
    this.#showOrder();
    this.#render(true);
  }

  #showOrder() {
    const { by, isDescending } = this.#order;
    for (const [name, cell] of this.#heads)
      cell.ariaSort = name !== by ? "none" : isDescending ? "descending" : "ascending";
    this.#choice.value = by;
  }
}

/**
 * The rows that are there stay in their order; new ones come last.
 * @param {readonly string[]} keys
 * @param {readonly SessionRow[]} rows
 */
function heldOrder(keys, rows) {
  const places = new Map(keys.map((key, at) => [key, at]));
  return rows.toSorted((one, other) => (places.get(one.key) ?? Infinity) - (places.get(other.key) ?? Infinity) || 0);
}

/**
 * A click anywhere in a row opens it, unless a text was selected.
 * @param {MouseEvent} event
 */
function openRow({ target }) {
  if (!(target instanceof Element) || target.closest("a, button") !== null || String(getSelection()) !== "") return;
  target.closest("tr")?.querySelector("a")?.click();
}

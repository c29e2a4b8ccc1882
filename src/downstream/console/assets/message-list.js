import { part, setChildren } from "./elements.js";
import { messageRow, missingRow } from "./message-row.js";

/** @import { Entry } from "./message-entries.js" */

/** So close to its end the list follows what comes. */
const NEAR_END = 12;
const PAGE = 15;

/** The rows of the messages. The list stays at its end while it is scrolled to it. */
export class MessageList {
  #scroller = part("scroller", HTMLElement);
  #onOpen;
  #onMove;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** @type {HTMLElement | undefined} */
  #current;
  /** It is scrolled to its end. */
  isAtEnd = true;

  /**
   * @param {(n: number) => void} onOpen a message was asked for
   * @param {(n: number) => void} onMove another one has the focus
   * @param {() => void} onScroll
   */
  constructor(onOpen, onMove, onScroll) {
    this.#onOpen = onOpen;
    this.#onMove = onMove;
    this.#scroller.addEventListener("click", ({ target }) => this.#onClick(target));
    this.#scroller.addEventListener("keydown", (event) => this.#onKey(event));
    this.#scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
      this.isAtEnd = scrollHeight - scrollTop - clientHeight <= NEAR_END;
      onScroll();
    });
    // With less room, because a message was opened beside it, the end stays in sight.
    new ResizeObserver(() => this.isAtEnd && this.toEnd()).observe(this.#scroller);
  }

  /** @param {readonly Entry[]} entries */
  show(entries) {
    const hadFocus = this.#scroller.contains(document.activeElement);
    /** @type {Map<string, HTMLElement>} */
    const rows = new Map();
    for (const entry of entries) {
      const key = keyOf(entry);
      rows.set(key, this.#rows.get(key) ?? ("missing" in entry ? missingRow(entry) : messageRow(entry)));
    }
    this.#rows = rows;
    setChildren(this.#scroller, [...rows.values()]);
    if (this.#current?.isConnected === false) this.#setCurrent(undefined);
    if (hadFocus && !this.#scroller.contains(document.activeElement)) this.#scroller.focus();
    if (this.isAtEnd) this.toEnd();
  }

  toEnd() {
    this.isAtEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Back to the row that was open. */
  focus() {
    (this.#current ?? this.#scroller).focus();
  }

  /** @param {EventTarget | null} target */
  #onClick(target) {
    const row = target instanceof Element ? target.closest("[data-n]") : null;
    if (!(row instanceof HTMLElement) || String(getSelection()) !== "") return;
    this.#setCurrent(row);
    row.focus();
    this.#onOpen(Number(row.dataset.n));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...this.#rows.values()].filter(({ dataset }) => dataset.n !== undefined);
    const at = this.#current === undefined ? rows.length : rows.indexOf(this.#current);
    if (event.key === "Enter" && this.#current !== undefined) this.#onOpen(Number(this.#current.dataset.n));
    const next = stepOf(event.key, at, rows.length - 1);
    const row = next === undefined ? undefined : rows[next];
    if (row === undefined) return;
    event.preventDefault();
    this.#setCurrent(row);
    row.focus();
    row.scrollIntoView({ block: "nearest" });
    this.#onMove(Number(row.dataset.n));
  }

  /**
   * One row can be reached with the tab key; the arrows lead to the others.
   * @param {HTMLElement | undefined} row
   */
  #setCurrent(row) {
    if (this.#current !== undefined) {
      this.#current.tabIndex = -1;
      this.#current.ariaSelected = null;
    }
    this.#current = row;
    this.#scroller.tabIndex = row === undefined ? 0 : -1;
    if (row === undefined) return;
    row.tabIndex = 0;
    row.ariaSelected = "true";
  }
}

/** @param {Entry} entry */
const keyOf = (entry) => ("missing" in entry ? `${entry.n}: ${entry.missing}` : String(entry.n));

/**
 * @param {string} key
 * @param {number} at
 * @param {number} last
 */
function stepOf(key, at, last) {
  if (key === "Home") return 0;
  if (key === "End") return last;
  const step = new Map([
    ["ArrowUp", -1],
    ["ArrowDown", 1],
    ["PageUp", -PAGE],
    ["PageDown", PAGE],
  ]).get(key);
  return step === undefined ? undefined : Math.min(last, Math.max(0, at + step));
}

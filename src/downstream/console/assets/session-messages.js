import { part, setText } from "./elements.js";
import { count, counted } from "./format.js";
import { counterpart, entriesOf, isWanted } from "./message-entries.js";
import { MessageList } from "./message-list.js";
import { MessageLog } from "./message-log.js";
import { MessageTools } from "./message-tools.js";

/** @import { SeenMessage } from "../console-api.ts" */

const MAX_ROWS = 1000;
/** Many messages are shown at once. */
const RENDER_MS = 120;

/** The messages of the open session as they pass. */
export class SessionMessages {
  #log = new MessageLog();
  #list;
  #tools = new MessageTools(
    () => this.#render(),
    () => this.#onPause(),
  );
  #latest = part("latest", HTMLButtonElement);
  #note = part("log-note", HTMLElement);
  /** @type {readonly SeenMessage[] | undefined} what was there when it was paused */
  #held;
  #missed = 0;
  #waiting = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** What is said when there is none. */
  #empty = "";

  /**
   * @param {(n: number) => void} onOpen
   * @param {(n: number) => void} onMove
   */
  constructor(onOpen, onMove) {
    this.#list = new MessageList(onOpen, onMove, () => this.#onScroll());
    this.#latest.addEventListener("click", () => this.#toLatest());
  }

  /** For another session. @param {string} empty */
  reset(empty) {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#log = new MessageLog();
    this.#held = undefined;
    this.#missed = 0;
    this.#waiting = 0;
    this.#tools.reset();
    this.#empty = empty;
    this.#render();
    this.#list.toEnd();
  }

  /** @param {string} empty */
  setEmpty(empty) {
    if (empty === this.#empty) return;
    this.#empty = empty;
    this.#render();
  }

  /** @param {readonly SeenMessage[]} messages */
  add(messages) {
    if (messages.length > 0) this.#missed = 0; // the numbers tell what is missing
    this.#log.add(messages);
    if (!this.#list.isAtEnd || this.#tools.isPaused) {
      this.#waiting += messages.filter((message) => isWanted(message, this.#tools.wanted)).length;
    }
    this.#timer ??= setTimeout(() => this.#render(), RENDER_MS);
  }

  /** @param {number} missed */
  miss(missed) {
    this.#missed += missed;
    this.#render();
  }

  /** @param {number} n */
  find(n) {
    return this.#log.find(n);
  }

  /** @param {SeenMessage} message */
  counterpart(message) {
    return counterpart(this.#log.messages, message);
  }

  focus() {
    this.#list.focus();
  }

  #render() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const messages = this.#held ?? this.#log.messages;
    const { entries, hidden } = entriesOf(messages, this.#tools.wanted, MAX_ROWS);
    this.#tools.offer(this.#log.messages);
    this.#list.show(entries);
    this.#onScroll();
    const shown = entries.filter((entry) => !("missing" in entry)).length;
    setText(this.#note, this.#noteOf(shown, messages.length, hidden));
  }

  /**
   * @param {number} shown
   * @param {number} all
   * @param {number} hidden
   */
  #noteOf(shown, all, hidden) {
    if (all === 0) return this.#empty;
    return [
      shown === all ? counted(all, "message") : `${count(shown)} of ${counted(all, "message")}`,
      ...(hidden > 0 ? [`the last ${count(MAX_ROWS)} are shown`] : []),
      ...(this.#missed > 0 ? [`${counted(this.#missed, "message")} missed: this page did not keep up`] : []),
    ].join(" · ");
  }

  #onPause() {
    this.#held = this.#tools.isPaused ? [...this.#log.messages] : undefined;
    this.#waiting = 0;
    this.#render();
  }

  #onScroll() {
    if (this.#list.isAtEnd && !this.#tools.isPaused) this.#waiting = 0;
    this.#tools.count(this.#waiting);
    this.#latest.hidden = this.#list.isAtEnd;
    const isCounted = this.#waiting > 0 && !this.#tools.isPaused;
    setText(this.#latest, isCounted ? `To the latest (${this.#waiting} new)` : "To the latest");
  }

  #toLatest() {
    this.#list.toEnd();
    this.focus();
  }
}

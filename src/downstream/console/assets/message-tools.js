import { part, setText } from "./elements.js";
import { methodsIn } from "./message-entries.js";
import { visibleLine } from "./visible.js";

/** @import { SeenMessage } from "../console-api.ts" */
/** @import { Wanted } from "./message-entries.js" */

const MAX_METHODS = 100;

/** What is looked for among the messages. */
export class MessageTools {
  #search = part("message-search", HTMLInputElement);
  #method = part("message-method", HTMLSelectElement);
  #from = part("message-from", HTMLSelectElement);
  #pause = part("pause", HTMLButtonElement);
  #known = "";

  /**
   * @param {() => void} onChange
   * @param {() => void} onPause
   */
  constructor(onChange, onPause) {
    this.#search.addEventListener("input", onChange);
    this.#method.addEventListener("change", onChange);
    this.#from.addEventListener("change", onChange);
    this.#pause.addEventListener("click", () => {
      this.#setPaused(!this.isPaused);
      onPause();
    });
  }

  get isPaused() {
    return this.#pause.ariaPressed === "true";
  }

  /** @returns {Wanted} */
  get wanted() {
    const from = this.#from.value;
    return {
      search: this.#search.value.trim(),
      method: this.#method.value,
      from: from === "client" || from === "server" ? from : "",
    };
  }

  /** For another session. */
  reset() {
    this.#search.value = "";
    this.#from.value = "";
    this.#setPaused(false);
    this.#known = "";
    this.#method.replaceChildren(new Option("all methods", ""));
  }

  /** @param {readonly SeenMessage[]} messages */
  offer(messages) {
    const methods = methodsIn(messages).slice(0, MAX_METHODS);
    if (methods.join("\n") === this.#known) return;
    this.#known = methods.join("\n");
    const { value } = this.#method;
    const options = methods.map((method) => new Option(visibleLine(method, 60), method));
    this.#method.replaceChildren(new Option("all methods", ""), ...options);
    this.#method.value = methods.includes(value) ? value : "";
  }

  /** @param {number} waiting messages that came since */
  count(waiting) {
    setText(this.#pause, this.isPaused ? `Go on (${waiting} new)` : "Pause");
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    this.#pause.ariaPressed = String(isPaused);
    this.count(0);
  }
}

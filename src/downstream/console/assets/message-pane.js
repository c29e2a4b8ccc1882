import { button, element, part } from "./elements.js";
import { bytes, millis, timeOfDay } from "./format.js";
import { whatOf } from "./message-row.js";
import { textOrWhyNot, textSection } from "./message-texts.js";
import { toolCallActions } from "./tool-call.js";
import { visibleLine } from "./visible.js";

/** @import { SeenMessage } from "../console-api.ts" */

/** One message with its whole text, and the answer to it or the request of it. */
export class MessagePane {
  #node = part("pane", HTMLElement);
  #split = part("split", HTMLElement);
  #onClose;
  #reading = new AbortController();
  /** @type {{ n: number, other: number | undefined } | undefined} */
  #shown;

  /** @param {() => void} onClose */
  constructor(onClose) {
    this.#onClose = onClose;
  }

  get isOpen() {
    return this.#shown !== undefined;
  }

  /** Whether it shows this request; while somebody edits its arguments, it stays as it is. @param {number} n */
  isWaitingFor(n) {
    return this.#shown?.n === n && this.#node.querySelector(".again") === null;
  }

  /**
   * @param {{ key: string, server: string }} session
   * @param {SeenMessage} message
   * @param {SeenMessage | undefined} other its counterpart
   */
  async show(session, message, other) {
    if (this.#shown?.n === message.n && this.#shown.other === other?.n) return;
    this.#shown = { n: message.n, other: other?.n };
    this.#reading.abort();
    const { signal } = (this.#reading = new AbortController());
    const [text, otherText] = await Promise.all([
      textOrWhyNot(session.key, message.n, signal),
      other === undefined ? undefined : textOrWhyNot(session.key, other.n, signal),
    ]);
    if (signal.aborted) return;
    const isRequest = message.kind === "request";
    const request = isRequest ? { seen: message, text } : { seen: other, text: otherText };
    const answer = isRequest ? { seen: other, text: otherText } : { seen: message, text };
    const tool = message.method === "tools/call" ? message.tool : undefined;
    const actions =
      tool === undefined || request.text === undefined
        ? []
        : [
            toolCallActions(session.server, tool, {
              request: request.text,
              answer: answer.seen,
              answerText: answer.text,
            }),
          ];
    const sections =
      message.kind === "notification"
        ? [textSection("Notification", message, text)]
        : [
            request.seen === undefined || request.text === undefined
              ? absent("Request", "It is not kept any more.")
              : textSection("Request", request.seen, request.text),
            answer.seen === undefined || answer.text === undefined
              ? absent("Answer", "None has come yet.")
              : textSection(answerLabel(answer.seen), answer.seen, answer.text),
          ];
    this.#fill(message, [...actions, ...sections]);
  }

  close() {
    if (!this.isOpen) return false;
    this.#shown = undefined;
    this.#reading.abort();
    this.#node.hidden = true;
    this.#node.replaceChildren();
    this.#split.classList.remove("has-pane");
    this.#onClose();
    return true;
  }

  focus() {
    this.#node.querySelector("button")?.focus();
  }

  /**
   * @param {SeenMessage} message
   * @param {readonly Node[]} parts
   */
  #fill(message, parts) {
    const title = element("h3", "", message.from === "client" ? "→ " : "← ", ...whatOf(message));
    title.id = "pane-title";
    const close = button("Close", "quiet", () => this.close());
    const figures = [
      `#${message.n}`,
      timeOfDay(message.at),
      bytes(message.bytes),
      ...(message.id === undefined ? [] : [`id ${visibleLine(message.id, 60)}`]),
      ...(message.ms === undefined ? [] : [millis(message.ms)]),
    ];
    this.#node.replaceChildren(
      element("div", "bar", title, close),
      element("p", "hint", figures.join(" · ")),
      ...parts,
    );
    this.#node.hidden = false;
    this.#node.scrollTop = 0;
    this.#split.classList.add("has-pane");
  }
}

/** @param {SeenMessage} answer */
const answerLabel = ({ isOwn, ms }) =>
  `Answer${isOwn ? " of the gateway" : ""}${ms === undefined ? "" : ` after ${millis(ms)}`}`;

/**
 * @param {string} label
 * @param {string} why
 */
const absent = (label, why) => element("section", "", element("h4", "", label), element("p", "hint", why));

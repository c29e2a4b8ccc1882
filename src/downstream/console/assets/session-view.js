import { part } from "./elements.js";
import { isAnswer } from "./message-entries.js";
import { MessagePane } from "./message-pane.js";
import { say } from "./notices.js";
import { SessionHead } from "./session-head.js";
import { SessionMessages } from "./session-messages.js";
import { visibleLine } from "./visible.js";

/** @import { ConsoleState, EndedSession, SeenMessage, SessionEnd, SessionLog, SessionRow } from "../console-api.ts" */

/** One session, live. */
export class SessionView {
  #head = new SessionHead();
  #messages = new SessionMessages(
    (n) => this.#open(n, true),
    (n) => this.#pane.isOpen && this.#open(n, false),
  );
  #pane = new MessagePane(() => this.#messages.focus());
  /** @type {string | undefined} */
  #key;
  /** @type {SessionRow | EndedSession | undefined} */
  #row;

  /** @param {string} key */
  open(key) {
    if (key === this.#key) return;
    this.#pane.close();
    this.#key = key;
    this.#row = undefined;
    this.#head.update(undefined);
    this.#messages.reset("Asking for its messages …");
    part("session-title", HTMLElement).focus();
  }

  /** The key of the session that was open. */
  close() {
    const key = this.#key;
    this.#pane.close();
    this.#key = undefined;
    this.#messages.reset("");
    return key;
  }

  closePane() {
    return this.#pane.close();
  }

  tick() {
    this.#head.tick();
  }

  /** @param {ConsoleState} state */
  update({ sessions, ended }) {
    if (this.#key === undefined) return;
    const row = [...sessions, ...ended].find(({ key }) => key === this.#key);
    if (row !== undefined) this.#setRow(row);
  }

  /** @param {SessionLog} log */
  onBacklog({ session, messages }) {
    if (session.key !== this.#key) return;
    this.#setRow(session);
    this.#messages.setEmpty("No message has passed yet.");
    this.#messages.add(messages);
  }

  /** @param {SeenMessage} message */
  onMessage(message) {
    this.#messages.add([message]);
    if (!isAnswer(message) || !this.#pane.isOpen) return;
    const request = this.#messages.counterpart(message);
    if (request !== undefined && this.#pane.isWaitingFor(request.n)) this.#open(request.n, false);
  }

  /** @param {SessionEnd} end */
  onClosed(end) {
    if (this.#row !== undefined) this.#setRow({ ...this.#row, ...end });
    say(`The session has ended: ${visibleLine(end.reason)}.`);
  }

  /** @param {number} missed */
  onGap(missed) {
    this.#messages.miss(missed);
  }

  /** Its messages cannot be told. @param {string} why */
  onGone(why) {
    this.#messages.setEmpty(visibleLine(why));
  }

  /** @param {SessionRow | EndedSession} row */
  #setRow(row) {
    this.#row = row;
    this.#head.update(row);
    document.title = `${visibleLine(row.principal)} with ${visibleLine(row.server)} · Console · mcp-gateway`;
  }

  /**
   * @param {number} n
   * @param {boolean} isAsked
   */
  #open(n, isAsked) {
    const message = this.#messages.find(n);
    if (message === undefined || this.#key === undefined) return;
    const session = { key: this.#key, server: this.#row?.server ?? "" };
    const shown = this.#pane.show(session, message, this.#messages.counterpart(message));
    if (isAsked) void shown.then(() => this.#pane.focus());
  }
}

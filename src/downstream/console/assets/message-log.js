/** @import { SeenMessage } from "../console-api.ts" */

/** The page keeps no more, however long it is open. */
export const MAX_MESSAGES = 5000;

/** The messages of one session, by their numbers. They may come twice: when the stream is opened again, some are told again. */
export class MessageLog {
  /** @type {SeenMessage[]} */
  messages = [];

  /** @param {readonly SeenMessage[]} messages */
  add(messages) {
    const last = this.messages.at(-1)?.n ?? -1;
    const isNext = messages.every(({ n }, at) => n > (messages[at - 1]?.n ?? last));
    if (!isNext) {
      const byNumber = new Map([...this.messages, ...messages].map((message) => [message.n, message]));
      this.messages = [...byNumber.values()].toSorted((one, other) => one.n - other.n);
    } else this.messages.push(...messages);
    // In large steps, because each moves all that is kept.
    if (this.messages.length > MAX_MESSAGES * 1.2) this.messages = this.messages.slice(-MAX_MESSAGES);
  }

  /** @param {number} n */
  find(n) {
    return this.messages.find((message) => message.n === n);
  }
}

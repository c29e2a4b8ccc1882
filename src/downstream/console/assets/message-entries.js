// What the list of messages shows: those that are looked for, and where some are missing.

/** @import { SeenMessage } from "../console-api.ts" */

/**
 * @typedef {object} Wanted
 * @property {string} search
 * @property {string} method "" is any
 * @property {"" | "client" | "server"} from
 */

/**
 * A place where messages are missing.
 * @typedef {object} Missing
 * @property {number} missing
 * @property {number} n the number of the first of them
 */

/** @typedef {SeenMessage | Missing} Entry */

/**
 * The last entries that are looked for. The messages of a session are counted: a number that was left out is a message that this page
 * has not been given.
 * @param {readonly SeenMessage[]} messages by their numbers
 * @param {Wanted} wanted
 * @param {number} max
 * @returns {{ entries: Entry[], hidden: number }} and how many more there would be before them
 */
export function entriesOf(messages, wanted, max) {
  const first = messages[0]?.n ?? 1;
  /** @type {Entry[]} */
  const entries = first > 1 ? [{ missing: first - 1, n: 1 }] : [];
  let next = first;
  for (const message of messages) {
    if (message.n > next) entries.push({ missing: message.n - next, n: next });
    next = message.n + 1;
    if (isWanted(message, wanted)) entries.push(message);
  }
  return { entries: entries.slice(-max), hidden: Math.max(0, entries.length - max) };
}

/**
 * @param {SeenMessage} message
 * @param {Wanted} wanted
 */
export function isWanted(message, { search, method, from }) {
  if (from !== "" && message.from !== from) return false;
  if (method !== "" && message.method !== method) return false;
  if (search === "") return true;
  const text = [message.method, message.tool, message.id, message.kind, `#${message.n}`].join("\n").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/**
 * The methods that occur, for a choice.
 * @param {readonly SeenMessage[]} messages
 */
export const methodsIn = (messages) =>
  [...new Set(messages.flatMap(({ method }) => (method === undefined ? [] : [method])))].toSorted();

/**
 * The answer to a request, or the request of an answer. Ids are used again by some clients: the closest one is meant.
 * @param {readonly SeenMessage[]} messages by their numbers
 * @param {SeenMessage} message
 */
export function counterpart(messages, message) {
  const { n, id, from, kind } = message;
  if (id === undefined || kind === "notification") return undefined;
  const isRequest = kind === "request";
  const others = messages.filter(
    (other) =>
      other.id === id &&
      other.from !== from &&
      (isRequest ? other.n > n && isAnswer(other) : other.n < n && other.kind === "request"),
  );
  if (!isRequest) return others.at(-1);
  const [answer] = others;
  const next = messages.find(
    (other) => other.id === id && other.from === from && other.kind === "request" && other.n > n,
  );
  return answer !== undefined && (next === undefined || answer.n < next.n) ? answer : undefined;
}

/** @param {Pick<SeenMessage, "kind">} message */
export const isAnswer = ({ kind }) => kind === "response" || kind === "error";

import { eventsUrl, problemOf } from "./api.js";
import { whileVisible } from "./while-visible.js";

/** @import { ConsoleState, HistoryPoint, SeenMessage, SessionEnd, SessionLog } from "../console-api.ts" */

/**
 * @typedef {object} Listener
 * @property {(state: ConsoleState) => void} onState
 * @property {(point: HistoryPoint) => void} onPoint
 * @property {(log: SessionLog) => void} onBacklog
 * @property {(message: SeenMessage) => void} onMessage
 * @property {(end: SessionEnd) => void} onClosed
 * @property {(missed: number) => void} onGap
 * @property {() => void} onOpen
 * @property {(why: string) => void} onGone the session that is watched is not known any more
 * @property {(status: "connected" | "reconnecting" | "asleep", why?: string) => void} onStatus
 */

const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];

/**
 * The one stream of events from the gateway. A browser opens a stream that broke again by itself; where it gives up, because the
 * gateway refused, this does.
 */
export class Live {
  #listener;
  /** @type {string | undefined} */
  #session;
  /** @type {EventSource | undefined} */
  #source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #failures = 0;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {string | undefined} session the one whose messages are wanted */
  start(session) {
    this.#session = session;
    whileVisible(
      () => this.#open(),
      () => {
        this.#close();
        this.#listener.onStatus("asleep");
      },
    );
  }

  /** @param {string | undefined} session */
  watch(session) {
    if (session === this.#session) return;
    this.#session = session;
    if (!document.hidden) this.#open();
  }

  #open() {
    this.#close();
    const source = new EventSource(eventsUrl(this.#session));
    this.#source = source;
    const { onState, onPoint, onBacklog, onMessage, onClosed, onGap } = this.#listener;
    on(source, "state", onState);
    on(source, "point", onPoint);
    on(source, "backlog", onBacklog);
    on(source, "message", onMessage);
    on(source, "closed", onClosed);
    on(source, "gap", ({ missed }) => onGap(Number(missed)));
    source.addEventListener("open", () => this.#onOpen());
    source.addEventListener("error", () => void this.#onError(source));
  }

  #close() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  }

  #onOpen() {
    this.#failures = 0;
    this.#listener.onStatus("connected");
    this.#listener.onOpen();
  }

  /** @param {EventSource} source */
  async #onError(source) {
    if (source !== this.#source) return;
    this.#listener.onStatus("reconnecting");
    if (source.readyState !== EventSource.CLOSED) return;
    const session = this.#session;
    const { status, why } = await refusal(source.url);
    if (source !== this.#source) return;
    // There is no session to watch: everything else goes on.
    if (status === 404 && session !== undefined) {
      this.#listener.onGone(why);
      this.watch(undefined);
      return;
    }
    this.#listener.onStatus("reconnecting", why);
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => this.#open(), wait);
  }
}

/**
 * @param {EventSource} source
 * @param {string} event
 * @param {(data: any) => void} listener
 */
const on = (source, event, listener) =>
  source.addEventListener(event, (/** @type {MessageEvent<string>} */ { data }) => listener(JSON.parse(data)));

/**
 * Why the gateway refused: an EventSource does not tell.
 * @param {string} url
 * @returns {Promise<{ status: number, why: string }>}
 */
async function refusal(url) {
  const leaving = new AbortController();
  try {
    const response = await fetch(url, { cache: "no-store", signal: leaving.signal });
    return { status: response.status, why: response.ok ? "" : await problemOf(response) };
  } catch {
    return { status: 0, why: "The gateway cannot be reached." };
  } finally {
    leaving.abort();
  }
}

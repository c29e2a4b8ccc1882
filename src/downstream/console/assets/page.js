// The console: an overview of servers and sessions, or one session with its messages.

import { readHistory } from "./api.js";
import { Charts } from "./charts.js";
import { part, setText } from "./elements.js";
import { showEnded } from "./ended-sessions.js";
import { showGateway } from "./gateway-figures.js";
import { sessionIn } from "./hash.js";
import { withPoint } from "./history.js";
import { listenToKeys } from "./keyboard.js";
import { Live } from "./live.js";
import { attempt } from "./notices.js";
import { ServerCards } from "./server-cards.js";
import { SessionView } from "./session-view.js";
import { SessionsTable } from "./sessions-table.js";
import { visibleLine } from "./visible.js";
import { whileVisible } from "./while-visible.js";

/** @import { ConsoleState, History } from "../console-api.ts" */

const TICK_MS = 1000;
const TITLE = document.title;

const cards = new ServerCards();
const sessions = new SessionsTable();
const charts = new Charts();
const view = new SessionView();
/** @type {History} */
let history = { everyMs: 10_000, points: [] };
/** When the last point was told. */
let toldAt = -Infinity;
/** What has not been told yet: until then nothing is shown, so that nothing moves. */
const missing = new Set(["state", "history"]);

const live = new Live({
  onState: showState,
  onPoint: (point) => {
    toldAt = performance.now();
    showHistory(withPoint(history, point));
  },
  onBacklog: (log) => view.onBacklog(log),
  onMessage: (message) => view.onMessage(message),
  onClosed: (end) => view.onClosed(end),
  onGap: (missed) => view.onGap(missed),
  onGone: (why) => view.onGone(why),
  onOpen: () => {
    // A stream that is opened for another session has missed nothing.
    if (performance.now() - toldAt < history.everyMs) return;
    void attempt("The last hour cannot be shown", async () => showHistory(await readHistory())).then(() =>
      settle("history"),
    );
  },
  onStatus: showStatus,
});

window.addEventListener("hashchange", () => {
  showPlace();
  live.watch(sessionIn(location.hash));
});
listenToKeys(() => {
  if (!view.closePane() && sessionIn(location.hash) !== undefined) location.hash = "";
});
showPlace();
live.start(sessionIn(location.hash));
keepTime();

/** What the address says. */
function showPlace() {
  const key = sessionIn(location.hash);
  part("overview", HTMLElement).hidden = key !== undefined;
  part("session", HTMLElement).hidden = key === undefined;
  document.body.classList.toggle("in-session", key !== undefined);
  if (key !== undefined) return view.open(key);
  const left = view.close();
  document.title = TITLE;
  if (left !== undefined) sessions.focus(left);
}

/** @param {ConsoleState} state */
function showState(state) {
  showGateway(state.gateway);
  cards.update(state.servers);
  cards.plot(history);
  sessions.update(state.sessions, state.notListed);
  showEnded(state.ended);
  view.update(state);
  settle("state");
}

/** @param {History} shown */
function showHistory(shown) {
  history = shown;
  cards.plot(history);
  charts.update(history);
}

/** @param {string} what has been told */
function settle(what) {
  missing.delete(what);
  if (missing.size === 0) part("overview", HTMLElement).removeAttribute("aria-busy");
}

/**
 * @param {string} status
 * @param {string} [why]
 */
function showStatus(status, why = "") {
  const node = part("connection", HTMLElement);
  node.dataset.state = status;
  setText(node, why === "" ? status : `${status}: ${visibleLine(why)}`);
}

/** Ages grow also while nothing is told. */
function keepTime() {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const tick = () => {
    sessions.tick();
    view.tick();
  };
  whileVisible(
    () => (timer ??= setInterval(tick, TICK_MS)),
    () => {
      clearInterval(timer);
      timer = undefined;
    },
  );
}

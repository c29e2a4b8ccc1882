import { listTools, stopServer } from "./api.js";
import { ask } from "./ask.js";
import { button, element, setFigures, setText } from "./elements.js";
import { bytes, count, counted, rate } from "./format.js";
import { attempt, say } from "./notices.js";
import { Sparkline } from "./sparkline.js";
import { showTools } from "./tools-dialog.js";
import { visibleLine, visibleText } from "./visible.js";

/** @import { ServerCard } from "../console-api.ts" */
/** @import { Sample } from "./plot-scale.js" */

const MEMORY_MS = 600_000;

/** What a state means for the person who looks. */
const MOODS = new Map([
  ["up", "good"],
  ["failing", "bad"],
  ["paused", "bad"],
]);

export class ServerCardView {
  #name;
  #state = element("span", "state");
  #about = element("p", "hint");
  #sparkline = new Sparkline();
  #memory = element("p", "hint plot-note");
  #figures = element("dl", "figures");
  #trouble = element("p", "alert");
  #words = element("pre", "words");
  #stderr = element("details", "", element("summary", "", "Last words on stderr"), this.#words);
  #stop;
  node;

  /** @param {string} name */
  constructor(name) {
    this.#name = visibleLine(name);
    this.#words.tabIndex = 0;
    this.#words.ariaLabel = `stderr of ${this.#name}`;
    const tools = button("List tools", "", () => void this.#list(name, tools));
    this.#stop = button("Stop processes", "danger", () => void this.#stopAll(name));
    const heading = element("h3", "", this.#name);
    this.node = element(
      "article",
      "card",
      element("div", "bar", heading, this.#state),
      this.#about,
      this.#sparkline.node,
      this.#memory,
      this.#figures,
      this.#trouble,
      this.#stderr,
      element("p", "buttons", tools, this.#stop),
    );
    this.node.ariaLabel = this.#name;
    for (const one of [tools, this.#stop]) one.ariaLabel = `${one.textContent}: ${this.#name}`;
  }

  /** @param {ServerCard} card */
  update({ state, kind, era, tools, sessions, ...card }) {
    setText(this.#state, visibleLine(state));
    this.#state.dataset.mood = MOODS.get(state) ?? "plain";
    const known = [kind, era, tools === undefined ? undefined : counted(tools, "tool"), counted(sessions, "session")];
    setText(this.#about, known.flatMap((text) => (text === undefined ? [] : [visibleLine(text)])).join(" · "));
    setFigures(this.#figures, [
      ["processes", count(card.processes)],
      ["memory", card.processes === 0 ? "–" : bytes(card.residentBytes)],
      ["calls/s", rate(card.callsPerSecond)],
      ["errors", count(card.errors)],
    ]);
    this.#figures.lastElementChild?.classList.toggle("bad", card.errors > 0);
    this.#trouble.hidden = card.lastError === undefined;
    setText(this.#trouble, visibleText(card.lastError ?? "", 1000));
    this.#stderr.hidden = card.stderr === undefined || card.stderr === "";
    setText(this.#words, visibleText(card.stderr ?? "", 20_000));
    this.#stop.disabled = card.processes === 0;
  }

  /**
   * @param {readonly Sample[]} samples
   * @param {number} to
   * @param {number} maxStepMs
   */
  plot(samples, to, maxStepMs) {
    const from = to - MEMORY_MS;
    const shown = samples.filter(({ at }) => at >= from);
    const highest = Math.max(0, ...shown.map(({ value }) => value ?? 0));
    this.#sparkline.update(shown, { from, to, highest, maxStepMs });
    setText(this.#memory, `memory, last 10 minutes: ${highest === 0 ? "none used" : `at most ${bytes(highest)}`}`);
  }

  /**
   * @param {string} server
   * @param {HTMLButtonElement} asked
   */
  async #list(server, asked) {
    asked.disabled = true;
    await attempt(`The tools of ${this.#name} could not be listed`, async () => {
      const { tools } = await listTools(server);
      showTools(server, tools);
    });
    asked.disabled = false;
  }

  /** @param {string} server */
  async #stopAll(server) {
    const isSure = await ask({
      title: `Stop the processes of ${this.#name}?`,
      text: "Calls that are running fail. Its sessions go on with a new process when they are next used.",
      action: "Stop processes",
    });
    if (!isSure) return;
    await attempt(`The processes of ${this.#name} could not be stopped`, async () => {
      await stopServer(server);
      say(`The processes of ${this.#name} are stopped.`);
    });
  }
}

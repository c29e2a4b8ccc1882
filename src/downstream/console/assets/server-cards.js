import { element, part, setChildren } from "./elements.js";
import { maxStepMs, samplesOf } from "./history.js";
import { ServerCardView } from "./server-card.js";

/** @import { History, ServerCard } from "../console-api.ts" */

export class ServerCards {
  #list = part("servers", HTMLElement);
  #none = element("p", "hint", "There is no server that you may see.");
  /** @type {Map<string, ServerCardView>} */
  #cards = new Map();

  /** @param {readonly ServerCard[]} servers */
  update(servers) {
    const names = new Set(servers.map(({ name }) => name));
    for (const name of this.#cards.keys()) if (!names.has(name)) this.#cards.delete(name);
    const nodes = servers.map((server) => {
      const card = this.#cards.get(server.name) ?? new ServerCardView(server.name);
      this.#cards.set(server.name, card);
      card.update(server);
      return card.node;
    });
    setChildren(this.#list, nodes.length === 0 ? [this.#none] : nodes);
  }

  /** @param {History} history */
  plot(history) {
    const to = history.points.at(-1)?.at ?? 0;
    for (const [name, card] of this.#cards) {
      card.plot(samplesOf(history, name, "residentBytes"), to, maxStepMs(history));
    }
  }
}

import { endSession } from "./api.js";
import { ask } from "./ask.js";
import { button, element, setText } from "./elements.js";
import { hashOf } from "./hash.js";
import { attempt, say } from "./notices.js";
import { COLUMNS } from "./session-columns.js";
import { visibleLine } from "./visible.js";

/** @import { SessionRow } from "../console-api.ts" */

/** A row of the table of sessions; on a narrow screen a card. */
export class SessionRowView {
  #cells = COLUMNS.map(({ label, isNumber }) => {
    const cell = element("td", isNumber ? "number" : "");
    cell.dataset.label = label;
    cell.role = "cell";
    return cell;
  });
  #link = element("a", "");
  #who = element("span", "");
  #end;
  #row;
  node;

  /** @param {SessionRow} row */
  constructor(row) {
    this.#row = row;
    this.#link.href = hashOf(row.key);
    this.#link.append(this.#who);
    this.#cells[0]?.append(this.#link);
    this.#end = button("End", "quiet", () => void askAndEnd(this.#row));
    const actions = element("td", "actions", this.#end);
    actions.role = "cell";
    this.node = element("tr", "", ...this.#cells, actions);
    this.node.role = "row";
    this.node.dataset.session = row.key;
  }

  /** @param {SessionRow} row */
  update(row) {
    this.#row = row;
    this.node.classList.toggle("asleep", row.pid === undefined);
    this.#link.ariaLabel = `Open the session of ${visibleLine(row.principal)} with ${visibleLine(row.server)}`;
    this.#end.ariaLabel = `End the session of ${visibleLine(row.principal)} with ${visibleLine(row.server)}`;
  }

  /** @param {number} passedMs since the row was true */
  show(passedMs) {
    for (const [at, { text }] of COLUMNS.entries()) {
      const cell = at === 0 ? this.#who : this.#cells[at];
      if (cell !== undefined) setText(cell, text(this.#row, passedMs));
    }
  }
}

/** @param {SessionRow} row */
export async function askAndEnd({ key, principal, server }) {
  const name = `the session of ${visibleLine(principal)} with ${visibleLine(server)}`;
  const isSure = await ask({
    title: "End this session?",
    text: `It ends ${name}: its process is stopped, calls that are running fail, and its client has to begin again.`,
    action: "End session",
  });
  if (!isSure) return;
  await attempt("The session could not be ended", async () => {
    await endSession(key);
    say(`Ended ${name}.`);
  });
}

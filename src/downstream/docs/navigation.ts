import { html, type Html } from "./html.ts";
import type { ServerOverview } from "./overview.ts";
import { sectionId } from "./server-section.ts";

/** The side bar: every server with its tools, and a field that finds tools by name. */
export function navigation(servers: readonly ServerOverview[]): Html {
  return html`<nav aria-label="Servers and tools">
    <label for="filter">Find a tool</label>
    <input id="filter" type="search" autocomplete="off" spellcheck="false" />
    <p class="state" id="filter-state" role="status"></p>
    <ul class="servers">
      ${servers.map(entry)}
    </ul>
  </nav>`;
}

const entry = (server: ServerOverview): Html =>
  html`<li id="${`nav-${sectionId(server.name)}`}">
    <div class="row">
      <a href="#${sectionId(server.name)}">${server.name}</a>
      <span class="hint">${note(server)}</span>
    </div>
    ${server.kind === "listed" && server.tools.links}
  </li>`;

function note(server: ServerOverview): string | number {
  if (server.kind === "listed") return server.toolCount;
  return server.isStarting ? "starting" : "unavailable";
}

import type { Tool } from "../../protocol/tool.ts";
import { budget } from "../../openapi/limits.ts";
import { html, type Html } from "./html.ts";
import { toolSection } from "./tool-section.ts";

const TOOLS = 500;
const SCHEMA_CHARACTERS = 3_000_000;

/** The tools of the server at position `index` on the page. */
export function toolSections(all: readonly Tool[], root: string, index: number): Html {
  const charge = budget(SCHEMA_CHARACTERS);
  const sections = all.slice(0, TOOLS).map((tool, at) => toolSection(tool, { root, charge, id: `s${index}t${at}` }));
  return html`<h3>${all.length === 1 ? "1 tool" : html`${all.length} tools`}</h3>
    ${sections}
    ${all.length > TOOLS && html`<p class="hint">Only the first ${TOOLS} are shown; the OpenAPI document has more.</p>`}`;
}

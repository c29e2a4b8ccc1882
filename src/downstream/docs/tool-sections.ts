import { budget, TOOLS_PER_SERVER } from "../../openapi/limits.ts";
import type { Tool } from "../../protocol/tool.ts";
import { html, type Html } from "./html.ts";
import { MARKS_PER_SERVER } from "./markdown.ts";
import type { Credential } from "./snippets/credential.ts";
import { briefSection, toolLink, toolSection } from "./tool-section.ts";

const SCHEMA_CHARACTERS = 3_000_000;
/** Of markup. What comes after that is shown in brief. */
const CHARACTERS = 6_000_000;

export interface SectionsPlace {
  readonly root: string;
  readonly baseUrl: string;
  readonly credential: Credential | undefined;
  /** Of the server among those of the page. */
  readonly index: number;
}

/** The tools of a server: a section for each, and the links that lead there. */
export interface ToolSections {
  readonly sections: Html;
  readonly links: Html;
}

export function toolSections(all: readonly Tool[], { index, ...place }: SectionsPlace): ToolSections {
  const shown = all.slice(0, TOOLS_PER_SERVER);
  const charge = budget(SCHEMA_CHARACTERS);
  const chargeMarks = budget(MARKS_PER_SERVER);
  let left = CHARACTERS;
  const sections = shown.map((tool, at) => {
    const id = `s${index}t${at}`;
    if (left <= 0) return briefSection(tool, id);
    const section = toolSection(tool, { ...place, id, charge, chargeMarks });
    left -= section.toString().length;
    return section;
  });
  return {
    sections: html`<h3>${all.length === 1 ? "1 tool" : html`${all.length} tools`}</h3>
      ${sections}`,
    links: html`<ul>
      ${shown.map((tool, at) => toolLink(tool, `s${index}t${at}`))}
    </ul>`,
  };
}

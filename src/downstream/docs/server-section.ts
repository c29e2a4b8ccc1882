import { clip } from "../../lib/text.ts";
import { budget } from "../../openapi/limits.ts";
import { html, type Html } from "./html.ts";
import { markdown, MARKS_PER_SERVER } from "./markdown.ts";
import { snippetBoxes } from "./snippet-boxes.ts";
import type { ListedServer, ServerOverview } from "./overview.ts";
import type { Snippet, SnippetPlace } from "./snippets/snippet.ts";
import { snippetsFor } from "./snippets/snippets.ts";

/** The context shared by all sections of a page. */
export interface SectionContext extends Omit<SnippetPlace, "server" | "example"> {
  readonly root: string;
}

const INSTRUCTIONS = 8_000;

/** One server: its description, how clients connect to it, and its tools. A server that cannot be listed shows the reason. */
export function serverSection(server: ServerOverview, context: SectionContext, index: number): Html {
  const { name } = server;
  const isStarting = server.kind === "unlisted" && server.isStarting;
  return html`<section
    class="server"
    id="${sectionId(name)}"
    aria-labelledby="${`s${index}-title`}"
    ${isStarting && html`data-starting="${name}"`}
  >
    <h2 id="${`s${index}-title`}">${name}</h2>
    ${
      server.kind === "unlisted"
        ? html`<p class="${server.isStarting ? "wait" : "alert"}" role="${server.isStarting ? "status" : "note"}">
              ${!server.isStarting && "Its tools cannot be shown: "}${clip(server.why, 1_000)}
            </p>
            ${connecting(snippetsFor({ ...context, server: name, example: undefined }))}`
        : html`${introduction(server)} ${connecting(snippetsOf(server, context))} ${documents(server, context)}
          ${server.tools.sections}`
    }
  </section>`;
}

export const sectionId = (server: string): string => `server-${server}`;

function introduction({ title, version, description, instructions }: ListedServer): Html {
  return html`${title !== undefined && html`<p class="title">${clip(title, 200)}</p>`}
  ${version !== undefined && html`<p class="hint">Version ${clip(version, 80)}</p>`}
  ${description !== undefined && markdown(clip(description, 2_000), budget(MARKS_PER_SERVER))}
  ${
    instructions !== undefined &&
    html`<details class="box">
      <summary>Instructions for models</summary>
      ${markdown(clip(instructions, INSTRUCTIONS), budget(MARKS_PER_SERVER))}
    </details>`
  }`;
}

function snippetsOf({ name, example }: ListedServer, context: SectionContext): readonly Snippet[] {
  return snippetsFor({ ...context, server: name, example });
}

function connecting(snippets: readonly Snippet[]): Html {
  return html`<details class="box">
    <summary>Connect a client</summary>
    ${snippetBoxes(snippets)}
  </details>`;
}

const FORMS = [
  ["OpenAPI 3.1 as JSON", "openapi.json"],
  ["as YAML", "openapi.yaml"],
  ["OpenAPI 3.0", "openapi.json?version=3.0"],
  ["for GPT Actions", "openapi.gpt.json"],
  ["for Open WebUI", "openapi.openwebui.json"],
] as const;

/** Links to the documents of one server, or of all servers. */
export function documentLinks(folder: string): Html {
  return html`<ul class="links">
    ${FORMS.map(([label, file]) => html`<li><a href="${folder}${file}" data-document>${label}</a></li> `)}
  </ul>`;
}

const PROBLEMS = 6;

function documents({ name, gptProblems }: ListedServer, { root }: SectionContext): Html {
  const more = gptProblems.length - PROBLEMS;
  return html`<details class="box">
    <summary>
      OpenAPI
      <span class="traits">${gptProblems.length === 0 ? "fits GPT Actions" : "not ready for GPT Actions"}</span>
    </summary>
    ${documentLinks(`${root}api/${name}/`)}
    ${
      gptProblems.length > 0 &&
      html`<p>GPT Actions would not take it:</p>
        <ul>
          ${gptProblems.slice(0, PROBLEMS).map((problem) => html`<li class="text">${clip(problem, 600)}</li>`)}
          ${more > 0 && html`<li>and ${more} more.</li>`}
        </ul>`
    }
  </details>`;
}

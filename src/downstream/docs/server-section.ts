import { clip } from "../../lib/text.ts";
import { html, type Html } from "./html.ts";
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
  return html`<section class="server" id="${sectionId(name)}" aria-labelledby="${`s${index}-title`}">
    <h2 id="${`s${index}-title`}">${name}</h2>
    ${
      server.kind === "unlisted"
        ? html`<p class="alert" role="note">Its tools cannot be shown: ${clip(server.why, 1_000)}</p>
            ${connecting(snippetsFor({ ...context, server: name, example: undefined }))}`
        : html`${introduction(server)} ${connecting(snippetsOf(server, context))} ${documents(server, context)}
          ${server.tools}`
    }
  </section>`;
}

export const sectionId = (server: string): string => `server-${server}`;

function introduction({ title, version, description, instructions }: ListedServer): Html {
  return html`${title !== undefined && html`<p class="title">${clip(title, 200)}</p>`}
  ${version !== undefined && html`<p class="hint">Version ${clip(version, 80)}</p>`}
  ${description !== undefined && html`<p class="text">${clip(description, 2_000)}</p>`}
  ${
    instructions !== undefined &&
    html`<details class="box">
      <summary>Instructions for models</summary>
      <p class="text">${clip(instructions, INSTRUCTIONS)}</p>
    </details>`
  }`;
}

function snippetsOf({ name, example }: ListedServer, context: SectionContext): readonly Snippet[] {
  return snippetsFor({ ...context, server: name, example });
}

function connecting(snippets: readonly Snippet[]): Html {
  return html`<details class="box">
    <summary>Connect a client</summary>
    ${snippets.map(snippetBox)}
  </details>`;
}

function snippetBox({ client, where, text, link, notes }: Snippet): Html {
  return html`<details class="snippet">
    <summary>${client} <span class="hint">${where}</span></summary>
    <div class="copyable">
      <button type="button" class="quiet" data-copy aria-label="${`Copy the snippet for ${client}`}">Copy</button>
      <pre tabindex="0">${text}</pre>
    </div>
    ${link !== undefined && html`<p><a class="button" href="${link.href}">${link.label}</a></p>`}
    ${notes.map((note) => html`<p class="hint">${note}</p>`)}
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
    ${FORMS.map(([label, file]) => html`<li><a href="${folder}${file}">${label}</a></li> `)}
  </ul>`;
}

const PROBLEMS = 6;

function documents({ name, gptProblems }: ListedServer, { root }: SectionContext): Html {
  const more = gptProblems.length - PROBLEMS;
  return html`<details class="box">
    <summary>
      OpenAPI
      ${
        gptProblems.length === 0
          ? html`<span class="badge good">fits GPT Actions</span>`
          : html`<span class="badge plain">not ready for GPT Actions</span>`
      }
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

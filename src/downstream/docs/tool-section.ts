import { isObject, member } from "../../lib/json.ts";
import type { Tool } from "../../protocol/tool.ts";
import { inlineSchema } from "../../openapi/inline.ts";
import type { JsonObject } from "../../openapi/json.ts";
import { budget, type Charge } from "../../openapi/limits.ts";
import { toolPath } from "../../openapi/path.ts";
import { clip, plainText } from "../../lib/text.ts";
import { html, type Html } from "./html.ts";
import { propertyTable } from "./property-table.ts";
import { printJson } from "./raw-json.ts";
import { toolForm } from "./tool-form.ts";

export interface ToolPlace {
  readonly root: string;
  /** Unique in the page. */
  readonly id: string;
  /** The remaining budget, in characters, for the schemas of this server on the page. */
  readonly charge: Charge;
}

const DESCRIPTION = 8_000;
const SUMMARY = 160;
const ANCHOR = 300;
/** The longest percent-encoded name that fits in a request line. */
const PATH = 1_000;
const SCHEMA_CHARACTERS = 100_000;

/** One tool: collapsed, its name and the beginning of its description; expanded, all that is known and a form to call it. */
export function toolSection(tool: Tool, { root, id, charge }: ToolPlace): Html {
  const { title, description = "" } = tool;
  const name = plainText(tool.name) ?? "";
  return html`<details class="tool" id="${anchorOf(tool) ?? id}" data-filter="${clip(`${name} ${title ?? ""}`, 300)}">
    <summary>
      <code class="name">${clip(name, 300)}</code>
      ${badges(tool)}
      <span class="about">${clip((title ?? description).split("\n", 1)[0] ?? "", SUMMARY)}</span>
    </summary>
    <div class="inside">
      ${title !== undefined && html`<p class="title">${clip(title, SUMMARY)}</p>`}
      ${description !== "" && html`<p class="text">${clip(description, DESCRIPTION)}</p>`}
      ${inputOf(tool, { root, id, charge })} ${outputOf(tool, charge)}
    </div>
  </details>`;
}

/** A stable anchor for links, which does not depend on other tools; it contains the server's name, so it cannot collide with other ids. */
function anchorOf({ server, name }: Tool): string | undefined {
  const isFit = name.length <= ANCHOR && !/\p{Surrogate}/u.test(name);
  return isFit ? `${server}/${encodeURIComponent(name)}` : undefined;
}

function inputOf(tool: Tool, { root, id, charge }: ToolPlace): Html {
  const schema = readable(tool.inputSchema, charge);
  const path = tool.name.length > PATH ? undefined : toolPath("root", tool.server, tool.name);
  const isPartial = countProperties(tool.inputSchema) > countProperties(schema);
  return html`${propertyTable(schema, "Arguments")} ${rawSchema("Input schema as JSON", tool.inputSchema, charge)}
    <h4>Try it</h4>
    ${
      path === undefined
        ? html`<p class="hint">No URL can carry this name: the tool can be called over MCP only.</p>`
        : tool.taskSupport === "required"
          ? html`<p class="hint">It runs only as a task, which REST cannot do: call it over MCP.</p>`
          : html`<p class="url"><code>POST ${path}?sessionId=…</code></p>
              ${toolForm(schema, { url: `${root}${path.slice(1)}`, id, tool: tool.name, isPartial })}`
    }`;
}

function countProperties(schema: unknown): number {
  const properties = member(schema, "properties");
  return isObject(properties) ? Object.keys(properties).length : 0;
}

function outputOf({ outputSchema }: Tool, charge: Charge): Html | undefined {
  if (outputSchema === undefined) return undefined;
  const table = propertyTable(readable(outputSchema, charge), "Structured result");
  return html`${table} ${rawSchema("Output schema as JSON", outputSchema, charge)}`;
}

/** The schema made valid, with references expanded as far as is sensible, even if it is hostile. */
function readable(schema: unknown, charge: Charge): JsonObject {
  return inlineSchema(schema ?? { type: "object" }, () => {}, budget(SCHEMA_CHARACTERS, charge));
}

function rawSchema(label: string, schema: unknown, charge: Charge): Html {
  const { text, isWhole } = printJson(schema);
  if (text === "") return html`<p class="hint">${label}: the server gave none.</p>`;
  if (!charge(text.length)) return html`<p class="hint">${label}: too long for this page.</p>`;
  return html`<details class="raw">
    <summary>${label}</summary>
    <pre tabindex="0">${text}</pre>
    ${!isWhole && html`<p class="hint">Parts are left out here (…); GET on the tool's URL gives all of it.</p>`}
  </details>`;
}

/** The declared effects of a tool (MCP 2025-11-25, tool annotations), which are not verified. */
function badges({ annotations = {}, taskSupport }: Tool): Html[] {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  const isReadOnly = readOnlyHint === true;
  const said: readonly (readonly [boolean, kind: string, text: string])[] = [
    [isReadOnly, "good", "read-only"],
    [!isReadOnly && destructiveHint === true, "bad", "destructive"],
    [!isReadOnly && destructiveHint === false, "plain", "not destructive"],
    [idempotentHint === true, "plain", "idempotent"],
    [openWorldHint === true, "plain", "open world"],
    [openWorldHint === false, "plain", "closed world"],
    [taskSupport === "required", "plain", "task only"],
    [taskSupport === "optional", "plain", "task"],
  ];
  return said.filter(([applies]) => applies).map(([, kind, text]) => html`<span class="badge ${kind}">${text}</span> `);
}

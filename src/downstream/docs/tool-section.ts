import { isObject, member } from "../../lib/json.ts";
import type { Tool } from "../../protocol/tool.ts";
import { inlineSchema } from "../../openapi/inline.ts";
import type { JsonObject } from "../../openapi/json.ts";
import { budget, type Charge } from "../../openapi/limits.ts";
import { toolPath } from "../../openapi/path.ts";
import { clip, plainText } from "../../lib/text.ts";
import { html, type Html } from "./html.ts";
import { markdown } from "./markdown.ts";
import { propertyTable } from "./property-table.ts";
import { printJson } from "./raw-json.ts";
import type { Credential } from "./snippets/credential.ts";
import { toolExample } from "./tool-example.ts";
import { toolForm } from "./tool-form.ts";

export interface ToolPlace {
  readonly root: string;
  /** Of the gateway, without a slash at its end. */
  readonly baseUrl: string;
  readonly credential: Credential | undefined;
  /** Unique in the page. */
  readonly id: string;
  /** What the schemas of its server may still take of the page, in characters. */
  readonly charge: Charge;
  /** What its descriptions may still hold of Markdown. */
  readonly chargeMarks: Charge;
}

const DESCRIPTION = 8_000;
const SUMMARY = 160;
const ANCHOR = 300;
/** Of a name that a request line can hold, percent-encoded. */
const PATH = 1_000;
const SCHEMA_CHARACTERS = 100_000;

/** One tool: closed, its name and the first words about it; open, all that is known of it, an example and a form to call it. */
export function toolSection(tool: Tool, place: ToolPlace): Html {
  const { title, description = "" } = tool;
  const name = plainText(tool.name) ?? "";
  return html`<details class="tool" id="${anchorOf(tool) ?? place.id}" data-filter="${filterText(tool)}">
    <summary>
      <code class="name">${clip(name, 300)}</code>
      <span class="about">${clip(title ?? firstLine(description), SUMMARY)}</span>
      ${traits(tool)}
    </summary>
    <div class="inside">
      <div class="told">
        ${title !== undefined && html`<p class="title">${clip(title, SUMMARY)}</p>`}
        ${description !== "" && markdown(clip(description, DESCRIPTION), place.chargeMarks)}
      </div>
      ${parts(tool, place)}
    </div>
  </details>`;
}

/** A tool for which there is no room in the page: its name and the first words about it. */
export function briefSection(tool: Tool, id: string): Html {
  return html`<details class="tool" id="${anchorOf(tool) ?? id}" data-filter="${filterText(tool)}">
    <summary>
      <code class="name">${clip(plainText(tool.name) ?? "", 300)}</code>
      <span class="about">${clip(tool.title ?? firstLine(tool.description ?? ""), SUMMARY)}</span>
    </summary>
    <p class="inside hint">There is no room for more in this page: GET on the tool's URL gives all of it.</p>
  </details>`;
}

/** The way to a tool in the list of the side bar. */
export function toolLink(tool: Tool, id: string): Html {
  return html`<li><a href="#${anchorOf(tool) ?? id}">${clip(plainText(tool.name) ?? "", 80)}</a></li>`;
}

function filterText({ name, title = "" }: Tool): string {
  return clip(`${plainText(name) ?? ""} ${title}`, 300);
}

/** Of a text that may be Markdown, without its marks. */
function firstLine(text: string): string {
  const [line = ""] = text.trimStart().split("\n", 1);
  return line.replaceAll(/^#+ +|[*`]+/g, "");
}

/** A name for links that stays when other tools come and go; the server's part keeps it apart from our own ids. */
function anchorOf({ server, name }: Tool): string | undefined {
  const isFit = name.length <= ANCHOR && !/\p{Surrogate}/u.test(name);
  return isFit ? `${server}/${encodeURIComponent(name)}` : undefined;
}

function parts(tool: Tool, place: ToolPlace): Html {
  const { charge, chargeMarks } = place;
  const input = readable(tool.inputSchema, charge);
  const output = tool.outputSchema === undefined ? undefined : readable(tool.outputSchema, charge);
  const path = tool.name.length > PATH ? undefined : toolPath("root", tool.server, tool.name);
  const isCallable = path !== undefined && tool.taskSupport !== "required";
  return html`${isCallable && toolExample(input, output, { ...place, url: `${place.baseUrl}${path}` })}
    <div class="parts">
      ${propertyTable(input, "Arguments", chargeMarks)} ${rawSchema("Input schema as JSON", tool.inputSchema, charge)}
      ${
        output !== undefined &&
        html`${propertyTable(output, "Structured result", chargeMarks)}
        ${rawSchema("Output schema as JSON", tool.outputSchema, charge)}`
      }
      <h4>Try it</h4>
      ${tryIt(tool, path, input, place)}
    </div>`;
}

function tryIt(tool: Tool, path: string | undefined, schema: JsonObject, { root, id }: ToolPlace): Html {
  if (path === undefined)
    return html`<p class="hint">No URL can carry this name: the tool can be called over MCP only.</p>`;
  if (tool.taskSupport === "required")
    return html`<p class="hint">It runs only as a task, which REST cannot do: call it over MCP.</p>`;
  const isPartial = countProperties(tool.inputSchema) > countProperties(schema);
  return html`<p class="url"><code>POST ${path}?sessionId=&hellip;</code></p>
    ${toolForm(schema, { url: `${root}${path.slice(1)}`, id, tool: tool.name, isPartial })}`;
}

function countProperties(schema: unknown): number {
  const properties = member(schema, "properties");
  return isObject(properties) ? Object.keys(properties).length : 0;
}

/** Valid, with its references written out as far as is sensible, however hostile it was. */
function readable(schema: unknown, charge: Charge): JsonObject {
  return inlineSchema(schema ?? { type: "object" }, () => {}, budget(SCHEMA_CHARACTERS, charge));
}

function rawSchema(label: string, schema: unknown, charge: Charge): Html {
  const { text, isWhole } = printJson(schema);
  if (text === "") return html`<p class="hint">${label}: the server gave none.</p>`;
  if (!charge(text.length)) return html`<p class="hint">${label}: too long for this page.</p>`;
  return html`<details class="raw">
    <summary>${label}</summary>
    <div class="copyable">
      <button type="button" class="quiet" data-copy aria-label="${`Copy: ${label}`}">Copy</button>
      <pre tabindex="0" aria-label="${label}" data-code>${text}</pre>
    </div>
    ${!isWhole && html`<p class="hint">Parts are left out here (…); GET on the tool's URL gives all of it.</p>`}
  </details>`;
}

/** What the server says about the effects of a tool (MCP 2025-11-25, tool annotations): its word only. */
function traits({ annotations = {}, taskSupport }: Tool): Html | undefined {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  const isReadOnly = readOnlyHint === true;
  const isDestructive = !isReadOnly && destructiveHint === true;
  const said: readonly (readonly [boolean, text: string])[] = [
    [isReadOnly, "read-only"],
    [!isReadOnly && destructiveHint === false, "not destructive"],
    [idempotentHint === true, "idempotent"],
    [openWorldHint === true, "open world"],
    [openWorldHint === false, "closed world"],
    [taskSupport === "required", "task only"],
    [taskSupport === "optional", "task"],
  ];
  const quiet = said.filter(([applies]) => applies).map(([, text]) => text);
  if (!isDestructive && quiet.length === 0) return undefined;
  return html`<span class="traits"
    >${isDestructive && html`<strong>destructive</strong>`}${isDestructive && quiet.length > 0 && " · "}${quiet.join(
      " · ",
    )}</span
  >`;
}

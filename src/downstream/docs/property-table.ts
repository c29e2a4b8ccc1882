import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../openapi/json.ts";
import { clip } from "../../lib/text.ts";
import type { Charge } from "../../openapi/limits.ts";
import { html, type Html } from "./html.ts";
import { markdown } from "./markdown.ts";

const ROWS = 80;
const LEVELS = 4;
const CELL = 1_500;

interface Row {
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly notes: readonly string[];
  readonly description: string | undefined;
}

/** The properties of an inlined schema, those of objects inside it too: `edits[].oldText`. Undefined when it has none. */
export function propertyTable(schema: JsonObject, caption: string, chargeMarks: Charge): Html | undefined {
  const rows = rowsOf(schema, "", LEVELS);
  if (rows.length === 0) return undefined;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
      <table class="properties">
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Description</th>
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, ROWS).map((row) => tableRow(row, chargeMarks))}
        </tbody>
      </table>
    </div>
    ${rows.length > ROWS && html`<p class="hint">More properties are in the JSON below.</p>`}`;
}

function tableRow({ path, type, isRequired, notes, description }: Row, chargeMarks: Charge): Html {
  return html`<tr>
    <th scope="row"><code>${clip(path, 200)}</code>${isRequired && html` <span class="required">required</span>`}</th>
    <td><code>${clip(type, 300)}</code></td>
    <td>
      ${description !== undefined && markdown(clip(description, CELL), chargeMarks)}
      ${notes.length > 0 && html`<p class="hint">${clip(notes.join(" · "), CELL)}</p>`}
    </td>
  </tr>`;
}

/** One more than are shown, so that it is known when there are more. */
function rowsOf(schema: JsonObject, prefix: string, levels: number): readonly Row[] {
  const { properties, required } = schema;
  if (!isJsonObject(properties) || levels === 0) return [];
  const demanded = new Set(isJsonList(required) ? required : []);
  const rows: Row[] = [];
  for (const [name, property] of Object.entries(properties)) {
    if (rows.length > ROWS) break;
    if (!isJsonObject(property)) continue;
    const path = `${prefix}${name === "" ? '""' : name}`;
    rows.push(rowOf(path, property, demanded.has(name)), ...rowsInside(path, property, levels - 1));
  }
  return rows.slice(0, ROWS + 1);
}

function rowOf(path: string, property: JsonObject, isRequired: boolean): Row {
  const { description, title } = property;
  const text = typeof description === "string" ? description : title;
  return {
    path,
    type: typeLabel(property),
    isRequired,
    notes: notesOf(property),
    description: typeof text === "string" ? text : undefined,
  };
}

function rowsInside(path: string, property: JsonObject, levels: number): readonly Row[] {
  const { items } = property;
  if (isJsonObject(property["properties"])) return rowsOf(property, `${path}.`, levels);
  return isJsonObject(items) ? rowsOf(items, `${path}[].`, levels) : [];
}

/** `string`, `array of number`, `string or null`, `"a" or "b"`, `any`. */
export function typeLabel(schema: JsonObject, levels = 3): string {
  const { type, enum: values, const: only, items, anyOf, oneOf } = schema;
  if (only !== undefined) return JSON.stringify(only);
  if (isJsonList(values)) return values.slice(0, 20).map(shown).join(" or ") + (values.length > 20 ? " …" : "");
  if (levels === 0) return "…";
  const choices = isJsonList(anyOf) ? anyOf : oneOf;
  if (isJsonList(choices) && type === undefined) return union(choices.map((choice) => labelOf(choice, levels - 1)));
  if (type === "array") return `array of ${labelOf(items, levels - 1)}`;
  return isJsonList(type) ? union(type.map(String)) : typeof type === "string" ? type : "any";
}

const labelOf = (schema: Json | undefined, levels: number): string =>
  isJsonObject(schema) ? typeLabel(schema, levels) : "any";

const union = (labels: readonly string[]): string => [...new Set(labels)].join(" or ");

const shown = (value: Json): string => clip(JSON.stringify(value), 80);

/** Keywords that say something to a person, in the order of interest. */
const NOTED = ["default", "examples", "format", "pattern", "contentMediaType"] as const;
const BOUNDS = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"] as const;
const SIZES = ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"] as const;

function notesOf(schema: JsonObject): readonly string[] {
  const said = [...NOTED, ...BOUNDS, ...SIZES].flatMap((keyword) => {
    const value = schema[keyword];
    return value === undefined ? [] : [`${keyword}: ${shown(value)}`];
  });
  if (schema["uniqueItems"] === true) said.push("no duplicates");
  if (schema["deprecated"] === true) said.push("deprecated");
  return said;
}

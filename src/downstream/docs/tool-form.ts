import type { JsonObject } from "../../openapi/json.ts";
import { clip } from "../../lib/text.ts";
import { exampleValue } from "./example-value.ts";
import { formShape, type Field } from "./form-fields.ts";
import { html, type Html } from "./html.ts";
import { typeLabel } from "./property-table.ts";

export interface FormPlace {
  /** Where the call goes, relative to the page. */
  readonly url: string;
  /** Begins the ids of its fields. */
  readonly id: string;
  readonly tool: string;
  /** Whether the schema has lost properties that the server named: then arguments can also be given as JSON. */
  readonly isPartial: boolean;
}

/** Of an example that a button fills in. */
const EXAMPLE = 4_000;

/** The form that `assets/call.js` sends: arguments from the schema, what cannot be asked for one by one as JSON. */
export function toolForm(schema: JsonObject, { url, id, tool, isPartial }: FormPlace): Html {
  const shape = formShape(schema);
  const { fields } = shape;
  const isOpen = shape.isOpen || isPartial;
  const isEmpty = fields.length === 0 && !isOpen;
  return html`<form class="call" data-call="${url}" aria-label="${`Try ${clip(tool, 80)}`}">
    ${isEmpty && html`<p class="hint">It takes no arguments.</p>`}
    ${fields.map((field, index) => fieldRow(field, `${id}-${index}`))}
    ${isOpen && openField(`${id}-more`, fields.length > 0)}
    <p class="buttons">
      <button type="submit">Call</button>
      <button type="button" data-cancel hidden>Cancel</button>
      <span class="state" role="status"></span>
    </p>
    <div class="answer" hidden></div>
  </form>`;
}

function fieldRow(field: Field, id: string): Html {
  const { name, isRequired, schema } = field;
  return html`<div class="field">
    <label for="${id}"
      ><code>${name === "" ? '""' : clip(name, 200)}</code>
      <span class="hint">${clip(typeLabel(schema), 60)}${isRequired && ", required"}</span></label
    >
    ${control(field, id)} ${field.kind === "json" && exampleButton(field)}
  </div>`;
}

function control(field: Field, id: string): Html {
  const { name, kind, isRequired, schema } = field;
  const marks = html`id="${id}" data-argument="${name}" data-kind="${kind}" ${isRequired && html`data-required`}`;
  switch (kind) {
    case "choice":
      return choice(field, marks);
    case "number":
    case "integer":
      return html`<input ${marks} type="number" step="${kind === "integer" ? "1" : "any"}" ${hint(schema)} />`;
    case "text":
      return html`<textarea ${marks} rows="1" ${hint(schema)}></textarea>`;
    case "json":
      return html`<textarea
        ${marks}
        rows="3"
        class="code"
        spellcheck="false"
        ${hint(schema, shapeOf(schema))}
      ></textarea>`;
  }
}

/** A list or an object is easier to change than to begin. */
function exampleButton({ name, schema }: Field): Html | undefined {
  const example = JSON.stringify(exampleValue(schema), null, 2);
  if (example.length > EXAMPLE || example === "[]" || example === "{}") return undefined;
  return html`<button
    type="button"
    class="quiet small"
    data-example="${example}"
    aria-label="${`Fill in an example of ${clip(name, 80)}`}"
  >
    Fill in an example
  </button>`;
}

function choice({ isRequired, choices, schema }: Field, marks: Html): Html {
  const byDefault = schema["default"];
  const unset = byDefault === undefined ? "not given" : `not given (default: ${clip(JSON.stringify(byDefault), 60)})`;
  const options = choices.map((value) => {
    const text = JSON.stringify(value);
    return html`<option value="${text}">${clip(typeof value === "string" ? value : text, 120)}</option>`;
  });
  return html`<select ${marks}>
    ${!isRequired && html`<option value="">${unset}</option>`}${options}
  </select>`;
}

function openField(id: string, isMore: boolean): Html {
  const label = isMore ? "More arguments" : "Arguments";
  return html`<div class="field">
    <label for="${id}">${label} <span class="hint">a JSON object</span></label>
    <textarea id="${id}" data-arguments rows="3" class="code" spellcheck="false" placeholder="{ }"></textarea>
  </div>`;
}

/** What an empty field would mean or could hold; it is not sent. */
function hint(schema: JsonObject, otherwise?: string): Html | undefined {
  const { default: byDefault, examples } = schema;
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
  const value = byDefault ?? example;
  const text = value === undefined ? otherwise : typeof value === "string" ? value : JSON.stringify(value);
  if (text === undefined || text === "") return undefined;
  return html`placeholder="${clip(`${byDefault === undefined ? "" : "default: "}${text}`, 80)}"`;
}

function shapeOf(schema: JsonObject): string {
  const { type } = schema;
  const example = JSON.stringify(exampleValue(schema));
  if (example.startsWith("[{") && example.length <= 80) return example;
  return type === "object" ? "{ }" : type === "array" ? "[ ]" : '{ } or [ ] or "text"';
}

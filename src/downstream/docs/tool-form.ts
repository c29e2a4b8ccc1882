import type { JsonObject } from "../../openapi/json.ts";
import { clip } from "../../lib/text.ts";
import { formShape, type Field } from "./form-fields.ts";
import { html, type Html } from "./html.ts";
import { typeLabel } from "./property-table.ts";

export interface FormPlace {
  /** The URL of the call, relative to the page. */
  readonly url: string;
  /** The prefix for the ids of its fields. */
  readonly id: string;
  readonly tool: string;
  /** Whether properties that the server declared were left out of the schema: then arguments can also be entered as JSON. */
  readonly isPartial: boolean;
}

/** The form that `assets/call.js` submits: one field per argument where possible, JSON for the rest. */
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
    ${control(field, id)}
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

/** Explains what an empty field means, or gives an example; it is not submitted. */
function hint(schema: JsonObject, otherwise?: string): Html | undefined {
  const { default: byDefault, examples } = schema;
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
  const value = byDefault ?? example;
  const text = value === undefined ? otherwise : typeof value === "string" ? value : JSON.stringify(value);
  if (text === undefined || text === "") return undefined;
  return html`placeholder="${clip(`${byDefault === undefined ? "" : "default: "}${text}`, 80)}"`;
}

function shapeOf({ type }: JsonObject): string {
  return type === "object" ? "{ }" : type === "array" ? "[ ]" : '{ } or [ ] or "text"';
}

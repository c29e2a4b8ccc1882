/** A value in a template: text is escaped, the result of another template is not, and `false` and `undefined` are omitted. */
export type HtmlValue = string | number | Html | false | undefined | readonly HtmlValue[];

/** Safe markup. Only `html` creates it. */
export type Html = Markup;

/**
 * Builds markup from a template and escapes every value, so that untrusted text cannot become markup. Values may appear in
 * element content and in quoted attributes, never in scripts, styles, or names of tags and attributes.
 */
export function html(template: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Markup(String.raw({ raw: template }, ...values.map(markupOf)));
}

/** The same markup with another text wherever `placeholder`, which needs no escaping, stands. */
export function withText(markup: Html, placeholder: string, text: string): Html {
  return new Markup(markup.toString().replaceAll(placeholder, () => escape(text)));
}

class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Markup) return value.toString();
  if (typeof value === "string") return escape(value);
  if (typeof value === "number") return String(value);
  return value.map(markupOf).join("");
}

const ENTITIES = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
  ["`", "&#96;"],
]);

function escape(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => ENTITIES.get(character) ?? "");
}

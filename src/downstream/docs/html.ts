/** What may stand in a template: text is escaped, markup of another template is not, and nothing comes of nothing. */
export type HtmlValue = string | number | Html | false | undefined | readonly HtmlValue[];

/** Markup that is safe in a page. Only `html` makes it. */
export type Html = Markup;

/**
 * Makes markup from a template and escapes whatever is put into it, so that text of strangers cannot become markup. A value may
 * stand in element content and inside a quoted attribute; never in a script, a style, a tag's or an attribute's name.
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

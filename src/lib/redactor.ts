const MASK = "[redacted]";
/** Shorter values are words that appear by chance; masking them would only garble. */
const MIN_VALUE_LENGTH = 6;
const AUTH_SCHEME = /\b(Bearer|Basic|Api-Key)\s+[A-Za-z0-9._~+/=-]{6,}/gi;
/** Headers whose value is more than one word: all up to the end of the line or of the quotes is theirs. */
const MANY_WORDS = /((?:authorization|cookie)\s*[=:]\s*)([^\s"'\\][^"'\\\r\n]*)/gi;

/** Masks secrets in text: values that are known, values behind known keys, and `Authorization` credentials of any kind. */
export class Redactor {
  readonly #keys: ReadonlySet<string>;
  readonly #values: readonly string[];
  readonly #assignment: RegExp | undefined;

  constructor(keys: readonly string[], values: readonly string[] = []) {
    this.#keys = new Set(keys.map((key) => key.toLowerCase()));
    // Longest first: a secret that contains another one goes as a whole.
    this.#values = [...new Set(values.flatMap(spellings))].toSorted((a, b) => b.length - a.length);
    this.#assignment = keys.length === 0 ? undefined : assignmentTo(keys);
  }

  hides(key: string): boolean {
    return this.#keys.has(key.toLowerCase());
  }

  text(text: string): string {
    let masked = text.replaceAll(AUTH_SCHEME, `$1 ${MASK}`);
    if (this.#assignment !== undefined) {
      masked = masked.replaceAll(MANY_WORDS, `$1${MASK}`).replaceAll(this.#assignment, maskValue);
    }
    for (const value of this.#values) masked = masked.replaceAll(value, MASK);
    return masked;
  }
}

/** How a value may be written: as it is, inside of JSON, on one line, or line by line. */
function spellings(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const all = [value, JSON.stringify(value).slice(1, -1), lines.join(" "), ...lines];
  return all.filter((spelling) => spelling.length >= MIN_VALUE_LENGTH);
}

/** A quoted text (its end may have been cut off), also with the backslashes that it has inside of a JSON string; or a word. */
const VALUE = String.raw`(\\"(?:[^"\\]|\\[^"])*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"'&,;}\\]+)`;

/** `key=value`, `key: "value"`, `"key":"value"`. */
function assignmentTo(keys: readonly string[]): RegExp {
  const names = keys.map((key) => key.replaceAll(/[^\w-]/g, String.raw`\$&`)).join("|");
  return new RegExp(String.raw`((?:${names})\\?["']?\s*[=:]\s*)${VALUE}`, "gis");
}

/** Keeps the quotes, so that masked JSON is JSON. */
function maskValue(_whole: string, before: string, value: string): string {
  const quote = value.startsWith('\\"') ? '\\"' : /^["']/.exec(value)?.[0];
  return quote === undefined ? before + MASK : before + quote + MASK + quote;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const ESCAPE_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
// oxlint-disable-next-line no-control-regex -- as above
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Makes foreign text one harmless line: no escape sequences, no line breaks that could forge a log line (CWE-117). */
export function oneSafeLine(text: string, maxLength: number): string {
  const safe = text.replaceAll(ESCAPE_SEQUENCE, "").replaceAll(CONTROLS, " ");
  return safe.length <= maxLength ? safe.trim() : `${safe.slice(0, maxLength).trim()}…`;
}

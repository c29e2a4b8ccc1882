const MASK = "[redacted]";
/** Shorter values are words that appear by chance; masking them would only garble. */
const MIN_VALUE_LENGTH = 6;
const AUTH_SCHEME = /\b(Bearer|Basic|Api-Key)\s+[A-Za-z0-9._~+/=-]{6,}/gi;

/** Masks secrets in text: values that are known, values behind known keys, and `Authorization` credentials of any kind. */
export class Redactor {
  readonly #keys: ReadonlySet<string>;
  readonly #values: readonly string[];
  readonly #assignment: RegExp;

  constructor(keys: readonly string[], values: readonly string[] = []) {
    this.#keys = new Set(keys.map((key) => key.toLowerCase()));
    // Longest first: a secret that contains another one goes as a whole.
    this.#values = [...new Set(values)]
      .filter((value) => value.length >= MIN_VALUE_LENGTH)
      .toSorted((a, b) => b.length - a.length);
    const names = keys.map((key) => key.replaceAll(/[^\w-]/g, "\\$&")).join("|");
    this.#assignment = new RegExp(`((?:${names})["']?\\s*[=:]\\s*["']?)([^\\s"'&,;}]+)`, "gi");
  }

  hides(key: string): boolean {
    return this.#keys.has(key.toLowerCase());
  }

  text(text: string): string {
    let masked = text.replaceAll(AUTH_SCHEME, `$1 ${MASK}`).replaceAll(this.#assignment, `$1${MASK}`);
    for (const value of this.#values) masked = masked.replaceAll(value, MASK);
    return masked;
  }
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

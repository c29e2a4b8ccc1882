const MASK = "[redacted]";
/** Shorter values are words that appear by chance; masking them would only garble. */
const MIN_VALUE_LENGTH = 6;
/** A text of this length may have been cut off somewhere, within a secret. */
const CUT_LENGTH = 500;
/** More than this is never looked at for one line. */
const LINE_LENGTH = 16 * 1024;
const AUTH_SCHEME = /\b(Bearer|Basic|Api-Key)\s+[A-Za-z0-9._~+/=-]{6,}/gi;
/** The password of a URL; and what stands for one, where there is only a user: `https://token@host`. */
const URL_PASSWORD = /(:\/\/[^\s/?#:@"'\\]*:)[^\s/"'\\]+(?=@)/g;
const URL_TOKEN = /(https?:\/\/)[^\s/?#:@"'\\]{8,}(?=@)/gi;
/** Headers whose value is more than one word: all up to the end of the line or of the quotes is theirs. */
const MANY_WORDS = /((?:authorization|cookie)\s*[=:]\s*)([^\s"'\\][^"'\\\r\n]*)/gi;

/** Masks secrets in text: values that are known, values behind known keys, and `Authorization` credentials of any kind. */
export class Redactor {
  readonly #keys: ReadonlySet<string>;
  readonly #values: readonly string[];
  readonly #whole: ReadonlySet<string>;
  readonly #assignment: RegExp | undefined;

  constructor(keys: readonly string[], values: readonly string[] = []) {
    this.#keys = new Set(keys.map((key) => key.toLowerCase()));
    this.#whole = new Set(values);
    // Longest first: a secret that contains another one goes as a whole.
    this.#values = [...new Set(values.flatMap(spellings))].toSorted((a, b) => b.length - a.length);
    this.#assignment = keys.length === 0 ? undefined : assignmentTo(keys);
  }

  hides(key: string): boolean {
    return this.#keys.has(key.toLowerCase());
  }

  text(text: string): string {
    let masked = text;
    // First, while they are whole.
    for (const value of this.#values) masked = masked.replaceAll(value, MASK);
    if (text.length >= CUT_LENGTH) {
      for (const value of this.#values) masked = withoutEnd(withoutStart(masked, value), value);
    }
    masked = masked.replaceAll(AUTH_SCHEME, `$1 ${MASK}`);
    if (masked.includes("@")) masked = masked.replaceAll(URL_PASSWORD, `$1${MASK}`).replaceAll(URL_TOKEN, `$1${MASK}`);
    if (this.#assignment === undefined) return masked;
    return masked.replaceAll(MANY_WORDS, `$1${MASK}`).replaceAll(this.#assignment, maskValue);
  }

  /** A text that may be a secret as a whole, or `name=secret`: then it is masked however short it is. */
  value(text: string): string {
    if (this.#whole.has(text)) return MASK;
    const at = text.indexOf("=") + 1;
    return at > 0 && this.#whole.has(text.slice(at)) ? text.slice(0, at) + MASK : this.text(text);
  }

  /**
   * Foreign text as one harmless line, masked. What is invisible goes first, as it may stand within a secret; masked before it is cut,
   * as half a secret is not known for one.
   */
  line(text: string, maxLength: number): string {
    const isCut = text.length > LINE_LENGTH;
    const masked = this.text(withoutInvisible(isCut ? text.slice(0, LINE_LENGTH) : text));
    return oneSafeLine(isCut ? `${masked}…` : masked, maxLength);
  }
}

/** The text without the end of the value that it begins with. */
function withoutStart(text: string, value: string): string {
  const start = text.slice(0, MIN_VALUE_LENGTH);
  for (
    let at = value.indexOf(start, Math.max(1, value.length - text.length));
    at !== -1;
    at = value.indexOf(start, at + 1)
  ) {
    const end = value.slice(at);
    if (text.startsWith(end)) return MASK + text.slice(end.length);
  }
  return text;
}

/** The text without the beginning of the value that it ends with. */
function withoutEnd(text: string, value: string): string {
  const end = text.slice(-MIN_VALUE_LENGTH);
  for (
    let at = value.lastIndexOf(end, text.length - end.length);
    at !== -1;
    at = at === 0 ? -1 : value.lastIndexOf(end, at - 1)
  ) {
    const start = value.slice(0, at + end.length);
    if (text.endsWith(start)) return text.slice(0, -start.length) + MASK;
  }
  return text;
}

/** How a value may be written: as it is, inside of JSON, in a URL, on one line, or line by line. */
function spellings(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const all = [value, JSON.stringify(value).slice(1, -1), inUrl(value), lines.join(" "), ...lines];
  return all.filter((spelling) => spelling.length >= MIN_VALUE_LENGTH);
}

function inUrl(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    // Half a surrogate pair, which no URL can hold.
    return value;
  }
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
/** What changes the order of text or does not show at all (https://unicode.org/reports/tr9/), but the joiners that letters need. */
const INVISIBLE =
  /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** For who masks before it is made one line: what does not show may stand within a secret. */
export const withoutInvisible = (text: string): string =>
  text.replaceAll(ESCAPE_SEQUENCE, "").replaceAll(INVISIBLE, "");

/** Makes foreign text one harmless line: no escape sequences, no line breaks or turned text that could forge a log line (CWE-117). */
export function oneSafeLine(text: string, maxLength: number): string {
  const safe = withoutInvisible(text).replaceAll(CONTROLS, " ");
  return safe.length <= maxLength ? safe.trim() : `${safe.slice(0, maxLength).trim()}…`;
}

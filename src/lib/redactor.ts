const MASK = "[redacted]";
/** Shorter values may be ordinary words; masking every occurrence of them would garble the text. */
const MIN_VALUE_LENGTH = 6;
/** Text of this length or more may have been truncated in the middle of a secret. */
const CUT_LENGTH = 500;
/** Only this much of a line is examined. */
const LINE_LENGTH = 16 * 1024;
const AUTH_SCHEME = /\b(Bearer|Basic|Api-Key)\s+[A-Za-z0-9._~+/=-]{6,}/gi;
/** The password in a URL, and a user name that serves as a token: `https://token@host`. */
const URL_PASSWORD = /(:\/\/[^\s/?#:@"'\\]*:)[^\s/"'\\]+(?=@)/g;
const URL_TOKEN = /(https?:\/\/)[^\s/?#:@"'\\]{8,}(?=@)/gi;
/** Headers whose value is several words: everything up to the end of the line or the closing quote is masked. */
const MANY_WORDS = /((?:authorization|cookie)\s*[=:]\s*)([^\s"'\\][^"'\\\r\n]*)/gi;

/** Masks secrets in text: known values, values of known keys, and `Authorization` credentials. */
export class Redactor {
  readonly #keys: ReadonlySet<string>;
  readonly #values: readonly string[];
  readonly #whole: ReadonlySet<string>;
  readonly #assignment: RegExp | undefined;

  constructor(keys: readonly string[], values: readonly string[] = []) {
    this.#keys = new Set(keys.map((key) => key.toLowerCase()));
    this.#whole = new Set(values);
    // Longest first, so that a secret that contains another one is masked as a whole.
    this.#values = [...new Set(values.flatMap(spellings))].toSorted((a, b) => b.length - a.length);
    this.#assignment = keys.length === 0 ? undefined : assignmentTo(keys);
  }

  hides(key: string): boolean {
    return this.#keys.has(key.toLowerCase());
  }

  text(text: string): string {
    let masked = text;
    // Known values first, before other rules change the text around them.
    for (const value of this.#values) masked = masked.replaceAll(value, MASK);
    if (text.length >= CUT_LENGTH) {
      for (const value of this.#values) masked = withoutEnd(withoutStart(masked, value), value);
    }
    masked = masked.replaceAll(AUTH_SCHEME, `$1 ${MASK}`);
    if (masked.includes("@")) masked = masked.replaceAll(URL_PASSWORD, `$1${MASK}`).replaceAll(URL_TOKEN, `$1${MASK}`);
    if (this.#assignment === undefined) return masked;
    return masked.replaceAll(MANY_WORDS, `$1${MASK}`).replaceAll(this.#assignment, maskValue);
  }

  /** For text that may be exactly a secret, or `name=secret`: a known value is masked here however short it is. */
  value(text: string): string {
    if (this.#whole.has(text)) return MASK;
    const at = text.indexOf("=") + 1;
    return at > 0 && this.#whole.has(text.slice(at)) ? text.slice(0, at) + MASK : this.text(text);
  }

  /**
   * Untrusted text as one safe, masked line. Invisible characters are removed first, because they could split a secret; text is
   * masked before it is truncated, because half a secret would not be recognised.
   */
  line(text: string, maxLength: number): string {
    const isCut = text.length > LINE_LENGTH;
    const masked = this.text(withoutInvisible(isCut ? text.slice(0, LINE_LENGTH) : text));
    return oneSafeLine(isCut ? `${masked}…` : masked, maxLength);
  }
}

/** Masks the end of `value` at the beginning of the text. */
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

/** Masks the beginning of `value` at the end of the text. */
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

/** The forms in which a value may appear: verbatim, inside JSON, inside a URL, on one line, or line by line. */
function spellings(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const all = [value, JSON.stringify(value).slice(1, -1), inUrl(value), lines.join(" "), ...lines];
  return all.filter((spelling) => spelling.length >= MIN_VALUE_LENGTH);
}

function inUrl(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    // A lone surrogate cannot be percent-encoded.
    return value;
  }
}

/** A quoted string (possibly truncated, possibly with escaped quotes because it is itself inside a JSON string), or a single word. */
const VALUE = String.raw`(\\"(?:[^"\\]|\\[^"])*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"'&,;}\\]+)`;

/** `key=value`, `key: "value"`, `"key":"value"`. */
function assignmentTo(keys: readonly string[]): RegExp {
  const names = keys.map((key) => key.replaceAll(/[^\w-]/g, String.raw`\$&`)).join("|");
  return new RegExp(String.raw`((?:${names})\\?["']?\s*[=:]\s*)${VALUE}`, "gis");
}

/** Keeps the quotes, so that masked JSON stays valid. */
function maskValue(_whole: string, before: string, value: string): string {
  const quote = value.startsWith('\\"') ? '\\"' : /^["']/.exec(value)?.[0];
  return quote === undefined ? before + MASK : before + quote + MASK + quote;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const ESCAPE_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
// oxlint-disable-next-line no-control-regex -- as above
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** Characters that reorder text or are invisible (https://unicode.org/reports/tr9/), except the joiners that some scripts need. */
const INVISIBLE =
  /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** For callers that mask the text before they make it one line: an invisible character could split a secret. */
export const withoutInvisible = (text: string): string =>
  text.replaceAll(ESCAPE_SEQUENCE, "").replaceAll(INVISIBLE, "");

/** Untrusted text as one safe line: no escape sequences, line breaks or bidirectional controls that could forge a log line (CWE-117). */
export function oneSafeLine(text: string, maxLength: number): string {
  const safe = withoutInvisible(text).replaceAll(CONTROLS, " ");
  return safe.length <= maxLength ? safe.trim() : `${safe.slice(0, maxLength).trim()}…`;
}

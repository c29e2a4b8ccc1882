/** Where a text stops being JSON (RFC 8259): line and column count from 1, columns in UTF-16 units as editors do. */
export interface JsonError {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  /** The character that stands there; undefined at the end of the text. */
  readonly found: string | undefined;
}

type Expectation = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or ]" | "comma or }" | "end";

const SAID: Readonly<Record<Expectation, string>> = {
  value: "a value",
  "value or ]": "a value or ]",
  key: "a name in double quotes",
  "key or }": "a name in double quotes or }",
  colon: "a colon",
  "comma or ]": "a comma or ]",
  "comma or }": "a comma or }",
  end: "nothing more",
};

const BLANK = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** The first mistake in a text that `JSON.parse` refused; undefined when there is none. Takes time in proportion to its length. */
export function findJsonError(text: string): JsonError | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expectation = "value";
  let at = end(BLANK, text, 0);
  const fail = (position: number, what: string): JsonError => errorAt(text, position, what);
  while (at < text.length) {
    const character = text.charAt(at);
    if (expected === "colon" || expected.startsWith("comma") || expected === "end") {
      const next = afterMark(character, expected, open);
      if (next === undefined) return fail(at, SAID[expected]);
      expected = next;
      at = end(BLANK, text, at + 1);
      continue;
    }
    const isClosing = (character === "}" || character === "]") && expected.endsWith(character);
    if (isClosing) {
      open.pop();
      expected = afterValue(open);
      at = end(BLANK, text, at + 1);
      continue;
    }
    if (character === '"') {
      const after = endOfString(text, at + 1);
      if (after.error !== undefined) return fail(after.at, after.error);
      expected = expected.startsWith("key") ? "colon" : afterValue(open);
      at = end(BLANK, text, after.at);
      continue;
    }
    if (expected.startsWith("key")) return fail(at, SAID[expected]);
    if (character === "{" || character === "[") {
      open.push(character);
      expected = character === "{" ? "key or }" : "value or ]";
      at = end(BLANK, text, at + 1);
      continue;
    }
    const after = end(SCALAR, text, at);
    if (after === at) return fail(at, SAID[expected]);
    expected = afterValue(open);
    at = end(BLANK, text, after);
  }
  return expected === "end" ? undefined : fail(text.length, SAID[expected]);
}

/** What may come after a comma, a colon or a closing bracket; undefined when that may not stand here. */
function afterMark(character: string, expected: Expectation, open: ("{" | "[")[]): Expectation | undefined {
  if (expected === "colon") return character === ":" ? "value" : undefined;
  if (expected === "end") return undefined;
  if (character === ",") return open.at(-1) === "{" ? "key" : "value";
  if (!expected.endsWith(character)) return undefined;
  open.pop();
  return afterValue(open);
}

function afterValue(open: readonly ("{" | "[")[]): Expectation {
  const inside = open.at(-1);
  return inside === undefined ? "end" : inside === "{" ? "comma or }" : "comma or ]";
}

function endOfString(text: string, start: number): { readonly at: number; readonly error?: string } {
  let at = start;
  for (;;) {
    at = endOfPlain(text, at);
    const character = text.charAt(at);
    if (character === '"') return { at: at + 1 };
    if (character === "") return { at, error: 'a closing "' };
    if (character !== "\\") return { at, error: 'a closing ", or an escape such as \\n' };
    const after = end(ESCAPE, text, at);
    if (after === at) return { at, error: 'an escape such as \\n, \\" or \\\\' };
    at = after;
  }
}

function endOfPlain(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) >= 0x20 && text.charAt(at) !== '"' && text.charAt(at) !== "\\") at++;
  return at;
}

/** Where a match that begins at `at` ends; `at` itself when there is none. */
function end(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function errorAt(text: string, at: number, expected: string): JsonError {
  let line = 1;
  let lineAt = 0;
  for (let feed = text.indexOf("\n"); feed !== -1 && feed < at; feed = text.indexOf("\n", feed + 1)) {
    line++;
    lineAt = feed + 1;
  }
  const found = text.codePointAt(at);
  return {
    line,
    column: at - lineAt + 1,
    expected,
    found: found === undefined ? undefined : String.fromCodePoint(found),
  };
}

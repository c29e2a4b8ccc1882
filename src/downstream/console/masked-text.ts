import { valueEnd } from "../../lib/json-scan.ts";
import type { Redactor } from "../../lib/redactor.ts";

const KEY = /"((?:[^"\\]|\\.)*)"\s*:\s*/gsy;
/** A value that the redactor has masked without quotes, because it was a number. */
const BARE_MASK = /(?<!\\)(":\s*)\[redacted\](?=\s*[,}\]])/g;
/** How deep JSON may be inside the strings of JSON: the results of most tools are. */
const MAX_DEPTH = 3;
/** `\u0073`. */
const LONGEST_ESCAPE = 6;

/** JSON text, perhaps only the beginning of one, without its secrets. What was valid JSON still is. */
export function maskedText(text: string, redactor: Redactor): string {
  const masked = redactor.text(withoutHidden(plainStrings(text, redactor, 1), redactor));
  return masked.replaceAll(BARE_MASK, '$1"[redacted]"');
}

/** Every string in the shortest spelling, because `\u0073ecret` and `a\/b` are other texts than what they mean. */
function plainStrings(text: string, redactor: Redactor, depth: number): string {
  if (!text.includes("\\")) return text;
  let result = "";
  let from = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', from)) {
    const end = stringEnd(text, at);
    result += text.slice(from, at) + plainString(text.slice(at, end), redactor, depth);
    from = end;
  }
  return result + text.slice(from);
}

function plainString(string: string, redactor: Redactor, depth: number): string {
  const plain = string.includes("\\") ? parsed(string) : undefined;
  if (plain === undefined) return string;
  const isJson = depth < MAX_DEPTH && /^\s*[[{]/.test(plain);
  return JSON.stringify(isJson ? withoutHidden(plainStrings(plain, redactor, depth + 1), redactor) : plain);
}

/** What a string means; of one that is cut, what is there of it. Undefined when it is none. */
function parsed(string: string): string | undefined {
  for (let less = -1; less <= LONGEST_ESCAPE; less++) {
    try {
      return String(JSON.parse(less === -1 ? string : `${string.slice(0, string.length - less)}"`));
    } catch {
      // It is no JSON, or it was cut inside an escape.
    }
  }
  return undefined;
}

/** Without the values of keys that hide their value, whatever they are. */
function withoutHidden(text: string, redactor: Redactor): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf('"'); at !== -1;) {
    KEY.lastIndex = at;
    const found = KEY.exec(text);
    if (found !== null && redactor.hides(found[1] ?? "")) {
      const valueAt = KEY.lastIndex;
      result += `${text.slice(from, valueAt)}"[redacted]"`;
      from = valueEnd(text, valueAt);
      at = text.indexOf('"', from);
    } else {
      at = text.indexOf('"', found === null ? stringEnd(text, at) : KEY.lastIndex);
    }
  }
  return result + text.slice(from);
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === '"') return at + 1;
  }
  return text.length;
}

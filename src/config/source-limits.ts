const MAX_BYTES = 1_048_576;
const MAX_NESTING = 100;

/** What would exhaust the recursive YAML parser, checked before it runs; undefined when the source is harmless. */
export function exceededLimit(source: string): string | undefined {
  if (source.length > MAX_BYTES) return `is larger than ${MAX_BYTES} bytes`;
  const isDeep = hasDeepBrackets(source) || /^ {400}/m.test(source) || /(?:[-?][ \t]+){50}/.test(source);
  return isDeep ? `is nested more than ${MAX_NESTING} levels deep` : undefined;
}

function hasDeepBrackets(source: string): boolean {
  let depth = 0;
  for (const [mark] of source.matchAll(/[[\]{}]/g)) {
    // Never below 0: closing brackets in a comment must not hide what follows.
    depth = Math.max(0, depth + (mark === "[" || mark === "{" ? 1 : -1));
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

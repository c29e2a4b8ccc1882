export type Matches = (text: string) => boolean;

/**
 * A function that tells whether a text matches the pattern: `*` is any run of characters, also `/` and `:`; `\` takes the next
 * character literally. Linear time: taking the leftmost match of each literal piece is always sufficient, so there is no
 * backtracking.
 */
export function globMatcher(pattern: string): Matches {
  const pieces = piecesOf(pattern);
  const [first = "", ...others] = pieces;
  if (others.length === 0) return (text) => text === first;
  const last = others.at(-1) ?? "";
  const inner = others.slice(0, -1).filter((piece) => piece !== "");
  if (pieces.every((piece) => piece === "")) return () => true;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

export const matchesGlob = (pattern: string, text: string): boolean => globMatcher(pattern)(text);

/** Whether the pattern matches one text only. */
export const isLiteral = (pattern: string): boolean => piecesOf(pattern).length === 1;

/** Whether the pattern matches every text. */
export const isUniversal = (pattern: string): boolean => pattern !== "" && pattern.replaceAll("*", "") === "";

/** How many characters of a matching text are fixed. */
export const literalLength = (pattern: string): number =>
  piecesOf(pattern).reduce((sum, { length }) => sum + length, 0);

/** The literal texts between the `*`. */
function piecesOf(pattern: string): string[] {
  if (!pattern.includes("\\")) return pattern.split("*");
  const pieces = [""];
  for (let at = 0; at < pattern.length; at++) {
    const isEscape = pattern[at] === "\\" && at + 1 < pattern.length;
    if (pattern[at] === "*") pieces.push("");
    else pieces.push((pieces.pop() ?? "") + (pattern[isEscape ? ++at : at] ?? ""));
  }
  return pieces;
}

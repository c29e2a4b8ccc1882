/** A string, a comment to the end of a line, or one between marks, each at the beginning of a token. */
const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|(?<![^\s,{}[\]])(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/)/g;

/**
 * JSON with comments as YAML with comments, so that they can be kept; every offset stays the same. A comment that has something
 * behind it in its line is replaced by spaces, because in YAML it would hide that.
 */
export function withYamlComments(source: string): string {
  if (!/^\s*(?:\{|\/\/|\/\*)/.test(source)) return source;
  return source.replaceAll(STRING_OR_COMMENT, (token: string, offset: number) => {
    if (token.startsWith('"')) return token;
    if (token.startsWith("//")) return ` #${token.slice(2)}`;
    const isLast = /^[ \t\r]*(?:\n|$)/.test(source.slice(offset + token.length, offset + token.length + 200));
    return isLast ? blockComment(token) : token.replaceAll(/[^\n]/g, " ");
  });
}

/** Every line begins with a mark, in the place of a space or of the star that many people write there. */
function blockComment(token: string): string {
  const lines = ` #${token.slice(2, -2)}  `.split("\n");
  const isMarkable = lines.slice(1).every((line) => line.trim() === "" || /^\s*(?:\*|\s\S)/.test(line));
  if (!isMarkable) return token.replaceAll(/[^\n]/g, " ");
  const [first = "", ...others] = lines;
  return [first, ...others.map((line) => line.replace(/^(\s*)\*|^(\s*)\s(?=\S)/, "$1$2#"))].join("\n");
}

/** A string, or a comment at the beginning of a token. */
const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|(?<![^\s,{}[\]])(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/)/g;

/**
 * JSON as editors take it for settings: comments become blanks, so that all else keeps its place. YAML that is not written like
 * JSON is returned as it is.
 */
export function withoutJsonComments(source: string): string {
  if (!/^\s*(?:\{|\/\/|\/\*)/.test(source)) return source;
  return source.replaceAll(STRING_OR_COMMENT, (token) =>
    token.startsWith('"') ? token : token.replaceAll(/[^\n]/g, " "),
  );
}

/** A string, or a comment at the beginning of a token. */
const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|(?<![^\s,{}[\]])(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/)/g;

/**
 * JSON with comments, as editors use it for settings: comments are replaced by spaces, so that offsets stay the same. YAML that
 * is not written like JSON is returned unchanged.
 */
export function withoutJsonComments(source: string): string {
  if (!/^\s*(?:\{|\/\/|\/\*)/.test(source)) return source;
  return source.replaceAll(STRING_OR_COMMENT, (token) =>
    token.startsWith('"') ? token : token.replaceAll(/[^\n]/g, " "),
  );
}

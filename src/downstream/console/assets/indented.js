const MAX_CHARACTERS = 1_000_000;
const MAX_DEPTH = 40;

/**
 * JSON with line feeds and indentation, without parsing it: long numbers and repeated keys stay as they are. What is no JSON, as a
 * text that was cut, is indented as far as it goes.
 * @param {string} text
 */
export function indented(text) {
  if (text.length > MAX_CHARACTERS || !/^\s*[{[]/.test(text)) return text;
  let depth = 0;
  const next = () => `\n${"  ".repeat(Math.min(depth, MAX_DEPTH))}`;
  return text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*(?:"|$)|[{[]\s*[}\]]|[{[\]}:,]|\s+/gs, (token) => {
    if (/^\s/.test(token)) return "";
    if (token === ",") return `,${next()}`;
    if (token === ":") return ": ";
    if (token === "{" || token === "[") return `${token}${(depth++, next())}`;
    if (token === "}" || token === "]") return `${((depth = Math.max(0, depth - 1)), next())}${token}`;
    return token.replace(/^([{[])\s*([}\]])$/, "$1$2");
  });
}

/**
 * What is wrong with a text that should be the arguments of a tool, in words; undefined when nothing is.
 * @param {string} text
 */
export function argumentsFault(text) {
  try {
    const value = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? undefined : 'The arguments of a tool are a JSON object: { "name": value }.';
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? placed(error.message, text) : String(error)}`;
  }
}

/**
 * Engines say where by the number of the character; people count lines.
 * @param {string} message
 * @param {string} text
 */
function placed(message, text) {
  const at = / at position (\d+).*$/s.exec(message);
  if (at === null) return message;
  const before = text.slice(0, Number(at[1])).split("\n");
  return `${message.slice(0, at.index)} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

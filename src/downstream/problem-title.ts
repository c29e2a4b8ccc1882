/** Words that are no words: how they are written in a title. */
const ABBREVIATIONS = new Map([["json", "JSON"]]);

/** `call_timeout` → "Call timeout", `invalid_json` → "Invalid JSON". */
export function titleOf(name: string): string {
  const words = name.split("_").map((word) => ABBREVIATIONS.get(word) ?? word);
  const title = words.join(" ");
  return title.charAt(0).toUpperCase() + title.slice(1);
}

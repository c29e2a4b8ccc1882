/** Text from a stranger, fit for a page and a terminal: no control characters but line feed and tab, no half pairs. */
export function plainText(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.replaceAll(/[^\P{Cc}\n\t]/gu, "").replaceAll(/\p{Surrogate}/gu, "\u{FFFD}");
}

/** `plainText` that says something. */
export function someText(value: unknown): string | undefined {
  const text = plainText(value)?.trim();
  return text === "" ? undefined : text;
}

/** At most `limit` characters, cut between words, with an ellipsis where something is missing. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit - 1).replace(/\p{Surrogate}$/u, "");
  const space = head.search(/\s\S*$/u);
  return `${(space > limit / 2 ? head.slice(0, space) : head).trimEnd()}…`;
}

/** A stranger's name inside one of our sentences. */
export function quoted(name: string): string {
  return JSON.stringify(clip(plainText(name) ?? "", 80));
}

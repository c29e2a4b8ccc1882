/** Untrusted text made safe to display: no control characters except line feed and tab, no lone surrogates. */
export function plainText(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.replaceAll(/[^\P{Cc}\n\t]/gu, "").replaceAll(/\p{Surrogate}/gu, "\u{FFFD}");
}

/** `plainText`, trimmed; undefined when nothing is left. */
export function someText(value: unknown): string | undefined {
  const text = plainText(value)?.trim();
  return text === "" ? undefined : text;
}

/** At most `limit` characters, cut at a word boundary and ended with an ellipsis when truncated. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit - 1).replace(/\p{Surrogate}$/u, "");
  const space = head.search(/\s\S*$/u);
  return `${(space > limit / 2 ? head.slice(0, space) : head).trimEnd()}…`;
}

/** An untrusted name, quoted for use in a message. */
export function quoted(name: string): string {
  return JSON.stringify(clip(plainText(name) ?? "", 80));
}

/** Escapes of escapes of escapes: nothing decodes more often. */
const MOST_DECODINGS = 3;

/** What a server may take a URI for: percent escapes decoded, `\` as `/`, and the path without `.`, `..` (RFC 3986 §6.2.2). */
export function canonicalUri(uri: string): string {
  const text = decoded(uri).replaceAll("\\", "/");
  if (!/\/\.|\/\//.test(text)) return text;
  const scheme = /^[^/]*:\/\/[^/]*/.exec(text)?.[0] ?? /^[^/:]*:/.exec(text)?.[0] ?? "";
  const kept: string[] = [];
  for (const segment of text.slice(scheme.length).split("/")) {
    if (segment === "..") {
      if (kept.length > 1) kept.pop();
    } else if (segment !== "." && (segment !== "" || kept.length === 0)) kept.push(segment);
  }
  return scheme + kept.join("/");
}

function decoded(uri: string): string {
  let text = uri;
  for (let times = 0; times < MOST_DECODINGS && text.includes("%"); times++) {
    const next = text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
      const bytes = Buffer.from(escapes.replaceAll("%", ""), "hex");
      return bytes.toString("utf8");
    });
    if (next === text) break;
    text = next;
  }
  return text;
}

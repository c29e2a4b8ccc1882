/** A pattern or a name written `name` or `server:name`; the server ends at the first colon, and `\:` is a colon of the name. */
export interface SplitName {
  readonly server: string | undefined;
  readonly name: string;
}

export function splitName(text: string): SplitName {
  const colon = /^(?:[^\\:]|\\.)*:/s.exec(text)?.[0];
  if (colon === undefined) return { server: undefined, name: text };
  return { server: colon.slice(0, -1), name: text.slice(colon.length) };
}

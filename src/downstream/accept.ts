/** Does an `Accept` header take this media type (RFC 9110 §12.5.1)? A missing header takes everything, `q=0` nothing. */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === "") return true;
  const [kind = ""] = mediaType.split("/");
  const wanted = [mediaType, `${kind}/*`, "*/*"];
  let bestMatch = wanted.length;
  let isTaken = false;
  for (const range of header.toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const match = wanted.indexOf(type);
    // The most exact range decides: `*/*, text/event-stream;q=0` does not take event streams.
    if (match === -1 || match > bestMatch) continue;
    bestMatch = match;
    isTaken = !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  }
  return isTaken;
}

import Negotiator from "negotiator";

/** What the MCP SDKs send with every POST. */
const MCP_CLIENTS = "application/json, text/event-stream";

/**
 * Parameters of a media range other than its weight. They are ignored: no type that the gateway sends has variants that differ in
 * them, and clients add `charset=utf-8` to types that have no such parameter.
 */
const PARAMETERS = /;(?![ \t]*q[ \t]*=)[^;,]*/gi;

/** Whether an `Accept` header accepts this media type (RFC 9110 §12.5.1). A missing header accepts everything, `q=0` excludes. */
export function accepts(header: string | undefined, mediaType: string): boolean {
  // Fast path for the headers that clients really send.
  if (header === undefined || header === "*/*" || header === mediaType) return true;
  if (header === MCP_CLIENTS && (mediaType === "application/json" || mediaType === "text/event-stream")) return true;
  return isBlank(header) || negotiatorFor(header).mediaTypes([mediaType]).length > 0;
}

/** The media ranges of an `Accept` header, in lower case, most preferred first. */
export function acceptedRanges(header: string | undefined): readonly string[] {
  if (header === undefined || isBlank(header)) return ["*/*"];
  return negotiatorFor(header.toLowerCase()).mediaTypes();
}

/** What programs in Java ask for unless told otherwise (HttpURLConnection); they do not show pages. */
const JAVA = "text/html, image/gif, image/jpeg, *";

/** Is it a person with a browser? Programs accept everything or JSON, and those that would take a page prefer something else. */
export function prefersHtml(header: string | undefined): boolean {
  if (header === undefined || !header.includes("text/html") || header.startsWith(JAVA)) return false;
  const [best] = acceptedRanges(header);
  return best === "text/html" || best === "application/xhtml+xml";
}

const isBlank = (header: string): boolean => header.trim() === "";

function negotiatorFor(header: string): Negotiator {
  return new Negotiator({ headers: { accept: header.replaceAll(PARAMETERS, "") } });
}

import { closest } from "../lib/closest.ts";
import { quoted } from "../lib/text.ts";
import { GatewayError } from "../protocol/errors.ts";

/** Names that somebody mistyped are short; comparing long ones would only take time. */
const CHARACTERS = 64;
const NAMES = 500;

/** The name that was most likely meant. */
export function meantName(given: string, names: Iterable<string>): string | undefined {
  return given.length > CHARACTERS ? undefined : closest(given, likely(given, names));
}

/** ` Did you mean "x"?`, or nothing. */
const didYouMean = (meant: string | undefined): string =>
  meant === undefined ? "" : ` Did you mean ${quoted(meant)}?`;

/** Only for callers who were admitted: it tells which servers there are. */
export function unknownServer(given: string, names: readonly string[], where = "GET /api lists them."): GatewayError {
  const meant = meantName(given, names);
  const message = `No such server.${didYouMean(meant)} ${where}`;
  return new GatewayError("server_not_found", message, meant === undefined ? {} : { data: { didYouMean: meant } });
}

export function unknownTool(
  server: string,
  given: string,
  names: Iterable<string>,
  where = `GET /api/${server} lists its tools.`,
): GatewayError {
  const meant = meantName(given, names);
  const message = `The server "${server}" has no such tool.${didYouMean(meant)} ${where}`;
  return new GatewayError("tool_not_found", message, meant === undefined ? {} : { data: { didYouMean: meant } });
}

/** Those of about the same length, as many as can be compared in a moment. */
function* likely(given: string, names: Iterable<string>): Iterable<string> {
  let left = NAMES;
  for (const name of names) {
    if (Math.abs(name.length - given.length) > Math.max(1, given.length / 3)) continue;
    if (left-- === 0) return;
    yield name;
  }
}

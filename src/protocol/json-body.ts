import { findJsonError } from "../lib/json-error.ts";
import { GatewayError } from "./errors.ts";

/** In a longer body the mistake is not looked for: that takes far longer than parsing, and everybody waits meanwhile. */
const MAX_SEARCHED = 64 * 1024;

/** The value of a JSON body; throws `invalid_json` with the place of the first mistake in a short one. */
export function parseJsonBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new GatewayError("invalid_json", `The body is not valid JSON${placeOf(body)}.`, { cause });
  }
}

/** Where the mistake is, and what is expected there. */
function placeOf(body: string): string {
  const error = body.length > MAX_SEARCHED ? undefined : findJsonError(body);
  if (error === undefined) return "";
  const { line, column, expected, found } = error;
  const instead = found === undefined ? "the end of the text" : JSON.stringify(found);
  return `: line ${line}, column ${column} has ${instead} where ${expected} is expected`;
}

import { GatewayError } from "../../protocol/errors.ts";
import { acceptedRanges } from "../accept.ts";

/** The part of a result that a caller wants: all of it as the server wrote it, a part of it, or an event stream. */
export type ResultForm = "raw" | "text" | "structured" | "blob" | "stream";

const BY_NAME = new Map<string, ResultForm>([
  ["raw", "raw"],
  ["json", "raw"],
  ["text", "text"],
  ["structured", "structured"],
  ["blob", "blob"],
  ["stream", "stream"],
]);

const BY_RANGE: readonly (readonly [RegExp, ResultForm])[] = [
  [/^(?:application\/(?:\*|json)|\*\/\*)$/, "raw"],
  [/^text\/event-stream$/, "stream"],
  [/^text\/(?:\*|plain)$/, "text"],
  [/^(?:image|audio)\/.+$|^application\/octet-stream$/, "blob"],
];

/** `?result=` for callers that cannot set headers, else the best match of `Accept` (RFC 9110 §12.5.1). */
export function resultForm(accept: string | undefined, named: string | undefined): ResultForm {
  if (named !== undefined) return formNamed(named);
  if (accept === undefined || accept === "*/*" || accept === "application/json") return "raw";
  for (const range of acceptedRanges(accept)) {
    const form = BY_RANGE.find(([shape]) => shape.test(range))?.[1];
    if (form !== undefined) return form;
  }
  const message =
    "Accept application/json, text/plain, text/event-stream, image/*, audio/* or application/octet-stream.";
  throw new GatewayError("not_acceptable", message);
}

function formNamed(name: string): ResultForm {
  const form = BY_NAME.get(name);
  if (form !== undefined) return form;
  throw new GatewayError("invalid_request", `?result= must be one of ${[...BY_NAME.keys()].join(", ")}.`);
}

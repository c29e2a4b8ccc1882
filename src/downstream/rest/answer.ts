import type { ServerResponse } from "node:http";
import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { scanKeys, valueEnd } from "../../lib/json-scan.ts";
import { byteLength, type Line } from "../../lib/lines.ts";
import { Pieces } from "../../lib/pieces.ts";
import { endWatched } from "../end-watched.ts";
import { accepts } from "../accept.ts";
import type { ResultForm } from "./result-form.ts";

/** A complete response, so that it can be stored and replayed. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Line;
}

const JSON_TYPE = { "Content-Type": "application/json" };
/** The media type is declared by the server and untrusted: a browser must not execute the content. */
const INERT = { "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'" };
const SHOWN_BLOBS = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+)$/;

/** The result of a tool in the requested form. A result that cannot be converted is returned unchanged. */
export function resultAnswer(result: Line, form: ResultForm, accept: string | undefined): RestAnswer {
  if (form === "text") return textAnswer(result);
  if (form === "structured") return { status: 200, headers: JSON_TYPE, body: structuredText(result.toString()) };
  if (form === "blob") return blobAnswer(result, accept) ?? { status: 200, headers: JSON_TYPE, body: result };
  return { status: 200, headers: JSON_TYPE, body: result };
}

/** Whether the result reports a tool error. A long result is parsed only if it contains the word. */
export function saysToolError(result: Line): boolean {
  return result.includes('"isError"') && member(JSON.parse(result.toString()), "isError") === true;
}

/** `stallMs` is how long a reader of a long body may take nothing at all. */
export function endAnswer(response: ServerResponse, answer: RestAnswer, stallMs = Number.POSITIVE_INFINITY): void {
  const { status, headers, body } = answer;
  response.writeHead(status, { ...headers, "Content-Length": byteLength(body) });
  endWatched(response, body, stallMs);
}

function textAnswer(result: Line): RestAnswer {
  const headers = { "Content-Type": "text/plain; charset=utf-8", ...INERT };
  return { status: 200, headers, body: textParts(JSON.parse(result.toString())).join("\n\n") };
}

/** `structuredContent` as the server wrote it, else the only text part, as JSON if it is JSON. */
function structuredText(result: string): string {
  let structured: string | undefined;
  scanKeys(result, 1, ({ key, depth, valueAt }) => {
    if (depth === 1 && key === "structuredContent") structured = result.slice(valueAt, valueEnd(result, valueAt));
  });
  if (structured !== undefined) return structured;
  const texts = textParts(JSON.parse(result));
  const [only] = texts;
  if (only === undefined || texts.length > 1) return result;
  return isJson(only) ? only : JSON.stringify(only);
}

/** The first blob of an accepted type; of any type when the form was requested by name. */
function blobAnswer(result: Line, accept: string | undefined): RestAnswer | undefined {
  for (const part of contentParts(JSON.parse(result.toString()))) {
    const holder = isObject(part["resource"]) ? part["resource"] : part;
    const data = holder["data"] ?? holder["blob"];
    if (typeof data !== "string") continue;
    const { mimeType } = holder;
    const type = typeof mimeType === "string" ? mimeType.toLowerCase() : "application/octet-stream";
    if (!accepts(accept, type) && !accepts(accept, "application/octet-stream")) continue;
    const headers = { "Content-Type": SHOWN_BLOBS.test(type) ? type : "application/octet-stream", ...INERT };
    return { status: 200, headers, body: new Pieces([Buffer.from(data, "base64")]) };
  }
  return undefined;
}

export function contentParts(result: unknown): JsonObject[] {
  const content = member(result, "content");
  return Array.isArray(content) ? content.filter(isObject) : [];
}

function textParts(result: unknown): string[] {
  return contentParts(result).flatMap((part) => {
    const text = part["text"] ?? member(part["resource"], "text");
    return typeof text === "string" ? text : [];
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Plain text, for which the answer is no.
    return false;
  }
}

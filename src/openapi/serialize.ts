import type { Document } from "./oas.ts";

/** The document as a file: two spaces, one line feed at the end. */
export function toJson(document: Document): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

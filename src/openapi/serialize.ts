import type { Document } from "./oas.ts";

/** Indented by two spaces, with a trailing newline. */
export function toJson(document: Document): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

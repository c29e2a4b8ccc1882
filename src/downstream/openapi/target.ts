import type { DocumentOptions } from "../../openapi/options.ts";

/** What the name of a file says of the document in it. */
export interface DocumentFile {
  /** Undefined when `?profile=` may choose it. */
  readonly profile: DocumentOptions["profile"] | undefined;
  readonly format: "json" | "yaml";
}

/** A document that a URL names. */
export interface DocumentTarget extends DocumentFile {
  readonly layout: DocumentOptions["layout"];
  /** The path without the file name: what the paths of the document are relative to. */
  readonly folder: string;
  readonly server: string | undefined;
}

/** The documents by the names of their files: each is there at the root, in `/api` and in `/api/<server>`. */
export const DOCUMENT_FILES: ReadonlyMap<string, DocumentFile> = new Map([
  ["openapi.json", { profile: undefined, format: "json" }],
  ["openapi.yaml", { profile: undefined, format: "yaml" }],
  ["openapi.gpt.json", { profile: "gpt", format: "json" }],
  ["openapi.gpt.yaml", { profile: "gpt", format: "yaml" }],
  ["openapi.openwebui.json", { profile: "openwebui", format: "json" }],
  ["openapi.openwebui.yaml", { profile: "openwebui", format: "yaml" }],
]);

/** Does the path of a URL end with the name of a document? */
export function namesDocument(path: string): boolean {
  return path.includes("/openapi.") && DOCUMENT_FILES.has(path.slice(path.lastIndexOf("/") + 1));
}

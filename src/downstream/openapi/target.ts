import type { DocumentOptions } from "../../openapi/options.ts";

/** The properties of a document that its file name determines. */
export interface DocumentFile {
  /** Undefined when `?profile=` selects it. */
  readonly profile: DocumentOptions["profile"] | undefined;
  readonly format: "json" | "yaml";
}

/** The document that a URL refers to. */
export interface DocumentTarget extends DocumentFile {
  readonly layout: DocumentOptions["layout"];
  /** The path without the file name, to which the paths of the document are relative. */
  readonly folder: string;
  readonly server: string | undefined;
}

/** The documents by file name; each exists at the root, in `/api` and in `/api/<server>`. */
export const DOCUMENT_FILES: ReadonlyMap<string, DocumentFile> = new Map([
  ["openapi.json", { profile: undefined, format: "json" }],
  ["openapi.yaml", { profile: undefined, format: "yaml" }],
  ["openapi.gpt.json", { profile: "gpt", format: "json" }],
  ["openapi.gpt.yaml", { profile: "gpt", format: "yaml" }],
  ["openapi.openwebui.json", { profile: "openwebui", format: "json" }],
  ["openapi.openwebui.yaml", { profile: "openwebui", format: "yaml" }],
]);

/** Whether the path of a URL ends with the file name of a document. */
export function namesDocument(path: string): boolean {
  return path.includes("/openapi.") && DOCUMENT_FILES.has(path.slice(path.lastIndexOf("/") + 1));
}

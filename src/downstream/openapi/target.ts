import type { DocumentOptions } from "../../openapi/options.ts";

/** A document that a URL names. */
export interface DocumentTarget {
  readonly layout: DocumentOptions["layout"];
  /** The path without the file name: what the paths of the document are relative to. */
  readonly folder: string;
  readonly server: string | undefined;
  readonly profile: DocumentOptions["profile"] | undefined;
  readonly format: "json" | "yaml";
}

const FILE = /^(.*)\/openapi(?:\.(gpt|openwebui))?\.(json|yaml)$/;
const FOLDER = /^(?:\/api(?:\/([A-Za-z0-9][A-Za-z0-9_-]*))?)?$/;

/** `/openapi.json`, `/api/openapi.json`, `/api/<server>/openapi.json`; `.yaml` too, and `.gpt` or `.openwebui` before it. */
export function documentTarget(path: string): DocumentTarget | undefined {
  const [, folder = "", profile, format] = FILE.exec(path) ?? [];
  const place = format === undefined ? null : FOLDER.exec(folder);
  if (place === null) return undefined;
  const [, server] = place;
  return {
    layout: folder === "" ? "root" : server === undefined ? "api" : "server",
    folder,
    server,
    profile: profile === "gpt" || profile === "openwebui" ? profile : undefined,
    format: format === "yaml" ? "yaml" : "json",
  };
}

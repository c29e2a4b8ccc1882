import { readFileSync } from "node:fs";
import { member } from "../lib/json.ts";

/** The version of the installed package. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(member(manifest, "version"));
}

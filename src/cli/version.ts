import { readFileSync } from "node:fs";
import { join } from "node:path";
import { member } from "../lib/json.ts";
import { packageRoot } from "../lib/package-root.ts";

/** The version of the installed package. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return String(member(manifest, "version"));
}

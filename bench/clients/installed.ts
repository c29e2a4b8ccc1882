import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";

// Clients that the gateway's own tests do not need are no dependencies of it: they are installed when they are first wanted.

export const INSTALL_FOLDER = fileURLToPath(new URL("../../node_modules/.cache/clients", import.meta.url));
const MANIFEST = fileURLToPath(new URL("package.json", import.meta.url));
/** A package is found from where the file that imports it lies. */
const IMPORTER = join(INSTALL_FOLDER, "importer.mjs");

/** Installs what `package.json` beside this file pins, unless that was done before. */
export function install(): void {
  const wanted = join(INSTALL_FOLDER, "package.json");
  const isDone = existsSync(IMPORTER) && readFileSync(wanted, "utf8") === readFileSync(MANIFEST, "utf8");
  if (isDone) return;
  process.stdout.write(`installing the clients in ${INSTALL_FOLDER} …\n`);
  rmSync(IMPORTER, { force: true });
  mkdirSync(INSTALL_FOLDER, { recursive: true });
  copyFileSync(MANIFEST, wanted);
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  execFileSync("npm", ["install", "--prefix", INSTALL_FOLDER, ...options], { stdio: "inherit" });
  // Written last: it says that the installation was completed.
  writeFileSync(IMPORTER, "export const load = (name) => import(name);\n");
}

/** `T`: what of the package is used. */
export async function installed<T>(name: string): Promise<T> {
  const { load }: { load(name: string): Promise<T> } = await import(pathToFileURL(IMPORTER).href);
  return load(name);
}

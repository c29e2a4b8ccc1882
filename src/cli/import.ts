import { readFileSync, writeFileSync } from "node:fs";
import { importFiles } from "../config/import/import.ts";
import { errorMessage } from "../lib/error-message.ts";

export interface ImportFlags {
  readonly output?: string;
}

/** Prints one config made of the files of other programs; false if something of them is missing in it. */
export function importConfig(files: readonly string[], { output }: ImportFlags): boolean {
  const sources = files.map((file) => ({ file, text: readSource(file) }));
  const { yaml, remarks } = importFiles(sources);
  if (output === undefined) process.stdout.write(yaml);
  else writeNew(output, yaml);
  for (const { level, text } of remarks) process.stderr.write(`${PREFIXES[level]}: ${text}\n`);
  return !remarks.some(({ level }) => level === "problem");
}

const PREFIXES = { info: "note", warn: "warning", problem: "problem" } as const;

function readSource(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new Error(`${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

/** Writes a file for this user only, as there may be secrets in it, and never over another one. */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw new Error(isThere ? `${file} exists already, and is not overwritten` : errorMessage(error), { cause: error });
  }
}

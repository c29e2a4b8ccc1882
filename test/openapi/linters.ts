import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";

const require = createRequire(import.meta.url);
const redoclyCli = join(dirname(require.resolve("@redocly/cli/package.json")), "bin/cli.js");
const spectralCli = join(dirname(require.resolve("@stoplight/spectral-cli/package.json")), "dist/index.js");

/** Writes the documents to a temporary directory, by file name; it is removed with the scope. */
export async function filesOf(documents: ReadonlyMap<string, string>) {
  const directory = await mkdtemp(join(tmpdir(), "openapi-"));
  const paths = [...documents.keys()].map((name) => join(directory, name));
  await Promise.all([...documents].map(([name, text]) => writeFile(join(directory, name), text)));
  await writeFile(join(directory, "spectral.yaml"), 'extends: ["spectral:oas"]\n');
  return { directory, paths, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** The errors that `redocly lint` finds with its recommended rules. */
export async function redocly(paths: readonly string[]): Promise<string[]> {
  const options = ["--extends", "recommended", "--format", "checkstyle", "--max-problems", "1000000"];
  const report = await run([redoclyCli, "lint", ...paths, ...options]);
  const seen = report.match(/<file name/g)?.length ?? 0;
  if (seen !== paths.length)
    throw new Error(`redocly reported on ${seen} of ${paths.length} documents\n${report.slice(-2000)}`);
  return report.split("\n").filter((line) => line.includes('severity="error"'));
}

/** The errors that Spectral finds with `spectral:oas`. */
export async function spectral(paths: readonly string[]): Promise<string[]> {
  const ruleset = join(dirname(paths[0] ?? ""), "spectral.yaml");
  const options = ["--ruleset", ruleset, "--format", "json", "--quiet"];
  const report = await run([spectralCli, "lint", ...paths, ...options]);
  const found: { severity: number; code: string; message: string; path: string[]; source: string }[] =
    JSON.parse(report);
  if (new Set(found.map(({ source }) => source)).size !== paths.length)
    throw new Error("spectral passed a document over");
  const errors = found.filter(({ severity }) => severity === 0);
  return errors.map(({ source, code, message, path }) => `${basename(source)} ${code}: ${message} ${path.join("/")}`);
}

/** What the schema of OpenAPI itself says. */
export async function schemaOf(text: string): Promise<string> {
  const { valid, errors } = await new Validator().validate(JSON.parse(text));
  return valid ? "valid" : JSON.stringify(errors);
}

/** Both CLIs exit with 1 when they find errors; their output is the result either way. */
function run(args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    HOME: tmpdir(),
    REDOCLY_TELEMETRY: "off",
    REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], { env, maxBuffer: 2 ** 28, timeout: 100_000 }, (_, stdout) =>
      resolve(stdout),
    );
  });
}

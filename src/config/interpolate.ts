import { readFileSync } from "node:fs";
import { isPair, isScalar, parseDocument, Scalar, visit, type Document } from "yaml";
import { errorMessage } from "../lib/error-message.ts";
import { isHarmless } from "./harmless.ts";
import { isSecretName } from "./secret-names.ts";

const HOW_TO_WRITE = "write ${VAR}, ${VAR:-default} or ${file:/path}, and $${ for a literal ${";

export interface Interpolation {
  /** What stood for a secret: values from files, from variables that are named like one, and all but plain words in the env of a server. */
  readonly secrets: readonly string[];
  /** Each with the place in the source where its text starts. */
  readonly problems: readonly { readonly offset: number; readonly message: string }[];
}

/** `$${` is a literal `${`; else `${VAR}`, `${VAR:-default}`, `${file:/path}`. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}/g;
/** `env:` is the older way of some clients to say that a variable is meant. */
const VARIABLE = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Fills the placeholders in every string value of a parsed document; never in raw text, so a value cannot become YAML. */
export function interpolate(document: Document, env: NodeJS.ProcessEnv): Interpolation {
  const secrets: string[] = [];
  const problems: { offset: number; message: string }[] = [];
  visit(document, {
    Scalar(key, node, path) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const isInEnv = path.some((place) => isPair(place) && isScalar(place.key) && place.key.value === "env");
      const hides = (name: string, value: string): boolean => isSecretName(name) || (isInEnv && !isHarmless(value));
      try {
        node.value = typed(node, filled(node.value, { env, secrets, hides }));
      } catch (error) {
        problems.push({
          offset: node.range?.[0] ?? 0,
          message: errorMessage(error),
        });
      }
    },
  });
  return { secrets, problems };
}

interface Filling {
  readonly env: NodeJS.ProcessEnv;
  readonly secrets: string[];
  readonly hides: (name: string, value: string) => boolean;
}

function filled(text: string, { env, secrets, hides }: Filling): string {
  // Nothing of the text is quoted: it may be a password that only looks like a placeholder.
  if (text.replaceAll(PLACEHOLDER, "").includes("${")) throw new Error(`a placeholder is not closed; ${HOW_TO_WRITE}`);
  return text.replaceAll(PLACEHOLDER, (_whole: string, name: string | undefined) => {
    if (name === undefined) return "${";
    if (name.startsWith("file:")) return fileValue(name.slice("file:".length), secrets);
    if (name.startsWith("input:"))
      throw new Error(
        "${input:…} is not supported, as there is nobody to ask; put the value into a variable and write ${VAR}",
      );
    const [, variable, fallback] = VARIABLE.exec(name) ?? [];
    if (variable === undefined) throw new Error(`this is not a valid placeholder; ${HOW_TO_WRITE}`);
    // A variable that is set but empty counts as missing: an empty token would let everybody in.
    const value = (Object.hasOwn(env, variable) && env[variable]) || fallback;
    if (value === undefined)
      throw new Error(
        `the environment variable ${variable} is not set (or empty); \${${variable}:-default} gives it a default`,
      );
    if (hides(variable, value)) secrets.push(value);
    return value;
  });
}

function fileValue(path: string, secrets: string[]): string {
  try {
    const value = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    secrets.push(value);
    return value;
  } catch (cause) {
    throw new Error(`the file ${path} cannot be read`, { cause });
  }
}

/** An unquoted `${PORT}` means what the same text would mean in its place: a number, a boolean. A quoted one stays a string. */
function typed(node: Scalar, text: string): unknown {
  if (node.type !== Scalar.PLAIN) return text;
  const { contents } = parseDocument(text);
  const isPlain = isScalar(contents) && (typeof contents.value === "number" || typeof contents.value === "boolean");
  // 0644, 1e3 or a 20-digit id would not come back as they were written: those stay text.
  return isPlain && String(contents.value) === text ? contents.value : text;
}

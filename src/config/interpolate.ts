import { readFileSync } from "node:fs";
import { isPair, isScalar, parseDocument, Scalar, visit, type Document } from "yaml";
import { errorMessage } from "../lib/error-message.ts";
import { isHarmless } from "./harmless.ts";
import { isSecretName } from "./secret-names.ts";

const HOW_TO_WRITE = "write ${VAR}, ${VAR:-default} or ${file:/path}, and $${ for a literal ${";

export interface Interpolation {
  /** The values that are secrets: from files, from variables named like one, and all but harmless values in the `env` of a server. */
  readonly secrets: readonly string[];
  /** Each with its offset in the source. */
  readonly problems: readonly { readonly offset: number; readonly message: string }[];
}

/** `$${` is a literal `${`; else `${VAR}`, `${VAR:-default}`, `${file:/path}`. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}/g;
/** `env:` is the syntax of some clients for variables. */
const VARIABLE = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Replaces the placeholders in the string values of a parsed document; not in raw text, so that a value cannot inject YAML. */
export function interpolate(document: Document, env: NodeJS.ProcessEnv): Interpolation {
  const secrets: string[] = [];
  const problems: { offset: number; message: string }[] = [];
  visit(document, {
    Scalar(key, node, path) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const isInEnv = path.some((place) => isPair(place) && isScalar(place.key) && place.key.value === "env");
      const hides = (name: string, value: string): boolean => isSecretName(name) || (isInEnv && !isHarmless(value));
      try {
        node.value = typed(node, fillPlaceholders(node.value, { env, secrets, hides }));
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

interface Placeholders {
  readonly env: NodeJS.ProcessEnv;
  readonly secrets: string[];
  readonly hides: (name: string, value: string) => boolean;
}

function fillPlaceholders(text: string, { env, secrets, hides }: Placeholders): string {
  // The message does not quote the text: it may be a password that only looks like a placeholder.
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
    // An empty variable counts as missing: an empty token would admit everybody.
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

/** An unquoted `${PORT}` is typed as the same text would be in its place: a number or a boolean. A quoted one stays a string. */
function typed(node: Scalar, text: string): unknown {
  if (node.type !== Scalar.PLAIN) return text;
  const { contents } = parseDocument(text);
  const isPlain = isScalar(contents) && (typeof contents.value === "number" || typeof contents.value === "boolean");
  // 0644, 1e3 or a 20-digit id would not survive the conversion: they stay strings.
  return isPlain && String(contents.value) === text ? contents.value : text;
}

import { isSecretName } from "./secret-names.ts";

/** The values in a config that must never be printed: credentials of callers, and variables that are named like secrets. */
export function secretsOf(value: unknown, name = ""): string[] {
  if (typeof value === "string") return isSecretName(name) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  // A list stands for its key: `tokens: [a, b]`.
  if (Array.isArray(value)) return value.flatMap((item) => secretsOf(item, name));
  return Object.entries(value).flatMap(([key, inner]) => secretsOf(inner, key));
}

import { isMap, isScalar, isSeq, Scalar, visit, type YAMLMap } from "yaml";
import { pairOf } from "../map-items.ts";
import type { Rewriting } from "../foreign/rewriting.ts";

/** What editors fill in: `${input:github-token}`, `${env:HOME}`, `${workspaceFolder}`. */
const PLACEHOLDER =
  /\$\{(input|env):([^}]*)\}|\$\{(userHome|workspaceFolder|workspaceFolderBasename|cwd|pathSeparator|\/)\}/g;
/** What chat programs fill in for each of their users. */
const USER_FIELD = /\{\{\s*(LIBRECHAT_[A-Z_]+)\s*\}\}/g;

/** Turns the placeholders of other programs into ours. What an editor asks its user for becomes a variable. */
export function translatePlaceholders(root: YAMLMap, inputs: YAMLMap[], rewriting: Rewriting): void {
  const asked = new Set<string>();
  visit(root, {
    Scalar: (key, scalar) => {
      if (key === "key" || typeof scalar.value !== "string") return;
      const before = scalar.value;
      const after = before.replaceAll(PLACEHOLDER, (whole: string, kind?: string, name = "", place?: string) => {
        if (kind === "input") {
          asked.add(name);
          return `\${${variableOf(name)}}`;
        }
        if (kind === "env") return `\${${name}}`;
        if (place === "userHome") return "${HOME}";
        rewriting.problem(`${whole} is known to an editor only: write the folder itself`, scalar);
        return whole.replace("$", "$$$$");
      });
      for (const [whole] of before.matchAll(USER_FIELD)) {
        const hint = "a header of the caller is {{headers.x-user-id}}, and its name {{principal.id}}";
        rewriting.problem(`${whole} has no counterpart here: ${hint}`, scalar);
      }
      if (after === before) return;
      scalar.value = after;
      scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  for (const name of asked) {
    const input = inputs.find((one) => one.items.some(({ value }) => isScalar(value) && value.value === name));
    const message = `the input ${name} is the environment variable ${variableOf(name)} now; set it before the start`;
    rewriting.note("warn", message, input ?? root);
  }
}

/** The questions that an editor asks, and removes them. */
export function takeInputs(root: YAMLMap, rewriting: Rewriting): YAMLMap[] {
  const pair = pairOf(root, "inputs");
  root.items = root.items.filter((item) => item !== pair);
  const list = rewriting.resolved(pair?.value);
  return isSeq(list) ? list.items.map((item) => rewriting.resolved(item)).filter((item) => isMap(item)) : [];
}

/** `github-token` → `GITHUB_TOKEN` */
function variableOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9]+/g, "_").toUpperCase();
  return /^[A-Z_]/.test(plain) ? plain : `INPUT_${plain}`;
}

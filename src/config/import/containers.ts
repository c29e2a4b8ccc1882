import { isMap, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import { nameOf, pairOf } from "../map-items.ts";
import { keyAt, type Rewriting } from "../foreign/rewriting.ts";

/** Keys of an entry in a catalog of images that only describe it. */
const DESCRIPTIONS: ReadonlySet<string> = new Set([
  "dateAdded",
  "description",
  "icon",
  "metadata",
  "pulls",
  "prompts",
  "readme",
  "ref",
  "resources",
  "source",
  "stars",
  "title",
  "tools",
  "toolsUrl",
  "type",
  "upstream",
]);

/** An entry with an image, as in a catalog of Docker, becomes the command that runs it. */
export function runContainer(entry: YAMLMap, at: string, rewriting: Rewriting): void {
  const image = pairOf(entry, "image");
  if (image === undefined || pairOf(entry, "args") !== undefined || !isScalar(image.key)) return;
  const texts = (name: string): string[] => textsIn(rewriting.resolved(pairOf(entry, name)?.value), rewriting);
  const variables = [
    ...variablesIn(entry, "env", "name", rewriting),
    ...variablesIn(entry, "secrets", "env", rewriting),
  ];
  const folders = texts("volumes").flatMap((volume) => ["-v", volume]);
  const flags = variables.flatMap(([name]) => ["-e", name]);
  const name = rewriting.resolved(image.value);
  const args = [
    "run",
    "-i",
    "--rm",
    ...flags,
    ...folders,
    isScalar(name) ? String(name.value) : "",
    ...texts("command"),
  ];
  const others = entry.items.filter((pair) => !USED.has(nameOf(pair)) && !DESCRIPTIONS.has(nameOf(pair)));
  const command = rewriting.pair("command", "docker");
  command.key = keyAt("command", image.key);
  const env = variables.length === 0 ? [] : [rewriting.pair("env", Object.fromEntries(variables))];
  entry.items = [command, rewriting.pair("args", args), ...env, ...others];
  rewriting.note("info", `${at}.image is run with docker`, image.key);
}

const USED: ReadonlySet<string> = new Set(["image", "env", "secrets", "volumes", "command"]);

function textsIn(node: unknown, rewriting: Rewriting): string[] {
  const items = isSeq(node) ? node.items.map((item) => rewriting.resolved(item)) : [];
  return items.flatMap((item) => (isScalar(item) ? [String(item.value)] : []));
}

/** The variables of an entry, as a list of blocks or as a block; a secret is read from the environment. */
function variablesIn(entry: YAMLMap, key: string, named: string, rewriting: Rewriting): [string, string][] {
  const node = rewriting.resolved(pairOf(entry, key)?.value);
  if (isMap(node)) return node.items.map((pair) => [nameOf(pair), scalarText(pair, rewriting) ?? ""]);
  if (!isSeq(node)) return [];
  return node.items.flatMap((item): [string, string][] => {
    const block = rewriting.resolved(item);
    if (!isMap(block)) return [];
    const name = scalarText(pairOf(block, named), rewriting);
    const value = key === "secrets" ? undefined : scalarText(pairOf(block, "value"), rewriting);
    if (name === undefined) return [];
    return [[name, value === undefined || value.includes("{{") ? `\${${name}}` : value]];
  });
}

function scalarText(pair: Pair | undefined, rewriting: Rewriting): string | undefined {
  const node = rewriting.resolved(pair?.value);
  return isScalar(node) ? String(node.value) : undefined;
}

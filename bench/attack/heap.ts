import { readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Node's classes that a leak would retain, in addition to those of the gateway. */
const OF_NODE = ["Socket", "ServerResponse", "IncomingMessage", "ChildProcess", "Timeout"];

/** The number of live objects of each relevant class in a heap snapshot. Deletes the file. */
export function liveObjects(file: string): Map<string, number> {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, "utf8")) as Snapshot;
  rmSync(file);
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [typeAt, nameAt, objectType] = [fields.indexOf("type"), fields.indexOf("name"), types[0].indexOf("object")];
  const counts = new Map([...ownClasses(), ...OF_NODE].map((name) => [name, 0]));
  for (let at = 0; at < nodes.length; at += fields.length) {
    if (nodes[at + typeAt] !== objectType) continue;
    const name = strings[nodes[at + nameAt] ?? 0] ?? "";
    const count = counts.get(name);
    if (count !== undefined) counts.set(name, count + 1);
  }
  return counts;
}

function ownClasses(): string[] {
  const source = fileURLToPath(new URL("../../src", import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.flatMap((file) =>
    [...readFileSync(`${source}/${file}`, "utf8").matchAll(/^(?:export )?class (\w+)/gm)].map(([, name = ""]) => name),
  );
}

import { isMap, isScalar, type Node, type Pair, type YAMLMap } from "yaml";
import { withComments } from "../foreign/rewriting.ts";
import { nameOf, pairOf } from "../map-items.ts";

type Report = (message: string, node: Node | undefined) => void;

/** Adds the keys of another config. Servers come together; of every other key the first config's counts. */
export function mergeInto(root: YAMLMap, other: YAMLMap, report: Report): void {
  for (const pair of other.items) {
    const present = pairOf(root, nameOf(pair));
    if (present === undefined) root.items.push(pair);
    else if (nameOf(pair) === "servers" && isMap(present.value) && isMap(pair.value))
      addServers(present.value, pair.value, report);
    else report(`${nameOf(pair)} is left out, because an earlier file has it too`, keyOf(pair));
  }
}

function addServers(servers: YAMLMap, more: YAMLMap, report: Report): void {
  const taken = new Set(servers.items.map(nameOf));
  withComments(more.items, [more]);
  for (const pair of more.items) {
    const name = nameOf(pair);
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name.slice(0, 28)}-${count}`;
    taken.add(free);
    if (free !== name && isScalar(pair.key)) {
      report(`servers.${name} is called ${free}, because an earlier file has a server of this name`, keyOf(pair));
      pair.key.value = free;
    }
    servers.items.push(pair);
  }
}

const keyOf = ({ key }: Pair): Node | undefined => (isScalar(key) ? key : undefined);

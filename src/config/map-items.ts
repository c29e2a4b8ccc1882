import { isAlias, isMap, isNode, isScalar, type Document, type Pair, type YAMLMap } from "yaml";

/** The target of an alias; any other node itself. */
export function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

export function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find((pair) => nameOf(pair) === name);
}

export function mapAt(map: YAMLMap, name: string, document: Document): YAMLMap | undefined {
  const value = resolved(pairOf(map, name)?.value, document);
  return isMap(value) ? value : undefined;
}

export function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : "";
}

/** The value of a key if it is a string. */
export function textOf(map: YAMLMap, name: string, document: Document): string | undefined {
  const value = valueOf(map, name, document);
  return typeof value === "string" ? value : undefined;
}

/** The value of a key if it is a scalar. */
export function valueOf(map: YAMLMap, name: string, document: Document): unknown {
  const node = resolved(pairOf(map, name)?.value, document);
  return isScalar(node) ? node.value : undefined;
}

/** The offset of a node in the source. */
export const placeOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

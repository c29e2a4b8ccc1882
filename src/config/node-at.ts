import { isMap, isNode, isPair, isScalar, isSeq, type Document } from "yaml";

/** The source offset of the value at a path, or of its key; of the nearest ancestor when the path does not exist. */
export function findNode(document: Document, path: readonly PropertyKey[], atKey: boolean): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [index, key] of path.entries()) {
    const child = childOf(node, key);
    if (child === undefined) return offset;
    const isLast = index === path.length - 1;
    offset = (isLast && atKey ? child.keyOffset : undefined) ?? startOf(child.value) ?? child.keyOffset ?? offset;
    node = child.value;
  }
  return offset;
}

function childOf(node: unknown, key: PropertyKey): { value: unknown; keyOffset: number | undefined } | undefined {
  if (isSeq(node)) return typeof key === "number" ? { value: node.items[key], keyOffset: undefined } : undefined;
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
  return pair === undefined ? undefined : { value: pair.value, keyOffset: startOf(pair.key) };
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

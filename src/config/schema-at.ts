/** The subschemas for a path in the published JSON Schema; several when there are branches. */
export function schemasAt(path: readonly PropertyKey[], schema: object): object[] {
  let nodes = branches(schema);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const inner =
        member(member(node, "properties"), String(key)) ??
        member(node, "additionalProperties") ??
        member(node, "items");
      return inner === undefined ? [] : branches(inner);
    });
  }
  return nodes;
}

/** The keys that the schema declares at a path. */
export function keysAt(path: readonly PropertyKey[], schema: object): string[] {
  return schemasAt(path, schema).flatMap((node) => Object.keys(member(node, "properties") ?? {}));
}

function branches(node: object): object[] {
  const inner = member(node, "oneOf") ?? member(node, "anyOf");
  return Array.isArray(inner) ? inner.filter((one) => typeof one === "object" && one !== null) : [node];
}

function member(node: unknown, key: string): object | undefined {
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
  const value: unknown = Reflect.get(node, key);
  return typeof value === "object" && value !== null ? value : undefined;
}

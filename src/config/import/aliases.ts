import { isNode, visit, type Document } from "yaml";

/**
 * Replaces every alias by what it refers to, which may be left out of the result; false if the aliases refer to each other far
 * too often, or to nothing.
 */
export function withoutAliases(document: Document): boolean {
  try {
    // Counts what the aliases would become.
    document.toJS();
  } catch {
    return false;
  }
  visit(document, {
    Alias: (_key, alias) => {
      // It stands behind its anchor, in which all aliases have been replaced.
      const target = alias.resolve(document)?.clone();
      return isNode(target) ? target : undefined;
    },
  });
  visit(document, { Node: (_key, node) => void ("anchor" in node && delete node.anchor) });
  return true;
}

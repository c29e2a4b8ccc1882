import { isAlias, isScalar, visit, type Document, type YAMLMap } from "yaml";

/** A mistake and the offset of its text in the source. */
export interface OffsetProblem {
  readonly message: string;
  readonly offset: number | undefined;
}

export interface DocumentProblems {
  /** Mistakes after which the document has no usable value. */
  readonly fatal: readonly OffsetProblem[];
  readonly others: readonly OffsetProblem[];
}

/** The mistakes in the YAML itself. Warnings count as mistakes: an unknown tag would silently change a value. */
export function documentProblems(document: Document): DocumentProblems {
  const fatal: OffsetProblem[] = [];
  const others: OffsetProblem[] = [];
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    (code === "DUPLICATE_KEY" ? others : fatal).push({ message: YAML_MISTAKES.get(code) ?? message, offset: pos[0] });
  }
  if (fatal.length > 0) return { fatal, others };
  visit(document, {
    Alias(_key, node) {
      // Does not repeat the name: it may be an unquoted secret that begins with a star.
      if (node.resolve(document) === undefined) {
        fatal.push({
          message: "this alias has no anchor before it; put quotes around text that begins with *",
          offset: node.range?.[0],
        });
      }
    },
    Map: (_key, node) => void others.push(...keyProblems(node)),
  });
  return { fatal, others };
}

/** Clearer wording for some of the parser's error codes; its other messages are used as they are. */
const YAML_MISTAKES: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "this key appears twice: keep one"],
  ["TAB_AS_INDENT", "this line is indented with a tab: YAML allows only spaces"],
  ["MISSING_CHAR", "a quote, a bracket or a comma is missing here or earlier"],
  ["MULTIPLE_DOCS", "a second document begins here: a config is a single document, without another ---"],
  [
    "BLOCK_AS_IMPLICIT_KEY",
    "a second key on this line: put it on a line of its own, or put quotes around a value that contains a colon",
  ],
  ["BAD_INDENT", "this line is indented too little or too much: the keys of one block begin in the same column"],
]);

/** Keys that a JavaScript object cannot represent as written. */
function keyProblems(map: YAMLMap): OffsetProblem[] {
  const seen = new Map<string, unknown>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key) || isAlias(key)) return [];
    const name = String(key.value);
    const offset = key.range?.[0];
    if (name === "__proto__") return { message: `"${name}" cannot be a key`, offset };
    const isRepeated = seen.has(name) && seen.get(name) !== key.value;
    seen.set(name, key.value);
    return isRepeated ? { message: `the key "${name}" appears twice, once with quotes and once without`, offset } : [];
  });
}

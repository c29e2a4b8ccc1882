import { isScalar, Scalar, visit, type Document } from "yaml";

/** Lists of short texts stay on one line up to this length. */
const LINE = 90;

/** Writes what was JSON as people write YAML: a line for each key, and quotes only where they are needed. */
export function inBlockStyle(document: Document): void {
  visit(document, {
    Node: (_key, node) => {
      if (typeof node.comment === "string") node.comment = trimmed(node.comment);
      if (typeof node.commentBefore === "string") node.commentBefore = trimmed(node.commentBefore);
    },
  });
  visit(document, {
    Map: (_key, map) => void (map.flow = map.items.length === 0),
    Seq: (_key, list) => {
      const texts = list.items.map((item) => (isScalar(item) && !hasComment(item) ? String(item.value) : undefined));
      const isShort = texts.every((text) => text !== undefined) && texts.join(", ").length < LINE;
      list.flow = list.items.length === 0 || (isShort && list.commentBefore === undefined);
    },
    Scalar: (_key, scalar) => {
      // A placeholder without quotes could become a number.
      if (typeof scalar.value !== "string" || scalar.value.includes("${")) return;
      if (scalar.type === Scalar.QUOTE_DOUBLE) scalar.type = Scalar.PLAIN;
    },
  });
}

const hasComment = ({ comment, commentBefore }: Scalar): boolean => Boolean(comment) || Boolean(commentBefore);

const trimmed = (comment: string): string => comment.replaceAll(/[ \t\r]+$/gm, "");

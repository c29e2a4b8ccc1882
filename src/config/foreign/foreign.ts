import { isMap, type Document, type YAMLMap } from "yaml";
import type { OffsetProblem } from "../document-problems.ts";
import { pairOf, placeOf, resolved } from "../map-items.ts";
import type { Adaptation, OffsetNote } from "../pasted.ts";
import type { ForeignShape } from "./foreign-shape.ts";
import { isanjosgon } from "./isanjosgon.ts";
import { matthisholleville } from "./matthisholleville.ts";
import { Rewriting } from "./rewriting.ts";

export interface ForeignAdaptation extends Adaptation {
  /** Mistakes after which nothing else about the file can be said. */
  readonly fatal: readonly OffsetProblem[];
}

const SHAPES: readonly ForeignShape[] = [matthisholleville, isanjosgon];
/** Keys that only our own configs have. */
const OWN_MARKS: readonly string[] = ["servers", "mcpServers"];

/**
 * Converts the config of another gateway to ours, within the document, so that offsets stay valid. It is recognised by keys that
 * only its configs have; what all of them have, such as `policy`, means the same.
 */
export function adaptForeign(document: Document): ForeignAdaptation {
  const root = resolved(document.contents, document);
  if (!isMap(root)) return NOTHING;
  const found = SHAPES.flatMap((shape) => {
    const mark = firstMark(root, shape.marks, document);
    return mark === undefined ? [] : [{ shape, mark }];
  });
  const [first, second] = found;
  if (first === undefined) return NOTHING;
  const own = firstMark(root, OWN_MARKS, document);
  const owner = "this gateway";
  const other =
    second === undefined ? own && { name: owner, mark: own } : { name: second.shape.name, mark: second.mark };
  if (other !== undefined) return mixed({ name: first.shape.name, mark: first.mark }, other);
  return rewritten(root, first.shape, first.mark, document);
}

const NOTHING: ForeignAdaptation = { notes: [], problems: [], fatal: [] };

interface Mark {
  readonly key: string;
  readonly offset: number | undefined;
}

/** The first of the keys that a config has. */
function firstMark(root: YAMLMap, marks: readonly string[], document: Document): Mark | undefined {
  const present = marks.flatMap((key) => {
    const [top = "", inner] = key.split(".");
    const pair = pairOf(root, top);
    if (inner === undefined) return pair === undefined ? [] : [{ key, offset: placeOf(pair.key) }];
    const block = resolved(pair?.value, document);
    const place = isMap(block) ? pairOf(block, inner) : undefined;
    return place === undefined ? [] : [{ key, offset: placeOf(place.key) }];
  });
  return present.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0))[0];
}

interface MarkOf {
  readonly name: string;
  readonly mark: Mark;
}

function mixed(one: MarkOf, other: MarkOf): ForeignAdaptation {
  const problem = (here: MarkOf, there: MarkOf): OffsetProblem => ({
    message:
      `${here.mark.key} belongs to a config of ${here.name}, but ${there.mark.key} to one of ${there.name}: ` +
      "a file is one or the other",
    offset: here.mark.offset,
  });
  return { ...NOTHING, fatal: [problem(one, other), problem(other, one)] };
}

function rewritten(root: YAMLMap, shape: ForeignShape, mark: Mark, document: Document): ForeignAdaptation {
  const rewriting = new Rewriting(document);
  const list = firstMark(root, [shape.list], document);
  if (list === undefined) {
    const message = `${shape.list} is missing: list the servers there`;
    rewriting.problems.push({ message, offset: mark.offset });
  }
  shape.rewrite(root, rewriting);
  rewriting.removeRepeated(root);
  // A placeholder that causes no further messages: why there are no servers was said already.
  if (pairOf(root, "servers") === undefined) root.items.push(rewriting.pair("servers", { none: { command: "-" } }));
  if (pairOf(root, "port") === undefined) root.items.push(rewriting.pair("port", shape.port));
  const became = rewriting.became.length === 0 ? "" : `, read as one of this gateway: ${rewriting.became.join(", ")}`;
  const what: OffsetNote = {
    level: "info",
    message: `this is a config of ${shape.name}${became}`,
    offset: mark.offset,
  };
  return { notes: [what, ...rewriting.notes], problems: rewriting.problems, fatal: [] };
}

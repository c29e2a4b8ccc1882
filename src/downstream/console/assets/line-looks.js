const COLOURS = 8;
const PATTERNS = ["", " dashed", " dotted"];

/** So many lines can be told apart: by their colour, and then by their pattern. */
const LOOKS = PATTERNS.flatMap((pattern) => Array.from({ length: COLOURS }, (_, at) => `line-${at}${pattern}`));

/**
 * A look that no other line has, or when all are taken, one that few have.
 * @param {readonly string[]} taken
 */
export function freeLook(taken) {
  const uses = LOOKS.map((look) => taken.filter((one) => one === look).length);
  return LOOKS[uses.indexOf(Math.min(...uses))] ?? "";
}

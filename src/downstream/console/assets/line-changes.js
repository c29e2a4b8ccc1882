/**
 * @typedef {object} Line
 * @property {string} text
 * @property {boolean} isChanged it is not in the other text
 */

/** Comparing more would take longer than a person wants to wait. */
const MAX_COMPARED = 4_000_000;

/**
 * Two texts line by line: which lines are in one of them only (longest common subsequence).
 * @param {string} before
 * @param {string} after
 * @returns {{ before: Line[], after: Line[] }}
 */
export function lineChanges(before, after) {
  const [left, right] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const common = commonLines(left.slice(start, left.length - end), right.slice(start, right.length - end));
  return { before: marked(left, start, end, common.left), after: marked(right, start, end, common.right) };
}

/**
 * @param {string[]} lines
 * @param {number} start
 * @param {number} end
 * @param {ReadonlySet<number>} common
 */
const marked = (lines, start, end, common) =>
  lines.map((text, at) => ({
    text,
    isChanged: at >= start && at < lines.length - end && !common.has(at - start),
  }));

/**
 * @param {string[]} left
 * @param {string[]} right
 */
function commonLines(left, right) {
  const common = { left: new Set([0].slice(1)), right: new Set([0].slice(1)) };
  if (left.length * right.length > MAX_COMPARED) return common;
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  const length = (/** @type {number} */ i, /** @type {number} */ j) => lengths[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    if (left[i] === right[j]) {
      common.left.add(i++);
      common.right.add(j++);
    } else if (length(i + 1, j) >= length(i, j + 1)) i++;
    else j++;
  }
  return common;
}

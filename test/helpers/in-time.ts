import { runInNewContext } from "node:vm";

/**
 * What `run` gives. It is stopped, and fails, when it is still at it after `deadlineMs`: for what would take minutes, or for ever, if it
 * went wrong, so that nothing has to be measured.
 */
export function inTime<T>(run: () => T, deadlineMs = 10_000): T {
  const given: T[] = [];
  runInNewContext("run()", { run: () => void given.push(run()) }, { timeout: deadlineMs });
  const [result] = given;
  if (given.length === 0) throw new Error("It gave nothing.");
  return result as T;
}

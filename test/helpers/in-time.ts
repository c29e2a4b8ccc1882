import { runInNewContext } from "node:vm";

/**
 * Runs `run` and returns its result; terminates it, and fails, after `deadlineMs`. For code that would take minutes or for ever
 * if it regressed, so that no time has to be measured.
 */
export function inTime<T>(run: () => T, deadlineMs = 10_000): T {
  const given: T[] = [];
  runInNewContext("run()", { run: () => void given.push(run()) }, { timeout: deadlineMs });
  const [result] = given;
  if (given.length === 0) throw new Error("It gave nothing.");
  return result as T;
}

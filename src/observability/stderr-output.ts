import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { LogOutput } from "./log-output.ts";

const STDERR = 2;

/**
 * stderr as a place for the log. `process.stderr` will not do: it blocks on a terminal that is stopped, keeps in memory whatever a
 * pipe does not take, and is of no more use after its first error (https://nodejs.org/api/process.html#a-note-on-process-io).
 */
export function stderrOutput(): LogOutput {
  const isTerminal = isatty(STDERR);
  const fd = nonBlocking(isTerminal);
  const output = new LogOutput({ write: (bytes) => writeSync(fd, bytes), isTerminal });
  process.once("exit", () => output.flush());
  return output;
}

/** A descriptor on which a write does not wait for a reader. A write to a file waits for nobody. */
function nonBlocking(isTerminal: boolean): number {
  const stat = fstatSync(STDERR);
  // Node makes a pipe or a socket non-blocking when it makes the stream. An error of the stream would end the process.
  if (stat.isFIFO() || stat.isSocket()) process.stderr.on("error", () => undefined);
  if (!stat.isFIFO() && !isTerminal) return STDERR;
  try {
    // Opened anew it has flags of its own, which no other process that has it open can change.
    return openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // No /proc on this system, another user's terminal, or nobody reads the pipe any more.
    return STDERR;
  }
}

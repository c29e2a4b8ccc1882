import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { LogOutput } from "./log-output.ts";

const STDERR = 2;

/**
 * stderr as the output of the log. `process.stderr` is unsuitable: it blocks on a stopped terminal, buffers without limit when a
 * pipe is full, and is unusable after its first error (https://nodejs.org/api/process.html#a-note-on-process-io).
 */
export function stderrOutput(): LogOutput {
  const isTerminal = isatty(STDERR);
  const fd = nonBlocking(isTerminal);
  const output = new LogOutput({ write: (bytes) => writeSync(fd, bytes), isTerminal });
  process.once("exit", () => output.flush());
  return output;
}

/** A descriptor on which writes do not block. Writes to a file never wait for a reader. */
function nonBlocking(isTerminal: boolean): number {
  const stat = fstatSync(STDERR);
  // Creating the stream makes Node set a pipe or socket to non-blocking. Without a listener, an error of the stream would end the process.
  if (stat.isFIFO() || stat.isSocket()) process.stderr.on("error", () => undefined);
  if (!stat.isFIFO() && !isTerminal) return STDERR;
  try {
    // Reopening gives a file description of our own, whose flags other processes cannot change.
    return openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // No /proc on this system, another user's terminal, or the pipe has no reader any more.
    return STDERR;
  }
}

import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { LogOutput } from "./log-output.ts";

const STDOUT = 1;
const STDERR = 2;

/**
 * stderr as the output of the log. `process.stderr` is unsuitable: it blocks on a stopped terminal, buffers without limit when a
 * pipe is full, and is unusable after its first error (https://nodejs.org/api/process.html#a-note-on-process-io).
 */
export const stderrOutput = (): LogOutput => outputOf(STDERR, () => process.stderr);

/** stdout in the same way, for lines that are not part of the log. */
export const stdoutOutput = (): LogOutput => outputOf(STDOUT, () => process.stdout);

function outputOf(standard: number, stream: () => NodeJS.WriteStream): LogOutput {
  const isTerminal = isatty(standard);
  const fd = nonBlocking(standard, isTerminal, stream);
  const output = new LogOutput({ write: (bytes) => writeSync(fd, bytes), isTerminal });
  process.once("exit", () => output.flush());
  return output;
}

/** A descriptor on which writes do not block. Writes to a file never wait for a reader. */
function nonBlocking(standard: number, isTerminal: boolean, stream: () => NodeJS.WriteStream): number {
  const stat = fstatSync(standard);
  // Creating the stream makes Node set a pipe or socket to non-blocking. Without a listener, an error of the stream would end the process.
  if (stat.isFIFO() || stat.isSocket()) stream().on("error", () => undefined);
  if (!stat.isFIFO() && !isTerminal) return standard;
  try {
    // Reopening gives a file description of our own, whose flags other processes cannot change.
    return openSync(`/proc/self/fd/${standard}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // No /proc on this system, another user's terminal, or the pipe has no reader any more.
    return standard;
  }
}

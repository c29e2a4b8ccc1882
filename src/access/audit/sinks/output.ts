import type { AuditSink, AuditSinkKind, TextOutput } from "./sink.ts";

/** Among the lines of the log. */
export const stderr: AuditSinkKind = { name: "stderr", open: (parts) => Promise.resolve(through(parts.stderr)) };

export const stdout: AuditSinkKind = { name: "stdout", open: (parts) => Promise.resolve(through(parts.stdout())) };

/** The output keeps what it cannot write yet, within its own limit. */
const through = (output: TextOutput): AuditSink => ({
  generation: 0,
  write: (bytes) => {
    if (output.isDropping) return Promise.reject(new Error("nobody reads this output"));
    output.write(Buffer.from(bytes).toString("utf8"));
    return Promise.resolve(bytes.length);
  },
  reopen: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

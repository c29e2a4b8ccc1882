import type { AuditSink, AuditSinkKind, TextOutput } from "./sink.ts";

/** Among the lines of the log. */
export const stderr: AuditSinkKind = { name: "stderr", open: (parts) => Promise.resolve(through(parts.stderr)) };

export const stdout: AuditSinkKind = { name: "stdout", open: (parts) => Promise.resolve(through(parts.stdout())) };

/** The output keeps one batch that it cannot write yet; the others wait in the trail, which counts what it has to drop. */
const through = (output: TextOutput): AuditSink => ({
  generation: 0,
  write: (bytes) => {
    if (output.isWaiting) return Promise.reject(Object.assign(new Error("nobody reads it"), { code: "EAGAIN" }));
    output.write(Buffer.from(bytes).toString("utf8"));
    return Promise.resolve(bytes.length);
  },
  reopen: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

import { file } from "./file.ts";
import type { AuditSinkKind } from "./sink.ts";
import { stderr, stdout } from "./output.ts";

/** The registry: a new sink is one file and one entry here. */
export const auditSinks: readonly AuditSinkKind[] = [stderr, stdout, file];

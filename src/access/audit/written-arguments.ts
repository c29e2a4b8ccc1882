import { hash } from "node:crypto";
import { byteLength } from "../../lib/lines.ts";
import type { Redactor } from "../../lib/redactor.ts";
import type { RequestFrame } from "../../protocol/frame.ts";
import type { AuditConfig } from "./config.ts";

const SHOWN_LENGTH = 2 * 1024;
/** Longer arguments are not looked into. */
const LOOKED_AT_BYTES = 64 * 1024;

/** What the trail says about the arguments of a request. */
export function writtenArguments(
  { params, line }: RequestFrame,
  how: AuditConfig["arguments"],
  redactor: Redactor,
): string | undefined {
  const given = how === "none" ? undefined : params?.["arguments"];
  if (given === undefined) return undefined;
  if (how === "digest") return `sha256:${hash("sha256", JSON.stringify(given), "hex")}`;
  if (byteLength(line) > LOOKED_AT_BYTES) return `more than ${LOOKED_AT_BYTES / 1024} KiB`;
  return redactor.line(JSON.stringify(given), SHOWN_LENGTH);
}

import { member } from "../../lib/json.ts";
import type { Frame } from "../frame.ts";

/** The revisions whose sessions begin with `initialize`, oldest first. */
export const LEGACY_REVISIONS: readonly string[] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/** The revision the gateway requests as a client; an older server answers with its own. */
export const NEWEST_LEGACY_REVISION = "2025-11-25";
/** The revision of a request without a protocol version header (MCP 2025-11-25, transports, protocol version header). */
export const ASSUMED_REVISION = "2025-03-26";

/** JSON-RPC batches were added in revision 2025-03-26 and removed in 2025-06-18. */
export function hasBatches(revision: string | undefined): boolean {
  return revision === "2025-03-26";
}

/** Whether an event stream may begin with an event that carries only an id (MCP 2025-11-25, transports, sending messages). */
export function hasPriming(revision: string): boolean {
  return revision >= "2025-11-25";
}

const MODERN_KEY = "io.modelcontextprotocol/protocolVersion";

/** The revision that a message of revision 2026-07-28 or later carries in its `_meta`; undefined for older ones. */
export function modernRevisionOf(frame: Frame): string | undefined {
  if (frame.kind === "response") return undefined;
  const revision = member(frame.params?.["_meta"], MODERN_KEY);
  return typeof revision === "string" ? revision : undefined;
}

/** Whether the body marks a request of revision 2026-07-28. */
export function isModernRequest(frame: Frame): boolean {
  if (frame.kind !== "request") return false;
  return frame.method === "server/discover" || member(frame.params?.["_meta"], MODERN_KEY) !== undefined;
}

/** The `protocolVersion` in the params or the result of `initialize`. */
export function revisionIn(value: unknown): string | undefined {
  const revision = member(value, "protocolVersion");
  return typeof revision === "string" ? revision : undefined;
}

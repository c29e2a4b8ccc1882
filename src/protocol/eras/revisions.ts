import { member } from "../../lib/json.ts";
import type { Frame } from "../frame.ts";

/** The revisions whose conversations begin with `initialize`, the oldest first. */
export const LEGACY_REVISIONS: readonly string[] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/** What the gateway offers when it is the client; an older server answers with its own revision. */
export const NEWEST_LEGACY_REVISION = "2025-11-25";
/** MCP 2025-11-25, transports, protocol version header: a request without that header is of this revision. */
export const ASSUMED_REVISION = "2025-03-26";

/** JSON-RPC batches came with 2025-03-26 and went with 2025-06-18. */
export function hasBatches(revision: string | undefined): boolean {
  return revision === "2025-03-26";
}

/** May event streams begin with an event that carries only an id (MCP 2025-11-25, transports, sending messages)? */
export function hasPriming(revision: string): boolean {
  return revision >= "2025-11-25";
}

const MODERN_KEY = "io.modelcontextprotocol/protocolVersion";

/** A request of the 2026-07-28 era, known by its body. */
export function isModernRequest(frame: Frame): boolean {
  if (frame.kind !== "request") return false;
  return frame.method === "server/discover" || member(frame.params?.["_meta"], MODERN_KEY) !== undefined;
}

/** The revision in the parameters or in the result of `initialize`. */
export function revisionIn(value: unknown): string | undefined {
  const revision = member(value, "protocolVersion");
  return typeof revision === "string" ? revision : undefined;
}

import { ASSUMED_REVISION, isModernRequest, LEGACY_REVISIONS } from "../../protocol/eras/revisions.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";

/** Throws when the revision in the request's header is not supported. */
export function checkVersionHeader(header: string | string[] | undefined): void {
  if (header === undefined) return;
  if (typeof header === "string" && LEGACY_REVISIONS.includes(header)) return;
  throw new GatewayError(
    "invalid_request",
    `Unsupported MCP-Protocol-Version; supported versions: ${LEGACY_REVISIONS.join(", ")}.`,
  );
}

/**
 * Refuses a request of revision 2026-07-28 with an error that makes clients which support both eras fall back to `initialize`. It
 * is never relayed: some servers exit on any message before `initialize`.
 */
export function refuseModern(frame: Frame): void {
  if (!isModernRequest(frame)) return;
  throw new GatewayError(
    "invalid_request",
    `This server speaks MCP ${ASSUMED_REVISION} to 2025-11-25; begin with ${methods.initialize}.`,
  );
}

import { ASSUMED_REVISION, isModernRequest, LEGACY_REVISIONS } from "../../protocol/eras/revisions.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";

/** Throws when the revision that a request claims in its header is none of ours. */
export function checkVersionHeader(header: string | string[] | undefined): void {
  if (header === undefined) return;
  if (typeof header === "string" && LEGACY_REVISIONS.includes(header)) return;
  throw new GatewayError(
    "invalid_request",
    `Unsupported MCP-Protocol-Version; supported versions: ${LEGACY_REVISIONS.join(", ")}.`,
  );
}

/**
 * Answers a request of the 2026-07-28 era with an error that makes a client of both eras begin anew with `initialize`. It is never
 * passed on: some servers end on anything that comes before `initialize`.
 */
export function refuseModern(frame: Frame): void {
  if (!isModernRequest(frame)) return;
  throw new GatewayError(
    "invalid_request",
    `This server speaks MCP ${ASSUMED_REVISION} to 2025-11-25; begin with ${methods.initialize}.`,
  );
}

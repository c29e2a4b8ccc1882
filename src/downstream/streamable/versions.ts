import { LEGACY_REVISIONS } from "../../protocol/eras/revisions.ts";
import { GatewayError } from "../../protocol/errors.ts";

/** Throws when the revision in the request's header is not supported. */
export function checkVersionHeader(header: string | string[] | undefined): void {
  if (header === undefined) return;
  if (typeof header === "string" && LEGACY_REVISIONS.includes(header)) return;
  throw new GatewayError(
    "invalid_request",
    `Unsupported MCP-Protocol-Version; supported versions: ${LEGACY_REVISIONS.join(", ")}.`,
  );
}

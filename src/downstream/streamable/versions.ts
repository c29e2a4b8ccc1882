import { member } from "../../lib/json.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";

/** The revisions that have sessions; 2024-11-05 clients have been seen to use this transport too. */
const SUPPORTED: readonly string[] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/** MCP 2025-11-25, transports, protocol version header: without one assume this. */
const ASSUMED = "2025-03-26";

const MODERN_KEY = "io.modelcontextprotocol/protocolVersion";

/** The revision that a request claims in its header; throws when it is none of ours. */
export function protocolVersion(header: string | string[] | undefined): string {
  if (header === undefined) return ASSUMED;
  if (typeof header === "string" && SUPPORTED.includes(header)) return header;
  throw new GatewayError("invalid_request", `Unsupported MCP-Protocol-Version; supported are ${SUPPORTED.join(", ")}.`);
}

/**
 * A request of the 2026-07-28 era, recognised by its body. It is answered here with an error that makes a client of both eras
 * begin anew with `initialize`, and is never passed on: some servers end on anything that comes before `initialize`.
 */
export function refuseModern(frame: Frame): void {
  if (frame.kind !== "request") return;
  const isModern = frame.method === "server/discover" || member(frame.params?.["_meta"], MODERN_KEY) !== undefined;
  if (!isModern) return;
  throw new GatewayError(
    "invalid_request",
    `This server speaks MCP ${ASSUMED} to 2025-11-25; begin with ${methods.initialize}.`,
  );
}

/** May streams of this client begin with an event that carries only an id (MCP 2025-11-25, sending messages)? */
export function knowsPriming(version: string): boolean {
  return version >= "2025-11-25";
}

/** The revision that an `initialize` asks for. */
export function requestedVersion(frame: Frame): string {
  const version = frame.kind === "request" ? frame.params?.["protocolVersion"] : undefined;
  return typeof version === "string" ? version : ASSUMED;
}

/** The revision without sessions: every request carries its own envelope in `params._meta` (MCP 2026-07-28, basic). */
export const MODERN_REVISION = "2026-07-28";

/** Whether a peer begins with `initialize` (2024-11-05 to 2025-11-25) or sends an envelope with every request (2026-07-28). */
export type Era = "legacy" | "modern";

/** The eras that a server speaks. */
export type ServerEra = Era | "both";

const PREFIX = "io.modelcontextprotocol/";

/** Keys of `_meta` (MCP 2026-07-28, basic, `_meta`). */
export const metaKeys = {
  protocolVersion: `${PREFIX}protocolVersion`,
  clientCapabilities: `${PREFIX}clientCapabilities`,
  clientInfo: `${PREFIX}clientInfo`,
  logLevel: `${PREFIX}logLevel`,
  serverInfo: `${PREFIX}serverInfo`,
  subscriptionId: `${PREFIX}subscriptionId`,
} as const;

/** JSON-RPC error codes of MCP 2026-07-28 (basic, error codes). */
export const modernCodes = {
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
  methodNotFound: -32601,
  invalidParams: -32602,
} as const;

/** Methods that only MCP 2026-07-28 has. */
export const modernMethods = {
  discover: "server/discover",
  listen: "subscriptions/listen",
  acknowledged: "notifications/subscriptions/acknowledged",
} as const;

import { GatewayError } from "./errors.ts";

/** More is queued for a server that is starting than there is room for. */
export const startingError = (server: string): GatewayError =>
  new GatewayError("queue_full", `The MCP server "${server}" is still starting.`, { retryAfterMs: 1_000 });

import { principalKey } from "../protocol/principal.ts";
import type { Transport } from "../protocol/session.ts";
import type { SessionKey } from "./context.ts";

/** The id comes last because it is the only part that may contain any character. */
export function keyOf({ principal, server, transport, id }: SessionKey): string {
  return `${server}\n${transport}\n${principalKey(principal)}\n${id}`;
}

/** How a transport is shown: MCP 2026-07-28 is Streamable HTTP without sessions, an era and no transport of its own. */
export function shownTransport(transport: Transport): { readonly transport: Transport; readonly era: string } {
  if (transport === "modern") return { transport: "streamable-http", era: "modern" };
  return { transport, era: "legacy" };
}

const OWN_HEADERS =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|content-type|content-encoding|accept|accept-encoding|mcp-.*|last-event-id)$/;

/** Headers of one connection (RFC 9110 §7.6.1), of one body, and those of MCP itself: they are the gateway's own. */
export function isOwnHeader(name: string): boolean {
  return OWN_HEADERS.test(name.toLowerCase());
}

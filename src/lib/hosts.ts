/** True for loopback addresses and for `localhost` and its subdomains, which always resolve to loopback (RFC 6761 §6.3). */
export function isLoopback(name: string): boolean {
  return name === "::1" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$|^(?:[a-z0-9_-]+\.)*localhost$/.test(name);
}

/** True for the wildcard addresses, which bind all interfaces. */
export function isAnyAddress(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/** The host as it is written in a URL: IPv6 addresses in brackets (RFC 3986 §3.2.2). */
export function urlHost(name: string): string {
  return name.includes(":") ? `[${name}]` : name;
}

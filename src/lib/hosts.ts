/** This machine by an address or a name that only leads to it: `x.localhost` does, too (RFC 6761 §6.3). */
export function isLoopback(name: string): boolean {
  return name === "::1" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$|^(?:[a-z0-9_-]+\.)*localhost$/.test(name);
}

/** An address to bind that stands for all of the machine's. */
export function isAnyAddress(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/** As it stands in a URL (RFC 3986 §3.2.2). */
export function urlHost(name: string): string {
  return name.includes(":") ? `[${name}]` : name;
}

import { isLoopback } from "../../lib/hosts.ts";

/** Whether what is fetched from a URL comes from the one who it names: over TLS, or from this machine. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  if (search + hash + username + password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/**
 * The address of the client behind the proxies that the operator trusts. Anybody can send `X-Forwarded-For`, so only what a trusted
 * proxy has added to it counts: it is read from its end, up to the first address that is not a proxy.
 */
export class TrustedProxies {
  readonly #proxies = new BlockList();

  /** Addresses and ranges: `10.0.0.1`, `10.0.0.0/8`. */
  constructor(list: readonly string[]) {
    for (const entry of list) {
      const [address = "", bits] = entry.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) this.#proxies.addAddress(address, family);
      else this.#proxies.addSubnet(address, Number(bits), family);
    }
  }

  clientOf({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): string | undefined {
    const peer = socket.remoteAddress;
    if (peer === undefined || !this.#includes(peer)) return peer;
    const forwarded = headers["x-forwarded-for"];
    const hops = typeof forwarded === "string" ? forwarded.split(",").toReversed() : [];
    let client = peer;
    for (const hop of hops) {
      const address = addressIn(hop.trim());
      if (address === undefined) return client;
      client = address;
      if (!this.#includes(address)) return client;
    }
    return client;
  }

  #includes(address: string): boolean {
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
    return this.#proxies.check(mapped, isIP(mapped) === 6 ? "ipv6" : "ipv4");
  }
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressIn(hop: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(bare) === 0 ? undefined : bare;
}

/** Whether a text is an address or a range. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%") || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { isAddressRange, TrustedProxies } from "../../src/downstream/trusted-proxies.ts";

const proxies = new TrustedProxies(["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"]);

const clientOf = (peer: string, forwarded?: string): string | undefined =>
  proxies.clientOf({
    socket: { remoteAddress: peer } as IncomingMessage["socket"],
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  });

describe("the address of a client", () => {
  it.each([
    ["of nobody's proxy is its own, whatever it says", "192.0.2.1", "198.51.100.7", "192.0.2.1"],
    ["behind a proxy is what the proxy says", "127.0.0.1", "198.51.100.7", "198.51.100.7"],
    [
      "is the last that is no proxy: before it anybody could have written anything",
      "10.1.1.1",
      "1.1.1.1, 198.51.100.7, 10.2.2.2",
      "198.51.100.7",
    ],
    ["is the proxy's when it says nothing", "10.1.1.1", undefined, "10.1.1.1"],
    ["is the first of many proxies", "10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"],
    ["is the last that can be read", "127.0.0.1", "198.51.100.7, unknown", "127.0.0.1"],
    ["has no port", "127.0.0.1", "198.51.100.7:4711", "198.51.100.7"],
    ["may be IPv6, with a port", "127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"],
    ["may come from a mapped one", "::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"],
    ["may come from a range of IPv6", "2001:db8:1:2::3", "198.51.100.7", "198.51.100.7"],
    ["is not an empty text", "127.0.0.1", "", "127.0.0.1"],
  ])("%s", (_what, peer, forwarded, client) => {
    expect(clientOf(peer, forwarded)).toBe(client);
  });
});

it("addresses and ranges are told from other texts", () => {
  expect(["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"].every(isAddressRange)).toBe(true);
  expect(
    ["", "10.0.0", "10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "10.0.0.0/", "host", "fe80::1%eth0"].some(isAddressRange),
  ).toBe(false);
});

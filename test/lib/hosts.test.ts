import { expect, it } from "vitest";
import { isAnyAddress, isLoopback, urlHost } from "../../src/lib/hosts.ts";

it("knows loopback names from others", () => {
  expect(["localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"].filter(isLoopback)).toHaveLength(6);
  expect(
    ["0.0.0.0", ".localhost", "xlocalhost", "::", "127.0.0.1.x", "x127.0.0.1", "localhost.", "", "128.0.0.1"].filter(
      isLoopback,
    ),
  ).toEqual([]);
});

it("knows the addresses that stand for all of a machine's", () => {
  expect(["0.0.0.0", "::"].filter(isAnyAddress)).toHaveLength(2);
  expect(["127.0.0.1", "::1", "0.0.0.1", "", "localhost"].filter(isAnyAddress)).toEqual([]);
});

it("puts an IPv6 address in brackets, and nothing else", () => {
  expect(["::1", "127.0.0.1", "gateway"].map(urlHost)).toEqual(["[::1]", "127.0.0.1", "gateway"]);
});

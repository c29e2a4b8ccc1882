import { Agent } from "undici";
import { expect, it } from "vitest";
import { guardedFetch, isPublic } from "../../../src/upstream/http/guarded-fetch.ts";
import { farServer, json } from "../../helpers/far-server.ts";

const PRIVATE = [
  "127.0.0.1",
  "127.8.8.8",
  "10.1.2.3",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "fd00::1",
  "fe80::1",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:a00:1",
  "64:ff9b::7f00:1",
];

it("knows the addresses of private networks, in IPv4 and IPv6", () => {
  expect(PRIVATE.filter(isPublic)).toEqual([]);
  expect(["93.184.215.14", "172.32.0.1", "2606:2800:21f:cb07::1"].filter((address) => !isPublic(address))).toEqual([]);
});

it("fetches nothing over plain HTTP, from a private address or by a name that leads to one", async () => {
  await using far = await farServer();
  const dispatcher = new Agent();
  const fetchFn = guardedFetch({ trusted: [], dispatcher });
  const refused = [
    far.url,
    "https://127.0.0.1/x",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://localhost/",
    "https://2130706433/",
    "https://0x7f.1/",
    "ftp://example.com/",
    "file:///etc/passwd",
  ];
  for (const url of refused) await expect(fetchFn(url)).rejects.toThrow(/address that OAuth needs/);
  expect(far.requests).toEqual([]);
  await dispatcher.close();
});

it("reads from a host of the config, follows no redirect, and stops at 256 KiB", async () => {
  await using far = await farServer((request, response) => {
    if (request.path === "/away") response.writeHead(302, { Location: "/mcp" }).end();
    else json(response, request.path === "/long" ? "x".repeat(300_000) : { a: 1 });
    return true;
  });
  const dispatcher = new Agent();
  const fetchFn = guardedFetch({ trusted: [new URL(far.url)], dispatcher });
  await expect(fetchFn(far.url).then((response) => response.json())).resolves.toEqual({ a: 1 });
  await expect(fetchFn(new URL("/away", far.url))).resolves.toMatchObject({ status: 302 });
  await expect(fetchFn(new URL("/long", far.url))).rejects.toThrow("too long");
  await dispatcher.close();
});

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { RestClient } from "../helpers/rest-client.ts";

// Documents and pages that are expensive to render, and clients that request them repeatedly.

let gateway: GatewayProcess;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway({ servers: { big: fixture("large-schema"), echo: fixture("echo") } });
  rest = new RestClient(gateway.url);
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The CPU time the gateway has used so far: user and system time, in clock ticks of 10 ms (proc(5), fields 14 and 15). */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${gateway.pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** CPU time of `count` requests. One rendering is some 0.1 to 0.3 s. */
async function costOf(
  count: number,
  ask: (at: number) => Promise<{ status: number }>,
  status: number,
): Promise<number> {
  await ask(0);
  const before = cpuSeconds();
  for (let at = 1; at <= count; at++) expect((await ask(at)).status).toBe(status);
  return cpuSeconds() - before;
}

describe("is rendered once, however often it is asked for:", () => {
  test.each(["/openapi.json", "/openapi.yaml", "/api/big/openapi.gpt.json", "/openapi.json?tools=big:*"])(
    "%s",
    async (path) => {
      const tag = (await rest.ask(path)).headers.etag ?? "";
      expect(await costOf(100, () => rest.ask(path, { headers: { "If-None-Match": tag } }), 304)).toBeLessThan(3);
      expect(await costOf(30, () => rest.ask(path, { method: "HEAD" }), 200)).toBeLessThan(2);
      const elsewhere = (at: number) =>
        rest.ask(path, { headers: { "X-Forwarded-Prefix": `/p${at}` }, method: "HEAD" });
      expect(await costOf(30, elsewhere, 200)).toBeLessThan(2);
    },
  );

  test("/docs, whatever the reader calls us", async () => {
    const headers = { Accept: "text/html" };
    const page = (at: number) => rest.ask("/docs", { headers: { ...headers, "X-Forwarded-Prefix": `/p${at}` } });
    expect(await costOf(50, page, 200)).toBeLessThan(3);
  });
});

test("selections invented by a client cost bounded time and do not affect other clients", async () => {
  const before = cpuSeconds();
  const statuses = new Set<string>();
  for (let at = 0; at < 150; at++) {
    const answer = await rest.ask(`/openapi.json?tools=big:*,none-${at}`, { method: "HEAD" });
    statuses.add(`${answer.status} ${Number(answer.headers["retry-after"]) >= 1}`);
  }
  expect(statuses).toEqual(new Set(["200 false", "503 true"]));
  expect(cpuSeconds() - before).toBeLessThan(8);
  for (const path of ["/openapi.json", "/api/echo/openapi.openwebui.json", "/docs"]) {
    expect(await rest.ask(path)).toMatchObject({ status: 200 });
  }
});

describe("the address", () => {
  const PREFIXES = ["", "/a", "/b.c~d/e-f_", "/-"];

  test.each(["json", "yaml"])("is each reader's own in %s, and the rest the same", async (format) => {
    const { port } = new URL(gateway.url);
    const texts = new Set<string>();
    for (const host of [`127.0.0.1:${port}`, "localhost", `[::1]:${port}`]) {
      for (const prefix of PREFIXES) {
        const headers = { Host: host, "X-Forwarded-Prefix": prefix };
        const { text, status } = await rest.ask(`/api/echo/openapi.${format}`, { headers });
        expect(status).toBe(200);
        const url = `http://${host}${prefix}/api/echo`;
        expect((parse(text) as { servers: unknown }).servers).toEqual([{ url }]);
        texts.add(text.replace(url, ""));
      }
    }
    expect(texts.size).toBe(1);
  });

  test("has a tag of its own, which is no other reader's", async () => {
    const [here, there] = await Promise.all(
      ["/a", "/b"].map((prefix) => rest.ask("/openapi.json", { headers: { "X-Forwarded-Prefix": prefix } })),
    );
    const headers = { "X-Forwarded-Prefix": "/b", "If-None-Match": here?.headers.etag };
    expect(here?.headers.etag).not.toBe(there?.headers.etag);
    expect(await rest.ask("/openapi.json", { headers })).toMatchObject({ status: 200, text: there?.text });
  });
});

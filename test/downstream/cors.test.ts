import { createServer, request as send, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerPreflight, shareWithOrigin } from "../../src/downstream/cors.ts";

const ORIGIN = "https://app.example.com";

let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    shareWithOrigin(request, response);
    if (!answerPreflight(request, response)) response.end("on it goes");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

describe("an answer to a page", () => {
  it("may be read by its origin, with the headers that clients need", async () => {
    const { headers, text } = await ask("POST", { origin: ORIGIN });
    expect(text).toBe("on it goes");
    expect(headers["access-control-allow-origin"]).toBe(ORIGIN);
    expect(headers.vary).toMatch(/\bOrigin\b/);
    // Needed to continue the session, to authenticate, and to retry.
    const shown = listOf(headers["access-control-expose-headers"]);
    expect(shown).toEqual(expect.arrayContaining(["Mcp-Session-Id", "WWW-Authenticate", "Retry-After"]));
  });

  it("never comes with cookies", async () => {
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await ask(method, { origin: ORIGIN, "access-control-request-method": "POST" });
      expect(headers).not.toHaveProperty("access-control-allow-credentials");
      expect(headers["access-control-allow-origin"]).not.toBe("*");
    }
  });

  it("has nothing of this when no page asked", async () => {
    const { headers } = await ask("GET", {});
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("a preflight", () => {
  it("is answered at once with what may be sent", async () => {
    const { status, headers, text } = await ask("OPTIONS", { origin: ORIGIN, "access-control-request-method": "POST" });
    expect([status, text]).toEqual([204, ""]);
    expect(listOf(headers["access-control-allow-methods"])).toEqual(expect.arrayContaining(["GET", "POST", "DELETE"]));
    const [mcp, rest] = [
      ["Authorization", "Content-Type", "Mcp-Session-Id", "Mcp-Protocol-Version", "Last-Event-ID"],
      ["X-Session-Id", "Idempotency-Key", "Prefer"],
    ];
    expect(listOf(headers["access-control-allow-headers"])).toEqual(expect.arrayContaining([...mcp, ...rest]));
  });

  it("allows the headers that repeat arguments of a tool, under whatever name, and nothing else that is asked for", async () => {
    const asked = "mcp-param-region, X-Evil, Mcp-Param-Two, mcp-param-, mcp-param-a b";
    const { headers } = await ask("OPTIONS", {
      origin: ORIGIN,
      "access-control-request-method": "POST",
      "access-control-request-headers": asked,
    });
    const allowed = listOf(headers["access-control-allow-headers"]);
    expect(allowed).toEqual(expect.arrayContaining(["Mcp-Method", "Mcp-Name", "mcp-param-region", "Mcp-Param-Two"]));
    expect(allowed).not.toEqual(expect.arrayContaining(["X-Evil"]));
    expect(allowed.filter((name) => /^mcp-param/i.test(name))).toHaveLength(2);
  });

  it("is none without its header, nor with another method", async () => {
    expect((await ask("OPTIONS", { origin: ORIGIN })).text).toBe("on it goes");
    expect((await ask("POST", { origin: ORIGIN, "access-control-request-method": "POST" })).text).toBe("on it goes");
  });
});

const listOf = (header: string | string[] | undefined): string[] => String(header).split(", ");

/** fetch would not send these headers. */
function ask(method: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const request = send({ port, host: "127.0.0.1", method, headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on("error", reject).end();
  });
}

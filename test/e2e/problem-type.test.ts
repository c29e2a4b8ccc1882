import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";
import { until } from "../helpers/until.ts";

// `type` of a problem body leads to the page about it, also when the gateway is served below a prefix.

let gateway: GatewayProcess;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway({ servers: { echo: fixture("echo"), dies: fixture("dies-mid-call") } });
  rest = new RestClient(gateway.url);
});
afterAll(() => gateway[Symbol.asyncDispose]());

const PREFIXED = { "X-Forwarded-Prefix": "/tools/mcp/" };
const typeIn = (text: string): unknown => (JSON.parse(text) as { type?: unknown }).type;

describe("below the prefix that a proxy tells, type has it too", () => {
  test.each([
    ["a server that nobody knows", "/api/nobody", "/tools/mcp/problems/server_not_found"],
    ["a call without a session", "/api/echo/echo", "/tools/mcp/problems/session_required"],
    ["a path that leads nowhere", "/api/a/b/c", "/tools/mcp/problems/not_found"],
    ["a document that there is not", "/openapi.json?version=9", "/tools/mcp/problems/invalid_request"],
    ["a file that there is not", "/docs/nothing", "/tools/mcp/problems/not_found"],
  ])("of %s", async (_what, path, type) => {
    const method = path === "/api/echo/echo" ? "POST" : "GET";
    expect(typeIn((await rest.ask(path, { method, headers: PREFIXED })).text)).toBe(type);
  });

  test("of a call that failed, when its answer is given again for the same key", async () => {
    const headers = { ...PREFIXED, "Idempotency-Key": newId() };
    const options = { sessionId: newId(), headers };
    for (const _ of [1, 2]) {
      const answer = await rest.call("dies/die", {}, options);
      expect([answer.status, typeIn(answer.text)]).toEqual([502, "/tools/mcp/problems/process_exited"]);
    }
  });

  test("of a call that failed in a stream", async () => {
    const exchange = await rest.stream("dies/die", {}, { headers: PREFIXED });
    await until(() => exchange.isOver, { what: "the stream is over" });
    expect(exchange.items.map(({ data = "{}" }) => typeIn(data))).toContain("/tools/mcp/problems/process_exited");
  });

  test("on the pages for programs", async () => {
    const { text } = await rest.ask("/problems/invalid_json", { headers: PREFIXED });
    expect(typeIn(text)).toBe("/tools/mcp/problems/invalid_json");
    const all = JSON.parse((await rest.ask("/problems", { headers: PREFIXED })).text) as {
      problems: { type: string }[];
    };
    expect(all.problems.every(({ type }) => type.startsWith("/tools/mcp/problems/"))).toBe(true);
  });
});

test("without a prefix type is the path alone, and a prefix that is none is not believed", async () => {
  expect(typeIn((await rest.ask("/api/nobody")).text)).toBe("/problems/server_not_found");
  const headers = { "X-Forwarded-Prefix": "//evil.example" };
  expect(typeIn((await rest.ask("/api/nobody", { headers })).text)).toBe("/problems/server_not_found");
});

test("below publicUrl type has its path, whatever a proxy says", async () => {
  await using proxied = await startGateway({
    publicUrl: "https://mcp.example.com/gateway/",
    servers: { echo: fixture("echo") },
  });
  const { text } = await new RestClient(proxied.url).ask("/api/nobody", { headers: PREFIXED });
  expect(typeIn(text)).toBe("/gateway/problems/server_not_found");
});

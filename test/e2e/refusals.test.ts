import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask, type Question } from "../helpers/http.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { openSession, openSse } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

// An error has one name everywhere, is logged once, and is written in the format of its route.

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    limits: { start: "1s" },
    servers: {
      echo: fixture("echo"),
      dies: fixture("dies-mid-call"),
      silent: fixture("never-initializes"),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const HTML = { accept: "text/html,*/*;q=0.8" };
const FOREIGN = { origin: "https://evil.example" };
const POST = { method: "POST" };

const RPC = "application/json; charset=utf-8";
const PROBLEM = "application/problem+json";
const PAGE = "text/html; charset=utf-8";

describe("what is refused is logged once and told in the form of its route:", () => {
  test.each<readonly [string, Question, string, string]>([
    ["/nobody", POST, RPC, "404 server_not_found"],
    ["/echo/mcp", { headers: FOREIGN }, RPC, "403 origin_denied"],
    ["/health", POST, RPC, "405 method_not_allowed"],
    ["/health", { headers: FOREIGN }, RPC, "403 origin_denied"],
    ["/nothing.here", {}, RPC, "404 not_found"],
    ["/", {}, RPC, "404 not_found"],
    ["/nobody", { headers: HTML }, PAGE, "404 server_not_found"],
    ["/echo", { headers: HTML }, PAGE, "406 not_acceptable"],
    ["/echo/sse", { headers: HTML }, PAGE, "406 not_acceptable"],
    ["/echo/mcp", { headers: HTML }, PAGE, "405 method_not_allowed"],
    ["/echo/mcp", { headers: { ...FOREIGN, ...HTML } }, PAGE, "403 origin_denied"],
    ["/health", { headers: { ...FOREIGN, ...HTML } }, PAGE, "403 origin_denied"],
    ["/api/nobody", { headers: HTML }, PAGE, "404 server_not_found"],
    ["/api/echo/nothing", { headers: HTML }, PAGE, "404 tool_not_found"],
    ["/openapi.json?version=9", { headers: HTML }, PAGE, "400 invalid_request"],
    ["/problems/nope", { headers: HTML }, PAGE, "404 not_found"],
    ["/nothing.here", { headers: HTML }, PAGE, "404 not_found"],
    ["/api/nobody", {}, PROBLEM, "404 server_not_found"],
    ["/api/nobody", { headers: FOREIGN }, PROBLEM, "403 origin_denied"],
    ["/api/a/b/c", {}, PROBLEM, "404 not_found"],
    ["/api/%ff/openapi.json", {}, PROBLEM, "400 invalid_request"],
    ["/api/echo/openapi.json", POST, PROBLEM, "405 method_not_allowed"],
    ["/api/echo/openapi.json/", {}, PROBLEM, "404 not_found"],
    ["/openapi.json?version=9", {}, PROBLEM, "400 invalid_request"],
    ["/openapi.gpt.yaml", { headers: FOREIGN }, PROBLEM, "403 origin_denied"],
    ["/problems/nope", {}, PROBLEM, "404 not_found"],
    ["/problems/%ff", {}, PROBLEM, "400 invalid_request"],
    ["/problems", POST, PROBLEM, "405 method_not_allowed"],
    ["/docs", POST, PROBLEM, "405 method_not_allowed"],
    ["/docs/nothing", {}, PROBLEM, "404 not_found"],
    ["/docs/nothing", { headers: HTML }, PAGE, "404 not_found"],
    ["/docs/page.js", { headers: { "if-match": '"another"' } }, PROBLEM, "412 precondition_failed"],
    ["/docs", { headers: { ...FOREIGN, ...HTML } }, PAGE, "403 origin_denied"],
  ])("%s %o", async (path, question, type, expected) => {
    const [status = "", reason = ""] = expected.split(" ");
    const { headers, body, ...answer } = await ask(gateway.url + path, question);
    expect([String(answer.status), headers["content-type"]]).toEqual([status, type]);
    expect([reason, "how to connect"]).toContain(nameIn(type, body));
    const isGuarded = headers["content-security-policy"]?.includes("default-src 'none'") ?? false;
    expect(isGuarded || type !== PAGE).toBe(true);
    const requestId = String(headers["x-request-id"]);
    const told = (): string[] => linesWith(requestId);
    await until(() => told().length > 0, { what: "it is logged" });
    expect(told()).toEqual([
      expect.stringMatching(new RegExp(`${path.split("?")[0]?.replace(/\/$/, "")}.* refused: `)),
    ]);
    expect(told()[0]).toContain(reason);
  });
});

describe("an error of a server has one name over MCP, over REST and in the log:", () => {
  test.each([
    ["process_exited", "dies", "die", 502],
    ["start_timeout", "silent", "any", 504],
  ])("%s", async (name, server, tool, status) => {
    expect(await reasonOverMcp(server, tool)).toBe(name);
    const { headers, json } = await new RestClient(gateway.url).call(`${server}/${tool}`);
    expect(json).toMatchObject({ code: name, type: `/problems/${name}`, status });
    expect(json).not.toHaveProperty("reason");
    expect(headers["x-request-id"]).toMatch(/^[\w-]{8,}$/);
    await until(() => linesWith(`MCP server "${server}"`).some((line) => line.includes(name)), {
      what: "it is logged",
    });
    expect(JSON.parse((await ask(`${gateway.url}/problems/${name}`)).body)).toMatchObject({ code: name, status });
  });
});

test("a name that shares its code with others leads to the explanation of all of them", async () => {
  const { body } = await ask(`${gateway.url}/problems/crash_loop`);
  expect(JSON.parse(body)).toMatchObject({
    code: "unavailable",
    type: "/problems/unavailable",
    reasons: { crash_loop: expect.stringContaining("ended too often") },
  });
  expect((await ask(`${gateway.url}/problems/unavailable`, { headers: HTML })).body).toContain(
    "<code>crash_loop</code>",
  );
});

test("a REST caller reads which of them it is in reason", async () => {
  await using busy = await startGateway({ limits: { sessions: 1 }, servers: { echo: fixture("echo") } });
  await using _held = await openSession(`${busy.url}/echo`);
  const { status, json } = await new RestClient(busy.url).call("echo/pid");
  expect({ status, json }).toMatchObject({ status: 503, json: { code: "unavailable", reason: "too_many_sessions" } });
});

describe("the files of the pages", () => {
  test("are not sent again while they are the same", async () => {
    const url = `${gateway.url}/docs/style.css`;
    const { headers } = await ask(url);
    const { etag = "", "last-modified": modified = "" } = headers;
    for (const condition of [{ "if-none-match": etag }, { "if-modified-since": modified }]) {
      const again = await ask(url, { headers: condition });
      expect({ status: again.status, body: again.body }).toEqual({ status: 304, body: "" });
      expect(again.headers).toMatchObject({ etag, "cache-control": "no-cache", "x-content-type-options": "nosniff" });
    }
  });

  test("have a head without a body, and are sent whole where a part is asked for", async () => {
    const url = `${gateway.url}/docs/page.js`;
    const whole = await ask(url);
    const head = await ask(url, { method: "HEAD" });
    expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: "" });
    expect(head.headers["content-length"]).toBe(String(Buffer.byteLength(whole.body)));
    expect(await ask(url, { headers: { range: "bytes=0-9" } })).toMatchObject({ status: 200, body: whole.body });
  });
});

function nameIn(type: string, body: string): string | undefined {
  if (type === PAGE) return /problems\/([a-z_]+)"/.exec(body)?.[1] ?? reasonOfConnectPage(body);
  const { code, error } = JSON.parse(body) as { code?: string; error?: { data: { reason: string } } };
  return type === RPC ? error?.data.reason : code;
}

/** The page for browsers at the URL of a server names no error: it says how to connect. */
const reasonOfConnectPage = (body: string): string | undefined =>
  body.includes("Connect a client") ? "how to connect" : undefined;

const linesWith = (requestId: string): string[] =>
  gateway
    .log()
    .split("\n")
    .filter((line) => line.includes(requestId));

async function reasonOverMcp(server: string, tool: string): Promise<unknown> {
  await using client = await openSse(`${gateway.url}/${server}`);
  const clientInfo = { name: "test", version: "1" };
  const hello = await client.request("initialize", { protocolVersion: "2024-11-05", capabilities: {}, clientInfo });
  if (hello.error !== undefined) return hello.error.data?.["reason"];
  return (await client.request("tools/call", { name: tool, arguments: {} })).error?.data?.["reason"];
}

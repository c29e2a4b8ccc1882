import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Router } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consoleRoutes } from "../../src/downstream/console/console-routes.ts";
import { docsRoutes } from "../../src/downstream/docs/docs-routes.ts";
import { problemRoutes } from "../../src/downstream/docs/problem-routes.ts";
import { LIVE_PATHS } from "../../src/downstream/health.ts";
import { OAUTH_ENDPOINTS } from "../../src/downstream/oauth-probes.ts";
import type { DocumentContext } from "../../src/downstream/openapi/context.ts";
import { documentRoutes } from "../../src/downstream/openapi/routes.ts";
import type { RestTarget } from "../../src/downstream/rest/target.ts";
import type { McpTarget } from "../../src/downstream/target.ts";
import { methods } from "../../src/protocol/methods.ts";
import { fixture, ROOT, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { send, StreamableClient, type JsonRpc } from "../helpers/streamable-client.ts";

// Every route and every MCP method, asked by nobody, by somebody wrong, by one who may and by one who may not. The routes are those
// of the source: a new one without an entry here fails.

const CALLERS = {
  "no credential": undefined,
  wrong: "Bearer not-a-token",
  allowed: `Basic ${Buffer.from("alice:pw").toString("base64")}`,
  denied: `Basic ${Buffer.from("nobody:pw").toString("base64")}`,
  "allowed little": `Basic ${Buffer.from("bob:pw").toString("base64")}`,
};
type Statuses = readonly [none: number, wrong: number, allowed: number, denied: number];

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({
    limits: { failedLogins: 10_000 },
    auth: { basic: { credentials: ["alice", "bob", "nobody"].map((username) => ({ username, password: "pw" })) } },
    policy: {
      rules: [
        { subject: { principal: "alice" }, allow: { servers: ["*"] } },
        { subject: { principal: "alice" }, allow: { console: true } },
        { subject: { principal: "bob" }, allow: { methods: ["initialize", "tools/call"], tools: ["shop:read_a"] } },
      ],
    },
    servers: { shop: fixture("offers-everything") },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "e2e", version: "1" } },
});

/** The status for each caller. Streams are cut as soon as they have one. */
async function statuses(route: string): Promise<Statuses> {
  const [method = "GET", path = "/"] = route.split(" ");
  const asked = [CALLERS["no credential"], CALLERS.wrong, CALLERS.allowed, CALLERS.denied].map(
    async (authorization) => {
      const body = method !== "POST" ? undefined : path.startsWith("/api") ? "{}" : INITIALIZE;
      const exchange = await send(`${gateway.url}${path}`, {
        method,
        headers: {
          authorization,
          accept: path.includes("sse") || path === "/shop" ? "application/json, text/event-stream" : "*/*",
          "content-type": body === undefined ? undefined : "application/json",
        },
        ...(body !== undefined && { body }),
      });
      exchange.cut();
      return exchange.status;
    },
  );
  const [none = 0, wrong = 0, allowed = 0, denied = 0] = await Promise.all(asked);
  return [none, wrong, allowed, denied];
}

const UNKNOWN = [401, 401] as const;
const FOR_ALL = [200, 200, 200, 200] as const;

const MCP = {
  dual: {
    "POST /shop": [...UNKNOWN, 200, 404],
    "GET /shop": [...UNKNOWN, 200, 404],
    "DELETE /shop": [...UNKNOWN, 405, 404],
    "PUT /shop": [...UNKNOWN, 405, 404],
    "HEAD /shop": [405, 405, 405, 405],
    "POST /other": [...UNKNOWN, 404, 404],
  },
  mcp: {
    "POST /shop/mcp": [...UNKNOWN, 200, 404],
    "GET /shop/mcp": [...UNKNOWN, 405, 404],
    "DELETE /shop/mcp": [...UNKNOWN, 405, 404],
    "PATCH /shop/mcp": [...UNKNOWN, 405, 404],
  },
  sse: {
    "GET /shop/sse": [...UNKNOWN, 200, 404],
    "POST /shop/sse": [...UNKNOWN, 405, 404],
    "POST /shop/sse?sessionId=x": [...UNKNOWN, 404, 404],
    "DELETE /shop/sse": [...UNKNOWN, 405, 404],
  },
} satisfies Record<McpTarget["endpoint"], Record<string, Statuses>>;

const REST = {
  index: { "GET /api": [...UNKNOWN, 200, 200], "POST /api": [...UNKNOWN, 405, 405] },
  "new-id": { "GET /api/sessionid": [...UNKNOWN, 200, 200] },
  sessions: { "POST /api/sessions": [...UNKNOWN, 201, 201] },
  session: {
    "GET /api/sessions/12345678": [...UNKNOWN, 404, 404],
    "DELETE /api/sessions/12345678": [...UNKNOWN, 204, 204],
  },
  server: {
    "GET /api/shop": [...UNKNOWN, 200, 404],
    "PUT /api/shop": [...UNKNOWN, 405, 404],
    "GET /api/other": [...UNKNOWN, 404, 404],
  },
  tool: {
    "GET /api/shop/read_a": [...UNKNOWN, 200, 404],
    "POST /api/shop/read_a?sessionId=12345678": [...UNKNOWN, 200, 404],
    "POST /api/shop/other?sessionId=12345678": [...UNKNOWN, 404, 404],
  },
  broken: { "GET /api/shop/%zz": [...UNKNOWN, 400, 400] },
} satisfies Record<RestTarget["kind"], Record<string, Statuses>>;

const OPERATIONS: Readonly<Record<string, Statuses>> = {
  ...Object.fromEntries(LIVE_PATHS.map((path) => [`GET ${path}`, FOR_ALL])),
  "GET /ready": FOR_ALL,
  "GET /health/servers": [...UNKNOWN, 200, 200],
  "POST /health/servers": [405, 405, 405, 405],
  // They name every server.
  "GET /metrics": [...UNKNOWN, 200, 403],
  ...Object.fromEntries(OAUTH_ENDPOINTS.map((path) => [`POST ${path}`, [404, 404, 404, 404] as const])),
  "GET /.well-known/oauth-authorization-server": [404, 404, 404, 404],
  "GET /.well-known/oauth-protected-resource": [404, 404, 404, 404],
  "GET /.well-known/oauth-protected-resource/shop/mcp": [404, 404, 404, 404],
};

/** By the paths of the Express routers. */
const PAGES: Readonly<Record<string, Readonly<Record<string, Statuses>>>> = {
  "/": { "GET /": [404, 404, 404, 404] },
  "/docs": {
    "GET /docs": [...UNKNOWN, 200, 200],
    "GET /docs?server=shop": [...UNKNOWN, 200, 200],
    "GET /docs/style.css": FOR_ALL,
  },
  "/dashboard": { "GET /dashboard": [...UNKNOWN, 303, 403], "POST /dashboard": [405, 405, 405, 405] },
  "/console": {
    "GET /console": [...UNKNOWN, 200, 403],
    "GET /console/assets/style.css": FOR_ALL,
    "GET /console/other": [404, 404, 404, 404],
  },
  "/console/api/state": { "GET /console/api/state": [...UNKNOWN, 200, 403] },
  "/console/api/history": { "GET /console/api/history": [...UNKNOWN, 200, 403] },
  "/console/api/events": {
    "GET /console/api/events": [...UNKNOWN, 200, 403],
    "GET /console/api/events?session=x": [...UNKNOWN, 404, 403],
  },
  "/console/api/sessions/:key/messages/:n": { "GET /console/api/sessions/x/messages/1": [...UNKNOWN, 404, 403] },
  // The token of the page is missing.
  ...Object.fromEntries(
    ["sessions/:key/end", "servers/:name/stop", "servers/:name/tools", "servers/:name/again"].map((path) => [
      `/console/api/${path}`,
      {
        [`POST /console/api/${path.replace(/:\w+/, "shop")}`]: [...UNKNOWN, 403, 403],
        [`GET /console/api/${path.replace(/:\w+/, "shop")}`]: [405, 405, 405, 405],
      },
    ]),
  ),
  "/problems": { "GET /problems": FOR_ALL },
  "/problems/:name": { "GET /problems/forbidden": FOR_ALL },
  ...Object.fromEntries(
    ["openapi", "openapi.gpt", "openapi.openwebui"].flatMap((name) =>
      ["json", "yaml"].flatMap((format) => [
        [`/${name}.${format}`, { [`GET /${name}.${format}`]: [...UNKNOWN, 200, 200] }],
        [`/api/${name}.${format}`, { [`GET /api/${name}.${format}`]: [...UNKNOWN, 200, 200] }],
        [`/api/:server/${name}.${format}`, { [`GET /api/shop/${name}.${format}`]: [...UNKNOWN, 200, 404] }],
      ]),
    ),
  ),
};

describe("every route has an entry here:", () => {
  it("those of http.ts and pages.ts", () => {
    const http = readFileSync(join(ROOT, "src/downstream/http.ts"), "utf8");
    const mounted = [...http.matchAll(/mount\((\w+)/g)].map(([, name]) => name);
    expect([...new Set(mounted)]).toEqual([
      "mcp",
      "restRoute",
      "healthRoute",
      "resourceMetadata",
      "serverHealthRoute",
      "oauthProbes",
      "metricsRoute",
    ]);
    const pages = readFileSync(join(ROOT, "src/downstream/pages.ts"), "utf8");
    const used = [...pages.matchAll(/(\w+)\(context\)[,)]/g)].map(([, name]) => name);
    expect(used).toEqual([
      "documentRoutes",
      "docsRoutes",
      "problemRoutes",
      "consoleRoutes",
      "nothingHere",
      "problemWriter",
    ]);
  });

  it("those of the Express routers", () => {
    const context = {} as DocumentContext;
    const routers = [documentRoutes(context), docsRoutes(context), problemRoutes(context), consoleRoutes(context)];
    expect([...new Set(routers.flatMap(pathsOf))].toSorted()).toEqual(Object.keys(PAGES).toSorted());
  });

  function pathsOf({ stack }: Router): string[] {
    return stack.flatMap(({ route }) => (route === undefined ? [] : [route.path].flat()));
  }
});

describe("a route answers no credential, a wrong one, one that is allowed and one that is denied:", () => {
  const all = [...Object.values(MCP), ...Object.values(REST), OPERATIONS, ...Object.values(PAGES)];
  const routes = all.flatMap((entries) => Object.entries<Statuses>(entries));
  it.each([...routes, ["GET /nothing/at/all/here", [404, 404, 404, 404]] as const])(
    "%s %j",
    async (route, expected) => {
      expect(await statuses(route)).toEqual(expected);
    },
  );
});

/** What one who may gets, and what one who may call one tool only. */
type Answer = "result" | number;
const MISSING = -32601;
const NAMES = {
  name: "drop",
  uri: "shop://secret/c",
  ref: { type: "ref/prompt", name: "ask" },
  argument: { name: "a", value: "" },
};

/** Null: only servers send it, or nobody answers it. */
const METHODS = {
  initialize: ["result", "result"],
  initialized: null,
  ping: ["result", "result"],
  cancelled: null,
  progress: null,
  message: null,
  toolsChanged: null,
  promptsChanged: null,
  resourcesChanged: null,
  resourceUpdated: null,
  setLevel: ["result", MISSING],
  subscribe: ["result", MISSING],
  unsubscribe: ["result", MISSING],
  listTools: ["result", MISSING],
  callTool: ["result", -32602],
  listPrompts: ["result", MISSING],
  getPrompt: [-32602, MISSING],
  listResources: ["result", MISSING],
  listTemplates: ["result", MISSING],
  readResource: ["result", MISSING],
  complete: ["result", MISSING],
  listen: [MISSING, MISSING],
} satisfies Record<keyof typeof methods, readonly [all: Answer, little: Answer] | null>;

describe("an MCP method answers one who may everything, and one who may call one tool:", () => {
  const asked = Object.entries(METHODS).flatMap(([key, answers]) =>
    answers === null ? [] : [[methods[key as keyof typeof methods], ...answers] as const],
  );
  it.each([...asked, ["future/method", MISSING, MISSING] as const])("%s: %s, %s", async (method, all, little) => {
    const answers = await Promise.all([CALLERS.allowed, CALLERS["allowed little"]].map((who) => answerTo(method, who)));
    expect(answers).toEqual([all, little]);
  });

  it.each(asked.map(([method]) => method))("%s needs a credential", async (method) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: {} });
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    for (const authorization of [CALLERS["no credential"], CALLERS.wrong]) {
      const exchange = await send(`${gateway.url}/shop/mcp`, { body, headers: { ...headers, authorization } });
      await exchange.over();
      expect([exchange.status, JSON.parse(exchange.text)]).toMatchObject([
        401,
        { error: { data: { reason: "unauthorized" } } },
      ]);
    }
  });

  async function answerTo(method: string, authorization: string): Promise<Answer> {
    await using client = new StreamableClient(`${gateway.url}/shop/mcp`, { authorization });
    if (method === methods.initialize) return given(await client.initialize());
    await client.initialize();
    const id = client.nextId();
    return given(await (await client.request(method, NAMES, { id })).answer(id));
  }

  const given = ({ result, error }: Pick<JsonRpc, "result" | "error">): Answer =>
    result === undefined ? (error?.code ?? 0) : "result";
});

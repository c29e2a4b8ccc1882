import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";
import { openSession } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// MAT-3, MAT-11, ISA-4: who may do what, and what it may not is not there, on every transport.

const basic = (name: string): string => `Basic ${Buffer.from(`${name}:pw`).toString("base64")}`;
const key = (name: string): string => `Bearer key-of-${name}-0123456789`;

/** Everything that a caller may see of one server; a server that is missing does not exist for it. */
interface Offer {
  readonly tools: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
  readonly templates: readonly string[];
}

const offerOf = (scheme: string): Offer => ({
  tools: ["read_a", "read_b", "write", "drop", "touch"],
  prompts: ["ask", "order"],
  resources: ["public/a", "public/b", "secret/c"].map((path) => `${scheme}://${path}`),
  templates: ["public", "secret"].map((part) => `${scheme}://${part}/{id}`),
});
const NOTHING: Offer = { tools: [], prompts: [], resources: [], templates: [] };
const SERVERS = ["shop", "vault"] as const;
const ALL: Readonly<Record<string, Offer>> = { shop: offerOf("shop"), vault: offerOf("vault") };

/** Two users of Basic, and two API keys of one tenant. */
const CALLERS: Readonly<Record<string, { authorization: string; sees: Readonly<Record<string, Offer>> }>> = {
  alice: { authorization: basic("alice"), sees: ALL },
  bob: {
    authorization: basic("bob"),
    sees: {
      shop: {
        tools: ["read_a", "read_b", "touch"],
        prompts: ["ask"],
        resources: ["shop://public/a", "shop://public/b"],
        templates: ["shop://public/{id}"],
      },
    },
  },
  ci: { authorization: key("ci"), sees: { vault: { ...NOTHING, tools: ["read_a", "read_b", "write", "touch"] } } },
  web: {
    authorization: key("web"),
    sees: { shop: { ...NOTHING, tools: ["write"] }, vault: { ...offerOf("vault"), tools: [] } },
  },
};
const POLICY = {
  rules: [
    { subject: { principal: "alice" }, allow: { servers: ["*"] } },
    {
      subject: { principal: "basic:bob" },
      allow: {
        tools: ["shop:read_*", "shop:touch"],
        prompts: ["shop:ask"],
        resources: ["shop://public/*"],
        servers: ["shop"],
      },
    },
    { subject: { tenant: "acme", client: "ci" }, allow: { methods: ["*"], tools: ["vault:*"] } },
    { subject: { tenant: "acme" }, deny: { tools: ["vault:drop"] } },
    { subject: { tenant: "acme", client: "web" }, allow: { tools: ["shop:write"] } },
    { subject: { tenant: "acme", client: "web" }, allow: { servers: ["vault"] }, deny: { tools: ["vault:*"] } },
    { subject: { principal: "nobody" }, deny: { servers: ["*"] } },
  ],
};

const CONFIG = {
  auth: {
    basic: { credentials: ["alice", "bob", "nobody"].map((username) => ({ username, password: "pw" })) },
    apiKeys: ["ci", "web"].map((client) => ({
      id: client,
      key: `key-of-${client}-0123456789`,
      tenant: "acme",
      client,
    })),
  },
  policy: POLICY,
  servers: {
    shop: fixture("offers-everything"),
    vault: { ...fixture("offers-everything"), args: [...(fixture("offers-everything")["args"] as string[]), "vault"] },
  },
};

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway(CONFIG);
});
afterAll(() => gateway[Symbol.asyncDispose]());

const names = Object.keys(CALLERS);
const seesOf = (name: string): Readonly<Record<string, Offer>> => CALLERS[name]?.sees ?? {};
const headersOf = (name: string): { authorization: string } => ({ authorization: CALLERS[name]?.authorization ?? "" });

function connect(transport: "sse" | "mcp", server: string, name: string): Promise<Client> {
  const url = new URL(`${gateway.url}/${server}/${transport}`);
  const requestInit = { headers: headersOf(name) };
  const Made = transport === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  const client = new Client({ name: "e2e", version: "1.0.0" });
  return client.connect(new Made(url, { requestInit }) as Transport).then(() => client);
}

/** `usable`, `missing` when the answer is that of the server for what it does not have, or what else it was. */
async function verdict(asked: Promise<unknown>, missing: string): Promise<string> {
  try {
    await asked;
    return "usable";
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    if (code === -32602 && message === `MCP error -32602: ${missing}`) return "missing";
    return isUnknownMethod(error) ? "missing" : String(error);
  }
}

const isUnknownMethod = (error: unknown): boolean => (error as Error).message === "MCP error -32601: Method not found";

/** What is listed; nothing when the server seems not to have such lists. */
async function listed<T>(asked: Promise<T>, pick: (result: T) => string[]): Promise<string[]> {
  try {
    return pick(await asked);
  } catch (error) {
    if (!isUnknownMethod(error)) throw error;
    return [];
  }
}

interface Exploration {
  readonly seen: Offer;
  readonly tried: Readonly<Record<string, string>>;
}

/** Lists everything and tries everything on one server. */
async function explore(client: Client, server: string): Promise<Exploration> {
  const { tools, prompts, resources } = ALL[server] ?? NOTHING;
  const seen = {
    tools: await listed(client.listTools(), (list) => list.tools.map(({ name }) => name)),
    prompts: await listed(client.listPrompts(), (list) => list.prompts.map(({ name }) => name)),
    resources: await listed(client.listResources(), (list) => list.resources.map(({ uri }) => uri)),
    templates: await listed(client.listResourceTemplates(), (list) =>
      list.resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    ),
  };
  const tried: Record<string, string> = {};
  for (const name of tools)
    tried[name] = await verdict(client.callTool({ name, arguments: {} }), `Unknown tool: ${name}`);
  for (const name of prompts) tried[name] = await verdict(client.getPrompt({ name }), `Prompt ${name} not found`);
  for (const uri of resources) {
    const missing = `Resource ${uri} not found`;
    tried[uri] = await verdict(client.readResource({ uri }), missing);
    tried[`subscribe ${uri}`] = await verdict(client.subscribeResource({ uri }), missing);
  }
  return { seen, tried };
}

/** What `explore` finds when exactly this is offered. */
function exploration(server: string, seen: Offer): Exploration {
  const { tools, prompts, resources } = ALL[server] ?? NOTHING;
  const usable = new Set([...seen.tools, ...seen.prompts, ...seen.resources]);
  const verdictOn = (name: string): string => (usable.has(name) ? "usable" : "missing");
  const tried = [...tools, ...prompts, ...resources].map((name) => [name, verdictOn(name)] as const);
  const subscribed = resources.map((uri) => [`subscribe ${uri}`, verdictOn(uri)] as const);
  return { seen, tried: Object.fromEntries([...tried, ...subscribed]) };
}

describe("sixteen clients at once, four callers on every transport,", () => {
  it("see, and can use, what each of them may, and nothing else", async () => {
    const refused: string[] = [];
    const overMcp = names.flatMap((name) =>
      (["sse", "mcp"] as const).map(async (transport) => {
        const sees = seesOf(name);
        for (const server of SERVERS) {
          const offer = sees[server];
          const connecting = connect(transport, server, name);
          if (offer === undefined) {
            const error: unknown = await connecting.catch((thrown: unknown) => thrown);
            refused.push(String(error));
            continue;
          }
          const client = await connecting;
          expect({ name, server, ...(await explore(client, server)) }).toEqual({
            name,
            server,
            ...exploration(server, offer),
          });
          await client.close();
        }
      }),
    );
    const overRest = names.map(async (name) => {
      const rest = new RestClient(gateway.url, headersOf(name));
      const sees = seesOf(name);
      const { json } = await rest.ask("/api");
      expect((json["servers"] as { name: string; tools: string[] }[]).map((one) => [one.name, one.tools])).toEqual(
        Object.entries(sees).map(([server, { tools }]) => [server, tools]),
      );
      for (const server of SERVERS) {
        for (const tool of ALL[server]?.tools ?? []) {
          const may = sees[server]?.tools.includes(tool) === true;
          expect((await rest.call(`${server}/${tool}`)).status).toBe(may ? 200 : 404);
          expect((await rest.ask(`/api/${server}/${tool}`)).status).toBe(may ? 200 : 404);
        }
      }
    });
    const inDocuments = names.map(async (name) => {
      const rest = new RestClient(gateway.url, headersOf(name));
      const sees = seesOf(name);
      const expected = Object.entries(sees).flatMap(([server, { tools }]) =>
        tools.map((tool) => `/api/${server}/${tool}`),
      );
      for (const file of ["/openapi.json", "/openapi.gpt.json", "/openapi.openwebui.json"]) {
        const { json, text } = await rest.ask(file);
        const paths = Object.keys(json["paths"] as object).filter((path) => /^\/api\/\w+\/\w+$/.test(path));
        expect(paths.filter((path) => !path.startsWith("/api/session")).toSorted()).toEqual(expected.toSorted());
        expect(SERVERS.filter((server) => sees[server] === undefined && text.includes(server))).toEqual([]);
      }
      const { text: page } = await rest.ask("/docs", { headers: { accept: "text/html" } });
      expect(SERVERS.filter((server) => page.includes(server))).toEqual(Object.keys(sees));
      const all = SERVERS.flatMap((server) => (ALL[server]?.tools ?? []).map((tool) => `/api/${server}/${tool}`));
      expect(all.filter((path) => page.includes(path)).toSorted()).toEqual(expected.toSorted());
    });
    await Promise.all([...overMcp, ...overRest, ...inDocuments]);
    // bob and ci, one server each, on both transports.
    expect(refused).toEqual(refused.map(() => expect.stringMatching(/404/) as unknown));
    expect(refused).toHaveLength(4);
  });
});

/** The parts of an answer by which a caller could tell two cases apart, with what it asked for replaced. */
function telling({ status, headers, body }: { status: number; headers: object; body: string }, asked: string): unknown {
  const { date: _date, "x-request-id": _id, "content-length": _length, ...rest } = headers as Record<string, unknown>;
  const text = body.replaceAll(/"requestId":"[^"]*"/g, "").replaceAll(/\/requests\/[\w-]+/g, "");
  return { status, headers: rest, body: text.replaceAll(asked, "<asked>") };
}

describe("a server that a caller may not use", () => {
  it.each([
    ["POST", "/<s>"],
    ["GET", "/<s>"],
    ["GET", "/<s>", "text/html"],
    ["GET", "/<s>/mcp", "text/html"],
    ["GET", "/api/<s>/read_a", "text/html"],
    ["GET", "/api/<s>/openapi.json", "text/html"],
    ["POST", "/<s>/mcp"],
    ["POST", "/<s>/sse"],
    ["GET", "/<s>/sse"],
    ["GET", "/<s>/mcp"],
    ["DELETE", "/<s>/mcp"],
    ["PUT", "/<s>"],
    ["HEAD", "/<s>"],
    ["GET", "/api/<s>"],
    ["PUT", "/api/<s>"],
    ["GET", "/api/<s>/read_a"],
    ["POST", "/api/<s>/read_a?sessionId=12345678"],
    ["GET", "/api/<s>/openapi.json"],
    ["PUT", "/api/<s>/openapi.yaml"],
    ["GET", "/docs?server=<s>"],
  ])(
    "answers like one that does not exist: %s %s %s",
    async (method, path, accept = "application/json, text/event-stream") => {
      const body = method === "POST" ? '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}' : undefined;
      const headers = {
        ...headersOf("bob"),
        accept,
        "x-request-id": "the-same-for-both",
        ...(body !== undefined && { "content-type": "application/json" }),
      };
      const answers = await Promise.all(
        ["vault", "vxult"].map(async (server) => {
          const question = { method, headers, ...(body !== undefined && { body }) };
          return telling(await ask(`${gateway.url}${path.replace("<s>", server)}`, question), server);
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
    },
  );

  it("is not what was meant, either", async () => {
    const rest = new RestClient(gateway.url, headersOf("bob"));
    const { json } = await rest.ask("/api/vaultt");
    expect(json).toMatchObject({ code: "server_not_found", detail: "No such server. GET /api lists them." });
    expect((await rest.ask("/nothing/here/at/all")).text).not.toContain("vault");
    expect((await rest.ask("/api/shop/writ")).json).toMatchObject({
      code: "tool_not_found",
      detail: 'The server "shop" has no such tool. GET /api/shop lists its tools.',
    });
  });

  it("is every server for a caller that nothing is allowed", async () => {
    const rest = new RestClient(gateway.url, { authorization: basic("nobody") });
    expect((await rest.ask("/api")).json).toEqual({ servers: [] });
    expect((await rest.ask("/openapi.json")).text).not.toMatch(/shop|vault/);
    expect((await rest.ask(`/api/sessions/${newId()}`)).text).not.toMatch(/shop|vault/);
    expect((await rest.call("shop/read_a")).status).toBe(404);
  });
});

describe("a tool that a caller may not call", () => {
  it("answers like one that does not exist, over REST", async () => {
    const rest = new RestClient(gateway.url, headersOf("bob"));
    for (const method of ["GET", "POST"]) {
      const [refused, missing] = await Promise.all(
        ["write", "wrjte"].map(async (tool) => {
          const path = `/api/shop/${tool}?sessionId=${newId()}`;
          const headers = method === "POST" ? { "Content-Type": "application/json", "Idempotency-Key": newId() } : {};
          const {
            status,
            headers: got,
            text,
          } = await rest.ask(path, { method, headers, ...(method === "POST" && { body: "{}" }) });
          return telling({ status, headers: got, body: text }, tool);
        }),
      );
      expect(refused).toEqual(missing);
    }
  });

  it("answers like one that does not exist, in a batch and as an event stream", async () => {
    await using client = new StreamableClient(`${gateway.url}/shop/mcp`, headersOf("bob"));
    await client.initialize({ version: "2025-03-26" });
    const call = (id: number, name: string): object => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } });
    const exchange = await client.post([call(11, "read_a"), call(12, "write"), call(13, "wrjte"), call(14, "Read_a")]);
    const answers = await Promise.all([11, 12, 13, 14].map((id) => exchange.answer(id)));
    const missing = (name: string): object => ({ error: { code: -32602, message: `Unknown tool: ${name}` } });
    expect(answers).toMatchObject([
      { result: { content: [{ text: "read_a of shop" }] } },
      missing("write"),
      missing("wrjte"),
      missing("Read_a"),
    ]);
  });

  it("leaves no trace of it in completions", async () => {
    await using client = new StreamableClient(`${gateway.url}/shop/mcp`, headersOf("bob"));
    await client.initialize();
    const complete = async (name: string): Promise<unknown> => {
      const params = { ref: { type: "ref/prompt", name }, argument: { name: "a", value: "" } };
      const id = client.nextId();
      return (await client.request("completion/complete", params, { id })).answer(id);
    };
    expect(await complete("ask")).toMatchObject({ result: { completion: { values: ["ask"] } } });
    expect(await complete("order")).toMatchObject({ error: { code: -32602, message: "Reference order not found" } });
  });
});

it("a notification about a resource reaches those only who may read it", async () => {
  const clients = await Promise.all(
    ["alice", "bob"].map((name) => openSession(`${gateway.url}/shop/sse`, headersOf(name))),
  );
  const updates = async (index: number): Promise<unknown[]> => {
    const client = clients[index];
    if (client === undefined) throw new Error("there is no such client");
    await client.call("touch");
    const all = client.messages().filter(({ method }) => method === "notifications/resources/updated");
    client.close();
    return all.map(({ params }) => params?.["uri"]);
  };
  expect(await updates(0)).toEqual(ALL["shop"]?.resources);
  expect(await updates(1)).toEqual(["shop://public/a", "shop://public/b"]);
});

describe("documents that are public", () => {
  it("show everybody what the rules allow to everybody, and a caller what it may use, from one cache", async () => {
    await using open = await startGateway({
      ...CONFIG,
      openapi: { public: true },
      policy: { rules: [...POLICY.rules, { allow: { tools: ["shop:read_a"] } }] },
    });
    const nobody = new RestClient(open.url);
    const alice = new RestClient(open.url, headersOf("alice"));
    const wrong = new RestClient(open.url, { authorization: "Bearer wrong" });
    const toolsIn = (text: string): string[] =>
      [...new Set(text.match(/\/api\/(?:shop|vault)\/\w+(?=["?])/g))].toSorted();
    for (const path of ["/openapi.json", "/docs"]) {
      const asked = { headers: { accept: path === "/docs" ? "text/html" : "*/*" } };
      const texts = await Promise.all([nobody, alice, wrong, alice, nobody].map((who) => who.ask(path, asked)));
      const [first = [], whole = [], ...others] = texts.map((answer) => toolsIn(answer.text));
      expect(first).toEqual(["/api/shop/read_a"]);
      expect(whole.length).toBeGreaterThanOrEqual(10);
      expect(others).toEqual([first, whole, first]);
    }
    const tag = (await alice.ask("/openapi.json")).headers.etag;
    const headers = { "If-None-Match": tag };
    const again = await Promise.all([alice, nobody].map((who) => who.ask("/openapi.json", { headers })));
    expect(again.map(({ status }) => status)).toEqual([304, 200]);
    expect((await nobody.call("shop/read_a")).status).toBe(401);
  });
});

describe("with policy.reveal", () => {
  it("refusals say what they are, on every transport", async () => {
    await using open = await startGateway({ ...CONFIG, policy: { ...POLICY, reveal: true } });
    const rest = new RestClient(open.url, headersOf("bob"));
    expect((await rest.call("shop/write")).json).toMatchObject({ status: 403, code: "forbidden" });
    expect((await rest.ask("/api/shop/write")).json).toMatchObject({ status: 403, code: "forbidden" });
    expect((await rest.call("vault/write")).json).toMatchObject({ status: 403, code: "forbidden" });
    await using client = new StreamableClient(`${open.url}/shop/mcp`, headersOf("bob"));
    await client.initialize({ version: "2025-03-26" });
    const call = (id: number, name: string): object => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } });
    const refused = await (await client.post([call(21, "read_a"), call(22, "write")])).over();
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ id: 21, error: { code: 40300, data: { reason: "forbidden" } } });
    const sse = await openSession(`${open.url}/shop/sse`, headersOf("bob"));
    expect((await sse.send(call(31, "write"))).status).toBe(403);
    sse.close();
    expect(await client.call("read_a")).toBe("read_a of shop");
    await until(() => open.log().includes("forbidden"), { what: "the log names the refusal" });
  });
});

describe("with auth.permissions (MAT-2 to MAT-5)", () => {
  it("scopes decide, and the answer names those that would do", async () => {
    await using scoped = await startGateway({
      ...CONFIG,
      auth: {
        apiKeys: [
          { id: "u", key: "key-of-user-0123456789", tenant: "t", client: "c", scopes: ["scope:user"] },
          { id: "a", key: "key-of-admin-0123456789", tenant: "t", client: "c", scopes: ["admin"] },
        ],
        permissions: { "shop:*": ["scope:user"], "vault:read_a": ["scope:user"], "vault:drop": ["scope:admin"] },
        options: { scope_mode: "any", default_scope: null },
      },
      policy: { reveal: true },
    });
    const [user, admin] = ["user", "admin"].map((name) => new RestClient(scoped.url, { authorization: key(name) }));
    expect((await user?.call("shop/write"))?.status).toBe(200);
    const refused = await user?.call("vault/drop");
    expect(refused?.json).toMatchObject({ status: 403, code: "insufficient_scope", scopes: ["scope:admin"] });
    expect(refused?.headers["www-authenticate"]).toContain('scope="scope:admin"');
    expect((await admin?.call("vault/drop"))?.status).toBe(200);
    expect((await admin?.call("vault/read_b"))?.json).toMatchObject({ status: 403, code: "forbidden" });
    expect((await admin?.call("shop/write"))?.json).toMatchObject({ status: 403, code: "forbidden" });
    await using client = new StreamableClient(`${scoped.url}/vault/mcp`, { authorization: key("user") });
    await client.initialize();
    const { status, headers } = await (await client.start("drop")).over();
    expect([status, headers["www-authenticate"]]).toEqual([403, expect.stringContaining("insufficient_scope")]);
    expect(await client.call("read_a")).toBe("read_a of vault");
    expect((await admin?.ask("/api"))?.json).toMatchObject({ servers: [{ name: "vault", tools: ["drop"] }] });
  });
});

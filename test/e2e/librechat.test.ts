import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { LoggingMessageNotificationSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { Agent, fetch as undiciFetch } from "undici";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask, post } from "../helpers/http.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// A client that behaves like LibreChat: undici with timeouts, probes before it connects, no response to pings. All times are
// scaled down by a factor of 60 or more.

const TIMEOUT_MS = 1_000;
const HEARTBEAT = "200ms";
/** Several timeouts long. */
const LONG_MS = 3_500;

type Kind = "streamable-http" | "sse";

interface LibreChat {
  readonly client: SdkClient;
  /** Errors on its connections, after which LibreChat would reconnect. */
  readonly errors: string[];
  /** The streams it opened; a broken one is reopened. */
  readonly gets: string[];
  /** The methods of the server's requests. */
  readonly asked: string[];
}

const open: (LibreChat & { readonly agent: Agent })[] = [];

/** Probes the URL without credentials, then connects. */
async function librechat(kind: Kind, url: string, headers: Record<string, string> = {}): Promise<LibreChat> {
  await ask(url, { method: "HEAD" });
  await post(url, {});

  const agent = new Agent({ bodyTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS });
  const [errors, gets, asked]: string[][] = [[], [], []];
  const fetch = (async (target, init) => {
    const method = init?.method ?? "GET";
    if (method === "GET") gets?.push(String(target));
    return undiciFetch(target, { ...init, dispatcher: agent } as Parameters<typeof undiciFetch>[1]);
  }) as FetchLike;
  const options = { fetch, requestInit: { headers } };
  const transport = kind === "sse" ? new SSEClientTransport(new URL(url), options) : streamable(url, options);
  // LibreChat's patched `send` rejects empty results, so a ping is never answered.
  const sends = transport.send.bind(transport);
  transport.send = async (message: JSONRPCMessage | JSONRPCMessage[], ...rest: []) => {
    if ("result" in message && Object.keys(message.result).length === 0) throw new Error("Empty result");
    return sends(message as JSONRPCMessage, ...rest);
  };
  const client = await connectSdk(transport, {
    before: (one) => Object.assign(one, { onerror: ({ message }: Error) => errors?.push(message) }),
  });
  const receives = transport.onmessage;
  const onmessage = (message: JSONRPCMessage): void => {
    if ("method" in message && "id" in message) asked?.push(message.method);
    receives?.(message);
  };
  Object.assign(transport, { onmessage });
  const made = { client, errors: errors ?? [], gets: gets ?? [], asked: asked ?? [], agent };
  open.push(made);
  return made;
}

function streamable(url: string, options: object): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(url), options);
}

afterEach(async () => {
  for (const { client, agent } of open.splice(0)) {
    await client.close();
    await agent.destroy();
  }
});

const servers = { echo: fixture("echo"), commands: fixture("on-command"), asks: fixture("asks-the-client") };

const KINDS: readonly [Kind, string][] = [
  ["streamable-http", "/mcp"],
  ["streamable-http", ""],
  ["sse", ""],
  ["sse", "/sse"],
];

describe.each(KINDS)("LibreChat by %s at /<server>%s", (kind, suffix) => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({ limits: { heartbeat: HEARTBEAT }, servers });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const connect = (server: string): Promise<LibreChat> => librechat(kind, `${gateway.url}/${server}${suffix}`);

  const sleep = ({ client }: LibreChat, ms: number): Promise<string> =>
    client.callTool({ name: "sleep", arguments: { ms } }).then(textIn);

  test("stays connected through calls that take several timeouts, and through as long a silence", async () => {
    const [chat, idle] = [await connect("echo"), await connect("commands")];
    let heard = "";
    idle.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      heard = (params.data as { text: string }).text;
    });
    // This call measures the time in which the other connection is idle.
    expect(await sleep(chat, LONG_MS)).toBe(`slept ${LONG_MS} ms`);

    await idle.client.notification({ method: "x/say", params: { text: "after the silence" } });
    await until(() => heard === "after the silence", { what: "the silent stream still brings messages" });
    expect(textIn(await idle.client.callTool({ name: "echo", arguments: { message: "here" } }))).toBe("here");
    expect(textIn(await chat.client.callTool({ name: "echo", arguments: { message: "here" } }))).toBe("here");
    expect([chat.errors, idle.errors]).toEqual([[], []]);
    expect([chat.gets, idle.gets].map(({ length }) => length)).toEqual([1, 1]);
  });

  test("is not pinged: the gateway itself answers a server that pings", async () => {
    const chat = await connect("asks");
    const answer: unknown = JSON.parse(textIn(await chat.client.callTool({ name: "ask-ping" })));
    expect(answer).toMatchObject({ jsonrpc: "2.0", result: {} });
    expect([chat.asked, chat.errors]).toEqual([[], []]);
  });

  test("has its own ping answered, by a server that lives", async () => {
    const chat = await connect("asks");
    expect(await chat.client.ping()).toEqual({});
  });
});

describe("the timeouts of this LibreChat", () => {
  test("are real: without heartbeats its streams break", async () => {
    await using gateway = await startGateway({ limits: { heartbeat: "off" }, servers });
    const url = `${gateway.url}/echo`;
    const chats = [await librechat("streamable-http", url), await librechat("sse", url)];
    for (const { errors } of chats) {
      const error = await until(() => errors[0], { what: "its stream breaks" });
      expect(error).toMatch(/terminated|Body Timeout/i);
    }
  });
});

describe("the probes of LibreChat", () => {
  const credentials = [{ username: "ada", password: "lovelace" }];
  const PATHS = ["/echo", "/echo/mcp", "/echo/sse"];
  const WELL_KNOWN = [
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/echo/mcp",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/echo/mcp",
    "/.well-known/openid-configuration",
  ];

  const probe = async (url: string): Promise<unknown> => {
    const [head, empty] = [await ask(url, { method: "HEAD" }), await post(url, {})];
    const challenge = empty.headers["www-authenticate"];
    return { HEAD: head.status, allow: head.headers["allow"], POST: empty.status, challenge };
  };

  test("find no OAuth where nothing authenticates, and start no server", async () => {
    await using gateway = await startGateway({ servers });
    expect(await Promise.all(PATHS.map((path) => probe(gateway.url + path)))).toEqual([
      { HEAD: 405, allow: "GET, POST", POST: 400, challenge: undefined },
      { HEAD: 405, allow: "POST", POST: 400, challenge: undefined },
      { HEAD: 405, allow: "GET", POST: 405, challenge: undefined },
    ]);
    expect(gateway.children()).toEqual([]);
  });

  test("find no OAuth where only Basic is configured, and it connects with its credentials", async () => {
    await using gateway = await startGateway({ auth: { basic: { credentials } }, servers });
    for (const path of PATHS) {
      const found = await probe(gateway.url + path);
      expect(found).toMatchObject({ HEAD: 405, POST: 401, challenge: expect.stringMatching(/^Basic /) });
      expect(found).not.toMatchObject({ challenge: expect.stringMatching(/bearer/i) });
    }
    expect(gateway.children()).toEqual([]);
    const headers = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };
    for (const [kind, suffix] of KINDS) {
      const chat = await librechat(kind, `${gateway.url}/echo${suffix}`, headers);
      expect(textIn(await chat.client.callTool({ name: "echo", arguments: { message: suffix } }))).toBe(suffix);
      expect(chat.errors).toEqual([]);
    }
  });

  test.each([
    ["nothing", {}],
    ["Basic", { basic: { credentials } }],
    ["a bearer token", { bearer: { tokens: ["token"] } }],
  ])("find no OAuth documents where %s authenticates: 404 as JSON, asked without credentials", async (_what, auth) => {
    await using gateway = await startGateway({ auth, servers });
    for (const path of WELL_KNOWN) {
      const { status, headers, body } = await ask(gateway.url + path);
      expect([path, status]).toEqual([path, 404]);
      expect(headers["content-type"]).toMatch(/^application\/(?:[\w.+-]+\+)?json/);
      expect(JSON.parse(body)).toEqual(expect.any(Object));
      expect(headers["www-authenticate"]).toBeUndefined();
    }
  });
});

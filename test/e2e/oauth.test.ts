import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as v2 from "@modelcontextprotocol/client";
import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask, post, refusal } from "../helpers/http.ts";
import { startIssuer } from "../helpers/issuer.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// JSON Web Tokens of a real issuer: from the refusal of a client that has none, by its own discovery, to its first call.

const servers = { echo: fixture("echo") };
const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const AUDIENCE = "the-gateway-of-the-test";
const CALLBACK = "http://127.0.0.1:9/callback";

let idp: OAuth2Server;
let gateway: GatewayProcess;
/** The resources that tokens were asked for. */
let resources: unknown[];

beforeAll(async () => {
  idp = new OAuth2Server();
  await idp.issuer.keys.generate("RS256");
  await idp.start(0, "127.0.0.1");
  idp.service.on(
    "beforeTokenSigning",
    ({ payload }: { payload: Record<string, unknown> }, { body }: { body: Asked }) => {
      resources.push(body.resource);
      Object.assign(payload, { sub: payload["sub"] ?? body.client_id ?? "a-program", aud: AUDIENCE });
    },
  );
  gateway = await startGateway(config({ scopesSupported: ["tools"] }));
});
beforeEach(() => {
  resources = [];
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await idp.stop();
});

interface Asked {
  readonly resource?: string;
  readonly client_id?: string;
}

function config(jwt: object, more: object = {}): Record<string, unknown> {
  return { auth: { jwt: { issuer: idp.issuer.url, audience: AUDIENCE, ...jwt } }, servers, ...more };
}

/** A token that nobody asked the issuer for. */
function token(claims: object = {}): Promise<string> {
  const all = { aud: AUDIENCE, sub: "alice", ...claims };
  return idp.issuer.buildToken({ scopesOrTransform: (_header, payload) => void Object.assign(payload, all) });
}

describe("a client of the official SDK that has nothing but the URL", () => {
  const program = () =>
    new ClientCredentialsProvider({ clientId: "a-program", clientSecret: "its-secret", clientName: "e2e" });

  it("v1: gets a token with its own credentials, and calls", async () => {
    const url = `${gateway.url}/echo/mcp`;
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(url), { authProvider: program() }));
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("hi");
    expect(resources).toContain(url);
  });

  it("v1: the same where all servers are at one URL", async () => {
    const url = `${gateway.url}/mcp`;
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(url), { authProvider: program() }));
    expect(textIn(await client.callTool({ name: "echo__echo", arguments: { message: "hi" } }))).toBe("hi");
    expect(resources).toContain(url);
  });

  it("v1: the same over HTTP+SSE", async () => {
    const url = `${gateway.url}/echo/sse`;
    await using client = await connectSdk(new SSEClientTransport(new URL(url), { authProvider: program() }));
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("hi");
    expect(resources).toContain(url);
  });

  it("v1: sends its user to the issuer, comes back with a code, and calls", async () => {
    const url = new URL(`${gateway.url}/echo/mcp`);
    const person = new Person();
    const first = new StreamableHTTPClientTransport(url, { authProvider: person });
    await expect(connectSdk(first)).rejects.toThrow("Unauthorized");
    await first.finishAuth(await person.signIn());
    await using client = await connectSdk(new StreamableHTTPClientTransport(url, { authProvider: person }));
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("hi");
    expect(person.asked?.searchParams.get("resource")).toBe(url.href);
    expect(person.asked?.searchParams.get("scope")).toBe("tools");
  });

  it("v2: sends its user to the issuer, comes back with a code, and calls", async () => {
    const url = new URL(`${gateway.url}/echo`);
    const person = new Person();
    const transport = () => new v2.StreamableHTTPClientTransport(url, { authProvider: person });
    const first = transport();
    await expect(new v2.Client({ name: "e2e", version: "1" }).connect(first)).rejects.toThrow("Unauthorized");
    await first.finishAuth(await person.signIn());
    const client = new v2.Client({ name: "e2e", version: "1" });
    await client.connect(transport());
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("hi");
    expect(person.asked?.searchParams.get("resource")).toBe(url.href);
    await client.close();
  });
});

describe("the metadata of the gateway", () => {
  it.each(["", "/echo", "/echo/mcp", "/echo/sse", "/no-such-server/mcp", "/mcp", "/sse"])(
    "names the URL%s and its issuer",
    async (path) => {
      const answer = await ask(gateway.url + WELL_KNOWN + path);
      expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
      expect(JSON.parse(answer.body)).toEqual({
        resource: gateway.url + path,
        authorization_servers: [idp.issuer.url],
        bearer_methods_supported: ["header"],
        scopes_supported: ["tools"],
        resource_name: "MCP Gateway Tools",
      });
    },
  );

  it.each(["/echo/mcp/more", "/docs", "/api/echo", "/../echo", "/echo.json"])("has no page for %s", async (path) => {
    expect((await ask(gateway.url + WELL_KNOWN + path)).status).toBe(404);
  });

  it("is read-only, and leads who asks here for a token to the issuer", async () => {
    expect(await post(gateway.url + WELL_KNOWN, {})).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    const { status, body } = await post(`${gateway.url}/register`, {});
    expect([status, body]).toEqual([404, expect.stringContaining(new URL(String(idp.issuer.url)).href)]);
  });

  it("has the URL that clients were given, below a prefix, too, and its token is for that URL", async () => {
    const publicUrl = "https://mcp.example.com/gw";
    await using behind = await startGateway({ auth: { jwt: { issuer: idp.issuer.url } }, publicUrl, servers });
    const headers = { host: "mcp.example.com" };
    for (const path of [`${WELL_KNOWN}/echo/mcp`, `/gw${WELL_KNOWN}/echo/mcp`, `${WELL_KNOWN}/gw/echo/mcp`]) {
      const { body } = await ask(behind.url + path, { headers });
      expect(JSON.parse(body)).toMatchObject({ resource: `${publicUrl}/echo/mcp` });
    }
    const refused = await post(`${behind.url}/gw/echo/mcp`, INITIALIZE, headers);
    expect(refused.headers["www-authenticate"]).toContain(
      `resource_metadata="${publicUrl}/.well-known/oauth-protected-resource/echo/mcp"`,
    );
    const call = async (aud: string) =>
      (
        await ask(`${behind.url}/api/echo`, {
          headers: { ...headers, authorization: `Bearer ${await token({ aud })}` },
        })
      ).status;
    expect(await call(`${publicUrl}/echo/mcp`)).toBe(200);
    expect(await call(publicUrl)).toBe(200);
    // A Host is anybody's to choose, so it makes no audience.
    expect(await call("http://mcp.example.com/gw")).toBe(401);
    expect(await call(`${publicUrl}/unknown/mcp`)).toBe(401);
  });

  it("is hidden when it is not to be advertised, and tokens are accepted nevertheless", async () => {
    await using quiet = await startGateway(config({ advertise: false }));
    const { status, body } = await ask(`${quiet.url}${WELL_KNOWN}/echo/mcp`);
    expect([status, body]).toEqual([404, expect.stringContaining("This gateway has no OAuth")]);
    const refused = await post(`${quiet.url}/echo/mcp`, INITIALIZE);
    expect(refused.headers["www-authenticate"]).toBe('Bearer realm="MCP Gateway"');
    const headers = { authorization: `Bearer ${await token()}` };
    expect((await ask(`${quiet.url}/api/echo`, { headers })).status).toBe(200);
  });
});

it("the OpenAPI document names the issuer's discovery document", async () => {
  const { body } = await ask(`${gateway.url}/openapi.json`, { headers: { authorization: `Bearer ${await token()}` } });
  const openIdConnectUrl = `${idp.issuer.url}/.well-known/openid-configuration`;
  expect(JSON.parse(body)).toMatchObject({
    components: { securitySchemes: { oidc: { type: "openIdConnect", openIdConnectUrl } } },
    security: [{ oidc: [] }],
  });
});

describe("a refusal", () => {
  it("names the metadata of its own URL, and what was wrong", async () => {
    const challengeAt = async (path: string, headers = {}) =>
      (await post(gateway.url + path, INITIALIZE, headers)).headers["www-authenticate"];
    const metadata = (path: string): string => `resource_metadata="${gateway.url}${WELL_KNOWN}${path}"`;
    expect(await challengeAt("/echo/mcp")).toBe(`Bearer realm="MCP Gateway", ${metadata("/echo/mcp")}`);
    expect(await challengeAt("/nowhere")).toBe(`Bearer realm="MCP Gateway", ${metadata("/nowhere")}`);
    expect(await challengeAt("/api/echo/echo")).toBe(`Bearer realm="MCP Gateway", ${metadata("")}`);
    expect(await challengeAt("/echo", { authorization: "Bearer x" })).toBe(
      `Bearer realm="MCP Gateway", error="invalid_token", error_description="The access token is not valid", ${metadata("/echo")}`,
    );
  });

  it("of an expired token is no failed login: who comes with old ones is not locked out", async () => {
    const old = { authorization: `Bearer ${await token({ exp: 1_000_000_000 })}` };
    for (let request = 0; request < 15; request++)
      expect((await ask(`${gateway.url}/api`, { headers: old })).status).toBe(401);
    const { body } = await ask(`${gateway.url}/api`, { headers: { authorization: `Bearer ${await token()}` } });
    expect(body).toContain("echo");
  });

  it("says nothing of the token, here or in the log, and the log says why", async () => {
    const wrong = await token({ aud: "elsewhere" });
    const { body } = await ask(`${gateway.url}/api`, { headers: { authorization: `Bearer ${wrong}` } });
    expect(JSON.parse(body)).toMatchObject({ code: "unauthorized", detail: "The credentials are not valid." });
    await until(() => /unexpected \W*aud\W* claim value/.test(gateway.log()), { what: "the log says why" });
    expect(gateway.log()).not.toContain(wrong.split(".")[2]);
  });
});

describe("a session", () => {
  it("is its subject's, with the next token too, and unknown to others and to the same subject of another tenant", async () => {
    await using tenants = await startGateway(config({ tenantClaim: "org" }));
    const url = `${tenants.url}/echo/mcp`;
    const as = async (claims: object) => ({
      authorization: `Bearer ${await token(claims)}`,
      accept: "application/json, text/event-stream",
    });
    const opened = await post(url, INITIALIZE, await as({ org: "a" }));
    const session = { "mcp-session-id": String(opened.headers["mcp-session-id"]) };
    const ping = { jsonrpc: "2.0", id: 2, method: "ping" };
    const pinged = async (claims: object) => post(url, ping, { ...session, ...(await as(claims)) });
    expect((await pinged({ org: "a", jti: "next" })).status).toBe(200);
    for (const claims of [{ org: "b" }, {}, { org: "a", sub: "bob" }])
      expect(refusal(await pinged(claims))).toMatchObject({ status: 404, reason: "session_not_found" });
  });
});

describe("while the issuer is", () => {
  it("down from the start, other credentials work, a token is answered with 503 and, later, with an answer", async () => {
    const late = new OAuth2Server();
    await late.issuer.keys.generate("ES256");
    await late.start(0, "127.0.0.1");
    const { port } = late.address();
    const issuer = String(late.issuer.url);
    const signed = await late.issuer.buildToken({
      scopesOrTransform: (_header, payload) => void Object.assign(payload, { aud: AUDIENCE, sub: "alice" }),
    });
    await late.stop();
    const auth = { jwt: { issuer, audience: AUDIENCE }, bearer: { tokens: ["a-static-token"] } };
    await using waiting = await startGateway({ auth, servers });
    const get = (value: string) => ask(`${waiting.url}/api`, { headers: { authorization: `Bearer ${value}` } });
    expect((await get("a-static-token")).status).toBe(200);
    const refused = await get(signed);
    expect(refused).toMatchObject({
      status: 503,
      headers: { "retry-after": expect.stringMatching(/^\d+$/) as string },
    });
    expect(JSON.parse(refused.body)).toMatchObject({
      code: "unavailable",
      reason: "issuer_unreachable",
      retryable: true,
    });
    expect(waiting.log()).toContain("could not be fetched; its tokens cannot be checked");
    await late.start(port, "127.0.0.1");
    await until(async () => (await get(signed)).status === 200, { deadlineMs: 60_000, what: "the keys are fetched" });
    await late.stop();
    expect((await get(signed)).status).toBe(200);
  });

  it("silent, a client that leaves meanwhile opens nothing, and nobody else waits", async () => {
    await using silent = await startIssuer();
    const held: (() => void)[] = [];
    silent.answer = (request, response) => {
      silent.answer = () => false;
      held.push(() => silent.handle(request, response));
      return true;
    };
    const auth = { jwt: { issuer: silent.url, audience: AUDIENCE }, bearer: { tokens: ["a-static-token"] } };
    await using waiting = await startGateway({ auth, servers });
    const authorization = `Bearer ${await silent.token({ aud: AUDIENCE })}`;
    const leaving = new AbortController();
    const headers = { authorization, accept: "text/event-stream" };
    const gone = fetch(`${waiting.url}/echo/sse`, { headers, signal: leaving.signal }).catch(() => "left");
    await until(() => held.length > 0, { what: "the keys are asked for" });
    expect((await ask(`${waiting.url}/api`, { headers: { authorization: "Bearer a-static-token" } })).status).toBe(200);
    leaving.abort();
    expect(await gone).toBe("left");
    for (const answer of held) answer();
    expect((await ask(`${waiting.url}/api`, { headers: { authorization } })).status).toBe(200);
    expect(waiting.log()).not.toContain("New SSE connection");
  });
});

/** Somebody with a browser: follows the redirects of the issuer, which signs everybody in. */
class Person {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata = { redirect_uris: [CALLBACK], client_name: "e2e" };
  asked: URL | undefined;
  #tokens: { access_token: string; token_type: string } | undefined;
  #verifier = "";

  clientInformation() {
    return { client_id: "a-registered-client" };
  }
  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: { access_token: string; token_type: string }) {
    this.#tokens = tokens;
  }
  redirectToAuthorization(url: URL) {
    this.asked = url;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }

  async signIn(): Promise<string> {
    if (this.asked === undefined) throw new Error("nobody was sent to the issuer");
    const { headers } = await fetch(this.asked, { redirect: "manual" });
    return new URL(headers.get("location") ?? "").searchParams.get("code") ?? "";
  }
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "e2e", version: "1" } },
};

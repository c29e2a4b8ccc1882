import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { mcpAuthMetadataRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { farServer, json, type FarServer } from "../helpers/far-server.ts";
import { RestClient, textIn as restText } from "../helpers/rest-client.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

const OWN = { Authorization: "Bearer token-of-the-caller", "X-API-Key": "key-of-the-caller", Cookie: "c=1" };

/** The headers with which a call of `echo` arrived. */
async function seenBy(
  rest: RestClient,
  server: string,
  headers: Record<string, string> = {},
): Promise<Record<string, string>> {
  const answer = await rest.call(`${server}/echo`, {}, { headers });
  return (JSON.parse(restText(answer)) as { headers: Record<string, string> }).headers;
}

describe("a remote server", () => {
  let far: FarServer;
  beforeAll(async () => {
    far = await farServer();
  });
  afterAll(() => far[Symbol.asyncDispose]());

  test("gets the gateway's credential, the headers that are named, and never the caller's own", async () => {
    const { url } = far;
    await using gateway = await startGateway(
      {
        logging: { level: "verbose" },
        auth: { bearer: { tokens: ["token-of-the-caller"] } },
        servers: {
          header: { url, auth: { type: "header", header: "X-N8n-Key", value: "${FAR_VALUE}" } },
          bearer: { url, auth: { type: "bearer", token: "${FAR_TOKEN}" } },
          basic: { url, auth: { type: "basic", username: "ada", password: "${FAR_PASSWORD}" } },
          key: { url, auth: { type: "apiKey", key: "${FAR_TOKEN}" } },
          none: { url, forwardHeaders: ["Traceparent", "X-Tenant"], headers: { "X-Team": "search" } },
        },
      },
      { env: { FAR_VALUE: "value-for-far", FAR_TOKEN: "token-for-far", FAR_PASSWORD: "pass:word-for-far" } },
    );
    const rest = new RestClient(gateway.url, OWN);
    expect(await seenBy(rest, "header")).toMatchObject({ "x-n8n-key": "value-for-far" });
    expect(await seenBy(rest, "bearer")).toMatchObject({ authorization: "Bearer token-for-far" });
    const basic = `Basic ${Buffer.from("ada:pass:word-for-far").toString("base64")}`;
    expect(await seenBy(rest, "basic")).toMatchObject({ authorization: basic });
    expect(await seenBy(rest, "key")).toMatchObject({ "x-api-key": "token-for-far" });
    const passed = await seenBy(rest, "none", { Traceparent: "00-1-2-01", "X-Tenant": "acme", "X-Other": "no" });
    expect(passed).toMatchObject({ traceparent: "00-1-2-01", "x-tenant": "acme", "x-team": "search" });
    expect(passed).not.toHaveProperty("x-other");
    const all = JSON.stringify(far.requests);
    for (const own of ["token-of-the-caller", "key-of-the-caller", "c=1"]) expect(all).not.toContain(own);
    for (const secret of ["value-for-far", "token-for-far", "word-for-far"])
      expect(gateway.log()).not.toContain(secret);
  });

  test("is filled in from its caller; whoever lacks the header is told which, and sessions are not shared", async () => {
    const { url } = far;
    await using gateway = await startGateway({
      servers: {
        far: { url, headers: { "X-User": "{{headers.x-user-id}}", "X-Client": "{{principal.client:-none}}" } },
        child: fixture("tells-its-secrets", { env: { USER_ID: "{{headers.x-user-id}}" }, warm: 1 }),
      },
    });
    expect(gateway.log()).toContain("nothing is kept warm");
    const rest = new RestClient(gateway.url);
    expect(await seenBy(rest, "far", { "X-User-Id": "ada" })).toMatchObject({ "x-user": "ada", "x-client": "none" });
    expect(await rest.call("far/echo", {})).toMatchObject({
      status: 403,
      json: { code: "header_required", detail: expect.stringContaining("the header x-user-id") },
    });
    const sessionId = "a-session-of-somebody";
    expect((await rest.call("far/echo", {}, { sessionId, headers: { "X-User-Id": "ada" } })).status).toBe(200);
    expect((await rest.call("far/echo", {}, { sessionId, headers: { "X-User-Id": "eve" } })).status).toBe(404);

    const keyed = (user: string): ReturnType<RestClient["call"]> =>
      rest.call("far/echo", {}, { sessionId, headers: { "X-User-Id": user, "Idempotency-Key": "the-same-key" } });
    expect((await keyed("ada")).status).toBe(200);
    expect((await keyed("ada")).status).toBe(200);
    expect(await keyed("eve")).toMatchObject({ status: 422, json: { reason: "key_reused" } });

    const endpoint = new URL(`${gateway.url}/far/mcp`);
    const withUser = new StreamableHTTPClientTransport(endpoint, { requestInit: { headers: { "X-User-Id": "bob" } } });
    await using client = await connectSdk(withUser);
    expect(textIn(await client.callTool({ name: "echo" }))).toContain('"x-user":"bob"');
    await expect(connectSdk(new StreamableHTTPClientTransport(endpoint))).rejects.toThrow(/x-user-id/);
  });

  test.each([
    ["a missing variable", { auth: { type: "bearer", token: "${NOT_SET_AT_ALL}" } }, "NOT_SET_AT_ALL is not set"],
    [
      "a credential to pass on",
      { forwardHeaders: ["Authorization"] },
      "must not be a header with a caller's credential",
    ],
    ["a credential to fill in", { headers: { A: "{{headers.cookie}}" } }, "must be filled in from"],
    ["a password in its url", { url: "https://a:b@example.com/mcp" }, "must not contain a user name or a password"],
    [
      "neither secret nor key",
      { auth: { type: "oauth", clientId: "x" } },
      "needs either a clientSecret or a privateKey",
    ],
  ])("with %s is a mistake in the config", async (_what, entry, message) => {
    await expect(startGateway({ servers: { far: { url: far.url, ...entry } } })).rejects.toThrow(message);
  });
});

describe("a server behind OAuth", () => {
  const issuer = new OAuth2Server();
  const tokenRequests: { form: Record<string, string>; authorization: string | undefined }[] = [];
  let expiresIn = 3_600;
  let shutdown: () => void;
  let url: string;
  /** Tokens that the server takes back. */
  const revoked = new Set<string>();

  beforeAll(async () => {
    await issuer.issuer.keys.generate("RS256");
    await issuer.start(0, "127.0.0.1");
    issuer.service.on(
      "beforeTokenSigning",
      (
        token: { payload: Record<string, unknown> },
        request: { body: Record<string, string>; headers: Record<string, string> },
      ) => {
        tokenRequests.push({ form: request.body, authorization: request.headers["authorization"] });
        token.payload["aud"] = request.body["resource"];
        token.payload["jti"] = String(tokenRequests.length);
      },
    );
    issuer.service.on("beforeResponse", (response: { body: Record<string, unknown> }) => {
      response.body["expires_in"] = expiresIn;
    });

    const issuerUrl = issuer.issuer.url ?? "";
    const jwks = createRemoteJWKSet(new URL(`${issuerUrl}/jwks`));
    const app = express();
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    url = `${base}/mcp`;
    const verifier = {
      verifyAccessToken: async (token: string) => {
        if (revoked.has(token)) throw new Error("revoked");
        const { payload } = await jwtVerify(token, jwks, { audience: url });
        return { token, clientId: "c", scopes: ["mcp"], expiresAt: payload.exp ?? 0, resource: new URL(url) };
      },
    };
    app.use(
      mcpAuthMetadataRouter({
        oauthMetadata: {
          issuer: issuerUrl,
          authorization_endpoint: `${issuerUrl}/authorize`,
          token_endpoint: `${issuerUrl}/token`,
          response_types_supported: ["code"],
        },
        resourceServerUrl: new URL(url),
      }),
    );
    const guard = requireBearerAuth({
      // The SDK answers 401 to this error only.
      verifier: {
        verifyAccessToken: (token: string) =>
          verifier.verifyAccessToken(token).catch(async (error: unknown) => {
            const { InvalidTokenError } = await import("@modelcontextprotocol/sdk/server/auth/errors.js");
            throw new InvalidTokenError(String(error));
          }),
      },
      resourceMetadataUrl: `${base}/.well-known/oauth-protected-resource/mcp`,
    });
    app.post("/mcp", guard, express.json(), async (request, response) => {
      const mcp = new McpServer({ name: "guarded", version: "1" });
      mcp.registerTool("whoami", {}, () => ({
        content: [{ type: "text", text: String(request.headers.authorization) }],
      }));
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never);
      await mcp.connect(transport);
      await transport.handleRequest(request, response, request.body);
    });
    app.use((_request, response) => void response.status(405).end());
    shutdown = () => server.close();
  });
  afterAll(async () => {
    shutdown();
    await issuer.stop();
  });

  const tokenIn = (answer: Parameters<typeof restText>[0]): string => restText(answer).replace("Bearer ", "");

  test("gets a token for itself, one for all who wait, and a new one when that is refused or ends", async () => {
    tokenRequests.length = 0;
    expiresIn = 3_600;
    const issuerUrl = issuer.issuer.url;
    const auth = {
      type: "oauth",
      clientId: "gateway",
      clientSecret: "${CLIENT_SECRET}",
      issuer: issuerUrl,
      scope: "mcp",
    };
    await using gateway = await startGateway(
      { logging: { level: "verbose" }, servers: { far: { url, auth } } },
      { env: { CLIENT_SECRET: "secret-of-the-client" } },
    );
    const rest = new RestClient(gateway.url);
    const answers = await Promise.all(Array.from({ length: 8 }, () => rest.call("far/whoami")));
    expect(new Set(answers.map(tokenIn)).size).toBe(1);
    expect(tokenRequests).toMatchObject([{ form: { grant_type: "client_credentials", resource: url, scope: "mcp" } }]);
    const token = tokenIn(answers[0] as never);
    expect(decodeJwt(token)).toMatchObject({ aud: url });
    expect(gateway.log()).not.toContain("secret-of-the-client");
    expect(gateway.log()).not.toContain(token.slice(-20));

    const again = (): ReturnType<RestClient["call"]> => rest.call("far/whoami", {}, { sessionId: "the-only-session" });
    // Refused in the middle of a session.
    revoked.add(token);
    await until(async () => (await again()).status === 200, { what: "there is a new token", deadlineMs: 20_000 });
    expect(tokenRequests).toHaveLength(2);

    expiresIn = 1;
    revoked.add(tokenIn(await again()));
    await until(async () => (await again()).status === 200, { what: "there is a short one", deadlineMs: 20_000 });
    await until(async () => (await again()).status === 200 && tokenRequests.length >= 5, {
      what: "it is renewed before its end",
      deadlineMs: 20_000,
    });
  });

  test("takes a signed assertion instead of a secret, and a refresh token", async () => {
    tokenRequests.length = 0;
    expiresIn = 3_600;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
    const common = { type: "oauth", clientId: "gateway", issuer: issuer.issuer.url };
    await using gateway = await startGateway(
      {
        servers: {
          signed: { url, auth: { ...common, privateKey: "${PRIVATE_KEY}" } },
          refreshed: { url, auth: { ...common, clientSecret: "s", refreshToken: "${REFRESH_TOKEN}" } },
        },
      },
      { env: { PRIVATE_KEY: pem, REFRESH_TOKEN: "refresh-1" } },
    );
    const rest = new RestClient(gateway.url);
    expect((await rest.call("signed/whoami")).status).toBe(200);
    expect(tokenRequests[0]?.form["client_assertion"]).toMatch(/^ey/);
    expect((await rest.call("refreshed/whoami")).status).toBe(200);
    expect(tokenRequests[1]?.form).toMatchObject({
      grant_type: "refresh_token",
      refresh_token: "refresh-1",
      resource: url,
    });
  });

  test("whose authorization server is not the one of the config gets nothing", async () => {
    tokenRequests.length = 0;
    const auth = { type: "oauth", clientId: "gateway", clientSecret: "s" };
    await using gateway = await startGateway({ servers: { far: { url, auth } } });
    expect(await new RestClient(gateway.url).call("far/whoami")).toMatchObject({
      status: 502,
      json: { code: "upstream_unauthorized" },
    });
    expect(gateway.log()).toContain("write auth.issuer");
    expect(tokenRequests).toEqual([]);
  });
});

test.each([
  ["at another origin", "http://169.254.169.254/latest/meta-data"],
  ["with another scheme", "file:///etc/passwd"],
  ["that is no URL", "http://["],
])("resource metadata %s is not fetched", async (_what, metadataUrl) => {
  await using far = await farServer((_request, response) => {
    json(response, {}, 401, { "WWW-Authenticate": `Bearer resource_metadata="${metadataUrl}"` });
    return true;
  });
  const auth = { type: "oauth", clientId: "gateway", clientSecret: "the-secret" };
  await using gateway = await startGateway({ servers: { far: { url: far.url, auth } } });
  expect(await new RestClient(gateway.url).call("far/echo")).toMatchObject({
    status: 502,
    json: { code: "upstream_unauthorized" },
  });
  expect(JSON.stringify(far.requests)).not.toContain("the-secret");
});

test("hostile metadata sends nobody into a private network, to another scheme or along a redirect", async () => {
  await using inner = await farServer();
  await using far = await farServer((request, response) => {
    const named = new URL(request.path, "http://x").searchParams.get("as") ?? inner.url;
    if (request.path.startsWith("/.well-known/oauth-protected-resource/redirect")) {
      response.writeHead(302, { Location: inner.url }).end();
    } else if (request.path.startsWith("/.well-known/oauth-protected-resource")) {
      json(response, { resource: far.url, authorization_servers: [`http://127.0.0.1:${far.port}`] });
    } else if (request.path.startsWith("/.well-known/")) {
      json(response, {
        issuer: `http://127.0.0.1:${far.port}`,
        authorization_endpoint: `http://127.0.0.1:${far.port}/a`,
        // The secret would be sent there.
        token_endpoint: named,
        response_types_supported: ["code"],
      });
    } else {
      json(response, {}, 401, { "WWW-Authenticate": "Bearer" });
    }
    return true;
  });
  const auth = { type: "oauth", clientId: "gateway", clientSecret: "the-secret" };
  await using gateway = await startGateway({
    servers: { far: { url: far.url, auth }, redirect: { url: far.url.replace("/mcp", "/redirect"), auth } },
  });
  const rest = new RestClient(gateway.url);
  for (const server of ["far", "redirect"]) expect((await rest.call(`${server}/echo`)).status).toBe(502);
  expect(inner.requests).toEqual([]);
});

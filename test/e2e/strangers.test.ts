import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { type Answer, ask } from "../helpers/http.ts";
import { problem, RestClient } from "../helpers/rest-client.ts";

// An unauthenticated caller learns nothing about a path except how to authenticate.

const TOKEN = "the-token-of-the-test";

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    auth: {
      bearer: { tokens: [TOKEN] },
      basic: { credentials: [{ username: "admin", password: "the-pass-word" }] },
    },
    servers: { echo: fixture("echo") },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The response without what differs each time, and without the names chosen by the caller. */
function telling({ status, headers, body }: Answer): unknown {
  const { date: _date, "x-request-id": _id, "content-length": _length, ...rest } = headers;
  const {
    requestId: _requestId,
    instance: _instance,
    server: _server,
    tool: _tool,
    ...json
  } = JSON.parse(body) as Record<string, unknown>;
  return { status, headers: rest, json };
}

describe("a caller without credentials", () => {
  test.each([
    ["POST", "/api/echo/%zz"],
    ["POST", "/api/nobody/%zz"],
    ["GET", "/api/echo/%"],
    ["GET", "/api/sessions/%c0%ae"],
    ["DELETE", "/api/sessions/%zz"],
    ["PUT", "/api/echo/echo"],
    ["TRACE", "/api/echo"],
    ["POST", "/api/echo/echo?sessionId=%zz&timeoutMs=x&result=x"],
    ["GET", "/api/openapi.json?profile=nope"],
    ["GET", "/api/echo/openapi.json?version=%zz"],
    ["DELETE", "/api/nobody/openapi.yaml"],
  ])("is told nothing but that: %s %s", async (method, path) => {
    const known = await ask(`${gateway.url}/api/echo`);
    expect(known.status).toBe(401);
    const answer = await ask(gateway.url + path, { method });
    expect(telling(answer)).toEqual(telling(known));
    const { status } = await ask(gateway.url + path, { method: "HEAD" });
    expect(status).toBe(401);
  });

  test("but one who is known is told what is wrong with the path", async () => {
    const rest = new RestClient(gateway.url, { Authorization: `Bearer ${TOKEN}` });
    for (const path of ["/api/echo/%zz", "/api/sessions/%c0%ae"]) {
      expect(await rest.ask(path)).toMatchObject(problem(400, "invalid_request"));
    }
  });
});

describe("the challenges of a refusal", () => {
  const PLAIN = ['Bearer realm="MCP Gateway"', 'Basic realm="MCP Gateway", charset="UTF-8"'];
  const [, BASIC] = PLAIN;
  const challengesFor = async (path: string, headers: Record<string, string>): Promise<string[]> => {
    const { status, headers: given } = await ask(gateway.url + path, { headers });
    expect(status).toBe(401);
    return String(given["www-authenticate"]).split(/, (?=Basic|Bearer)/);
  };

  test.each(["/echo", "/api/echo", "/openapi.json", "/docs"])("say that a token is not valid: %s", async (path) => {
    const [bearer = "", basic] = await challengesFor(path, { authorization: "Bearer not-a-token" });
    expect(bearer).toMatch(/^Bearer realm="MCP Gateway", error="invalid_token", error_description="[^"]+"$/);
    expect(basic).toBe(BASIC);
  });

  test("are plain for who sent no credentials, or others than a token", async () => {
    expect(await challengesFor("/echo", {})).toEqual(PLAIN);
    expect(await challengesFor("/echo", { authorization: `Basic ${btoa("admin:wrong")}` })).toEqual(PLAIN);
    expect(await challengesFor("/echo", { authorization: "Bearer" })).toEqual(PLAIN);
    expect(await challengesFor("/echo", { authorization: "Digest x" })).toEqual(PLAIN);
  });
});

import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClaimRules } from "../../src/access/auth/claim-rules.ts";
import { Issuer, tokenId } from "../../src/access/auth/issuer.ts";
import type { KeyTimes } from "../../src/access/auth/issuer-keys.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { signingKey, startIssuer, type TestIssuer } from "../helpers/issuer.ts";
import { until } from "../helpers/until.ts";

const HOUR = 3_600_000;
const TIMES: KeyTimes = { maxAgeMs: HOUR, cooldownMs: HOUR, retryMs: HOUR, timeoutMs: 500 };
const DISCOVERY = "/.well-known/openid-configuration";

let events: GatewayEvent[];
let idp: TestIssuer;
beforeEach(async () => {
  events = [];
  idp = await startIssuer();
});
afterEach(() => idp[Symbol.asyncDispose]());

describe("the keys of an issuer", () => {
  it("are found by its discovery document, once for all who wait for them", async () => {
    const issuer = issuerWith(TIMES);
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, at) => idp.token({ sub: `user-${at}` })));
    const found = await Promise.all(tokens.map((token) => check(issuer, token)));
    expect(found.every((one) => "kind" in one)).toBe(true);
    expect(idp.asked).toEqual([DISCOVERY, "/keys"]);
  });

  it("are found by RFC 8414 where there is no OpenID Connect", async () => {
    idp.answer = ({ url }, response) => {
      if (url !== "/.well-known/oauth-authorization-server") return false;
      return send(response, { issuer: idp.url, jwks_uri: `${idp.url}/keys` });
    };
    const withoutOpenId = idp.answer;
    idp.answer = (request, response) =>
      request.url === DISCOVERY ? send(response, {}, 404) : withoutOpenId(request, response);
    expect(await check(issuerWith(TIMES), await idp.token())).toMatchObject({ kind: "jwt" });
  });

  it("are taken from jwksUri without discovery", async () => {
    expect(await check(issuerWith(TIMES, `${idp.url}/keys`), await idp.token())).toMatchObject({ kind: "jwt" });
    expect(idp.asked).toEqual(["/keys"]);
  });

  it("are fetched again for an unknown kid: a new key works at once, a withdrawn one no longer", async () => {
    const issuer = issuerWith({ ...TIMES, cooldownMs: 0 });
    const old = await idp.token();
    expect(await check(issuer, old)).toMatchObject({ kind: "jwt" });
    expect(issuer.known(tokenId(old))).toMatchObject({ kind: "jwt" });
    const next = await signingKey("next");
    idp.keys = [next];
    expect(await check(issuer, await idp.token({}, {}, next))).toMatchObject({ kind: "jwt" });
    // Also a token that was checked before.
    expect(issuer.known(tokenId(old))).toBeUndefined();
    expect(await check(issuer, old)).toMatchObject({ isGenuine: false });
  });

  it("are fetched once per cooldown, however many unknown kids come", async () => {
    const issuer = issuerWith(TIMES);
    await check(issuer, await idp.token());
    const asked = idp.asked.length;
    const stranger = await signingKey("stranger");
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, at) => idp.token({}, { kid: `unknown-${at}` }, stranger)),
    );
    const found = await Promise.all(tokens.map((token) => check(issuer, token)));
    expect(found.every((one) => "rejected" in one)).toBe(true);
    expect(idp.asked.length).toBe(asked);
  });

  it("serve on while the issuer is down, and the log says so", async () => {
    const issuer = issuerWith({ ...TIMES, maxAgeMs: 0, cooldownMs: 0 });
    await check(issuer, await idp.token());
    idp.answer = (_request, response) => send(response, {}, 503);
    expect(await check(issuer, await idp.token({ sub: "bob" }))).toMatchObject({ kind: "jwt" });
    await until(() => events.length > 0, { what: "the failure is reported" });
    expect(JSON.stringify(events[0])).toMatch(/fetched last are used.*status 503/);
  });

  it("are asked for again after an issuer was down at the start", async () => {
    const issuer = issuerWith({ ...TIMES, retryMs: 0 });
    idp.answer = (_request, response) => send(response, {}, 500);
    await expect(check(issuer, await idp.token())).rejects.toMatchObject({ reason: "issuer_unreachable" });
    idp.answer = () => false;
    expect(await check(issuer, await idp.token())).toMatchObject({ kind: "jwt" });
  });
});

describe("an issuer's answer is not taken", () => {
  const json = (body: object) => (_request: unknown, response: ServerResponse) => send(response, body);

  it.each<[string, TestIssuer["answer"]]>([
    ["when it redirects", (_request, response) => (response.writeHead(302, { location: "/keys" }).end(), true)],
    [
      "when its discovery document is somebody else's",
      json({ issuer: "https://evil.example", jwks_uri: "https://evil.example/k" }),
    ],
    ["when there are no keys", ({ url }, response) => url === "/keys" && send(response, { keys: [] })],
    ["when it is not JSON", (_request, response) => (response.end("<html>"), true)],
    ["when it is a list", json([])],
    ["when it is 4 MiB", (_request, response) => (response.end(Buffer.alloc(4 * 1024 * 1024, " ")), true)],
    [
      "when it never ends",
      (_request, response) => {
        const more = setInterval(() => response.write(" ".repeat(64 * 1024)), 1);
        response.once("close", () => clearInterval(more));
        return true;
      },
    ],
    ["when it hangs up", (_request, response) => (response.destroy(), true)],
    ["when it never comes", () => true],
    [
      "when it begins and never ends",
      (_request, response) => {
        response.write("{");
        return true;
      },
    ],
  ])("%s", async (_what, answer) => {
    idp.answer = answer;
    const token = await idp.token();
    const issuer = issuerWith(TIMES);
    await expect(check(issuer, token)).rejects.toMatchObject({ reason: "issuer_unreachable" });
    // No second try before its time.
    const asked = idp.asked.length;
    await expect(check(issuer, token)).rejects.toMatchObject({ reason: "issuer_unreachable" });
    expect(idp.asked.length).toBe(asked);
  });

  it("when its keys are elsewhere without TLS", async () => {
    idp.answer = ({ url }, response) =>
      url === DISCOVERY && send(response, { issuer: idp.url, jwks_uri: "http://keys.example.com/keys" });
    await expect(check(issuerWith(TIMES), await idp.token())).rejects.toMatchObject({ reason: "issuer_unreachable" });
  });
});

it("a token is not known without its keys beyond its exp", async () => {
  const issuer = issuerWith(TIMES);
  const token = await idp.token({ exp: Math.floor(Date.now() / 1_000) - 5 });
  // Within the leeway it is accepted, but looked at each time.
  expect(await check(issuer, token)).toMatchObject({ kind: "jwt" });
  expect(issuer.known(tokenId(token))).toBeUndefined();
});

function issuerWith(times: KeyTimes, jwksUri?: string): Issuer {
  const rules = new ClaimRules({ claims: [], mappings: [], groupsClaim: "groups" });
  const settings = { issuer: idp.url, jwksUri, audience: ["gateway"], algorithms: undefined, rules };
  return new Issuer(settings, (event) => events.push(event), times);
}

const check = (issuer: Issuer, token: string): ReturnType<Issuer["check"]> => issuer.check(token, tokenId(token));

function send(response: ServerResponse, body: object, status = 200): true {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  return true;
}

import { createHmac } from "node:crypto";
import { exportSPKI, importJWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jwt } from "../../src/access/auth/jwt.ts";
import { AccessGate } from "../../src/access/gate.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import type { Principal } from "../../src/protocol/principal.ts";
import { signingKey, startIssuer, type SigningKey, type TestIssuer } from "../helpers/issuer.ts";

const INVALID = 'Bearer realm="MCP Gateway", error="invalid_token", error_description="The access token is not valid"';

let issuer: TestIssuer;
let rsa: SigningKey;
let gate: AccessGate;
beforeAll(async () => {
  issuer = await startIssuer();
  rsa = await signingKey("rsa", "RS256");
  issuer.keys.push(rsa);
  gate = gateFor({});
});
afterAll(() => issuer[Symbol.asyncDispose]());

describe("a token is accepted", () => {
  it.each<[string, object, object]>([
    ["with the audience", {}, {}],
    ["with the audience among others", { aud: ["elsewhere", "gateway"] }, {}],
    ["that expired less than 30 s ago", { exp: inSeconds(-20) }, {}],
    ["that becomes valid in less than 30 s", { nbf: inSeconds(20) }, {}],
    ["of the type JWT", {}, { typ: "JWT" }],
    ["without a type", {}, { typ: undefined }],
    [
      "with members in its header that nobody needs",
      {},
      { jku: "http://127.0.0.1:1/keys", x5u: "http://127.0.0.1:1/" },
    ],
  ])("%s", async (_what, claims, header) => {
    expect(await who(await issuer.token(claims, header))).toMatchObject({ kind: "jwt", id: `${issuer.url} alice` });
  });

  it("signed with RSA, too", async () => {
    expect(await who(await issuer.token({}, {}, rsa))).toMatchObject({ kind: "jwt" });
  });

  it("and its subject is the same principal with the next one, at once when a token comes again", async () => {
    const [one, next] = [await issuer.token({ jti: "1" }), await issuer.token({ jti: "2" })];
    const [first, second] = [await who(one), await who(next)];
    expect(first.id).toBe(second.id);
    const again = gate.admit({ authorization: `Bearer ${one}` });
    expect(again).toBe(first);
  });
});

describe("a token is refused as invalid, and nothing is fetched for it,", () => {
  const unsigned = (header: object, claims: object = {}): string =>
    `${encoded(header)}.${encoded({ iss: issuer.url, aud: "gateway", sub: "alice", exp: inSeconds(600), ...claims })}.`;
  const hmac = (header: object, secret: string): string => {
    const text = unsigned({ alg: "HS256", kid: "rsa", ...header }).slice(0, -1);
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };

  it.each<[string, () => string | Promise<string>]>([
    ["alg none", () => unsigned({ alg: "none" })],
    ["alg None", () => unsigned({ alg: "None" })],
    ["alg NONE with the kid of a key", () => unsigned({ alg: "NONE", kid: "first" })],
    ["alg nOnE with a signature", () => `${unsigned({ alg: "nOnE" })}AAAA`],
    ["no alg", () => unsigned({})],
    ["alg null", () => unsigned({ alg: null })],
    ["an alg that is a list", () => unsigned({ alg: ["ES256"] })],
    ["an HMAC with the public key as PEM", async () => hmac({}, await pem())],
    ["an HMAC with the public key as trimmed PEM", async () => hmac({}, (await pem()).trim())],
    ["an HMAC with the modulus", () => hmac({}, rsa.jwk.n ?? "")],
    ["an HMAC with an empty key", () => hmac({}, "")],
    ["an HMAC without kid", () => hmac({ kid: undefined }, "")],
    ["another key with the right kid", async () => issuer.token({}, {}, { ...(await signingKey("first")) })],
    [
      "a key in its header",
      async () => {
        const own = await signingKey("own");
        return issuer.token({}, { kid: "first", jwk: own.jwk }, own);
      },
    ],
    ["a jku of its own", async () => issuer.token({}, { jku: `${issuer.url}/evil` }, await signingKey("first"))],
    ["an x5u of its own", async () => issuer.token({}, { x5u: `${issuer.url}/evil` }, await signingKey("first"))],
    ["a kid that is a path", () => issuer.token({}, { kid: "../../../dev/null" })],
    ["a kid that is SQL", () => issuer.token({}, { kid: "x' UNION SELECT 'key" })],
    ["a kid that every object has", () => issuer.token({}, { kid: "__proto__" })],
    [
      "no kid, where there are several keys for it",
      async () => {
        const one = await signingKey("one");
        return issuer.token({}, { kid: undefined }, one);
      },
    ],
    ["a critical header that nobody knows", async () => withHeader(await issuer.token(), { crit: ["exp2"], exp2: 1 })],
    ["an unencoded payload", async () => withHeader(await issuer.token(), { crit: ["b64"], b64: false })],
    ["the type of a logout token", () => issuer.token({}, { typ: "logout+jwt" })],
    ["no signature", async () => `${(await issuer.token()).split(".").slice(0, 2).join(".")}.`],
    ["a signature of zeros", async () => withSignature(await issuer.token(), Buffer.alloc(64))],
    ["a changed payload", async () => withPayload(await issuer.token(), { sub: "root" })],
    ["no exp", () => issuer.token({ exp: undefined })],
    ["an exp in the past", () => issuer.token({ exp: inSeconds(-31) })],
    ["an exp that is text", async () => issuer.token({ exp: "9999999999" })],
    ["an nbf in the future", () => issuer.token({ nbf: inSeconds(120) })],
    ["no sub", () => issuer.token({ sub: undefined })],
    ["an empty sub", () => issuer.token({ sub: "" })],
    ["a sub with a line break", () => issuer.token({ sub: "alice\nroot" })],
    ["a sub with half a character", () => issuer.token({ sub: "alice\ud800" })],
    ["a sub that is a number", () => issuer.token({ sub: 7 })],
    ["no aud", () => issuer.token({ aud: undefined })],
    ["another aud", () => issuer.token({ aud: "gateway2" })],
    ["an aud in another case", () => issuer.token({ aud: "Gateway" })],
    ["an aud that only begins so", () => issuer.token({ aud: "gateway/" })],
    ["no iss", () => issuer.token({ iss: undefined })],
    ["another iss", () => issuer.token({ iss: "http://127.0.0.1:1" })],
    ["an iss with a slash", () => issuer.token({ iss: `${issuer.url}/` })],
    ["a payload that is no object", () => `${encoded({ alg: "ES256", kid: "first" })}.${encoded([1])}.AAAA`],
    ["five parts, as an encrypted one has", () => "a.b.c.d.e"],
    ["15 KB of it", async () => `${await issuer.token()}${"A".repeat(15_000)}`],
    ["nothing but brackets", () => `${encoded({})}.${Buffer.from("[".repeat(9_000)).toString("base64url")}.A`],
  ])("with %s", async (_what, make) => {
    await who(await issuer.token());
    const asked = issuer.asked.length;
    const error = await refusal(await make());
    expect([error.reason, error.details.challenges]).toEqual(["unauthorized", [INVALID]]);
    expect(issuer.asked.length).toBe(asked);
  });

  async function pem(): Promise<string> {
    const key = await importJWK(rsa.jwk, "RS256");
    if (key instanceof Uint8Array) throw new Error("it is symmetric");
    return exportSPKI(key);
  }
});

it("says in the log why a token was refused, and nothing of it to the caller", async () => {
  const error = await refusal(await issuer.token({ aud: "elsewhere" }));
  expect(String(error.cause)).toContain('"aud"');
  expect(error.message).toBe("The credentials are not valid.");
});

describe("several issuers", () => {
  it("do not vouch for each other, and the same subject of both is two principals", async () => {
    await using other = await startIssuer();
    const both = gateFor({ issuers: [{ issuer: other.url, audience: "other" }] });
    const [one, two] = [await issuer.token(), await other.token({ aud: "other" })];
    const found = await Promise.all([one, two].map(async (token) => both.admit({ authorization: `Bearer ${token}` })));
    expect(new Set(found.map(({ id }) => id)).size).toBe(2);
    const forged = await other.token({ iss: issuer.url });
    await expect(both.admit({ authorization: `Bearer ${forged}` })).rejects.toMatchObject({ reason: "unauthorized" });
    const misdirected = await other.token({ aud: "gateway" });
    await expect(both.admit({ authorization: `Bearer ${misdirected}` })).rejects.toMatchObject({
      reason: "unauthorized",
    });
  });
});

it("without keys a token is neither right nor wrong: 503, no failed login, and the log names the issuer", async () => {
  await using down = await startIssuer();
  const token = await down.token();
  down.answer = (_request, response) => {
    response.writeHead(500).end();
    return true;
  };
  const events: GatewayEvent[] = [];
  const method = jwt.create({ issuer: down.url, audience: "gateway" }, { emit: (event) => events.push(event) });
  const closed = new AccessGate(method === undefined ? [] : [method]);
  await expect(closed.admit({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
    reason: "issuer_unreachable",
  });
  expect(events).toMatchObject([{ type: "trouble", what: expect.stringContaining(down.url) as string }]);
  // What is no token of the issuer does not wait for it.
  expect(() => closed.admit({ authorization: "Bearer something.else.entirely" })).toThrow("not valid");
});

function gateFor(more: object): AccessGate {
  const method = jwt.create({ issuer: issuer.url, audience: "gateway", ...more });
  return new AccessGate(method === undefined ? [] : [method]);
}

async function who(token: string): Promise<Principal> {
  return gate.admit({ authorization: `Bearer ${token}` });
}

async function refusal(token: string): Promise<GatewayError> {
  try {
    await who(token);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (part = ""): object => JSON.parse(Buffer.from(part, "base64url").toString()) as object;

function withHeader(token: string, more: object): string {
  const [header, payload, signature] = token.split(".");
  return [encoded({ ...decoded(header), ...more }), payload, signature].join(".");
}

function withPayload(token: string, more: object): string {
  const [header, payload, signature] = token.split(".");
  return [header, encoded({ ...decoded(payload), ...more }), signature].join(".");
}

function withSignature(token: string, signature: Buffer): string {
  return [...token.split(".").slice(0, 2), signature.toString("base64url")].join(".");
}

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAuthMethod } from "../../src/access/auth/method.ts";
import { configuredAuthenticators, AccessGate } from "../../src/access/gate.ts";
import { GatewayError } from "../../src/protocol/errors.ts";

const BASIC = { credentials: [{ username: "admin", password: "a-password" }] };
const BEARER = { tokens: ["a-token"] };
const ADMIN = `Basic ${Buffer.from("admin:a-password").toString("base64")}`;

const BASIC_CHALLENGE = 'Basic realm="MCP Gateway", charset="UTF-8"';
const BEARER_CHALLENGE = 'Bearer realm="MCP Gateway"';
const INVALID_TOKEN = `${BEARER_CHALLENGE}, error="invalid_token", error_description="The access token is not valid"`;

describe("with both methods", () => {
  const gate = gateOf({ basic: BASIC, bearer: BEARER });

  it("either one admits", () => {
    expect(gate.admit({ authorization: ADMIN })).toEqual({ kind: "basic", id: "admin" });
    expect(gate.admit({ authorization: "Bearer a-token" })).toMatchObject({ kind: "bearer" });
  });

  it("a refusal holds the challenges of both, each in full", () => {
    const { details, status, rpcCode } = refusalOf(gate, "Bearer wrong");
    expect(details.challenges?.toSorted()).toEqual([BASIC_CHALLENGE, INVALID_TOKEN]);
    expect(refusalOf(gate, undefined).details.challenges?.toSorted()).toEqual([BASIC_CHALLENGE, BEARER_CHALLENGE]);
    expect([status, rpcCode]).toEqual([401, 40100]);
  });

  it("a refusal says whether credentials were missing or wrong, and no more", () => {
    expect(refusalOf(gate, undefined).message).toBe("Credentials are required.");
    const messages = [
      "Bearer wrong",
      "Basic wrong",
      "",
      "admin",
      `Basic ${Buffer.from("admin:x").toString("base64")}`,
    ].map((authorization) => refusalOf(gate, authorization).message);
    expect(new Set(messages)).toEqual(new Set(["The credentials are not valid."]));
  });

  it("a refusal does not repeat what was sent", () => {
    const error = refusalOf(gate, "Bearer hunter2-hunter2");
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain("hunter2");
  });
});

describe("with one method", () => {
  it("the other one does not admit and is not in the challenges", () => {
    const basicOnly = gateOf({ basic: BASIC });
    expect(refusalOf(basicOnly, "Bearer a-token").details.challenges).toEqual([BASIC_CHALLENGE]);
    const bearerOnly = gateOf({ bearer: BEARER });
    expect(refusalOf(bearerOnly, ADMIN).details.challenges).toEqual([BEARER_CHALLENGE]);
  });

  it("the other one does not count when it is disabled", () => {
    const gate = gateOf({ basic: { ...BASIC, enabled: false }, bearer: BEARER });
    expect(refusalOf(gate, ADMIN).details.challenges).toEqual([BEARER_CHALLENGE]);
    expect(gate.admit({ authorization: "Bearer a-token" })).toMatchObject({ kind: "bearer" });
  });
});

describe("with no method", () => {
  it.each([
    ["because there is none", {}],
    ["because all are disabled", { basic: { ...BASIC, enabled: false }, bearer: { ...BEARER, enabled: false } }],
  ])("everybody is anonymous, %s", (_why, auth) => {
    const gate = gateOf(auth);
    expect(gate.authenticates).toBe(false);
    for (const authorization of [undefined, "", "Bearer wrong", ADMIN]) {
      expect(gate.admit({ authorization })).toEqual({ kind: "anonymous", id: "anonymous" });
    }
  });
});

it("distinguishes a basic user from a token with the same text", async () => {
  const { id } = await gateOf({ bearer: BEARER }).admit({ authorization: "Bearer a-token" });
  const credentials = [{ username: id, password: "p" }];
  const user = gateOf({ basic: { credentials } }).admit({
    authorization: `Basic ${Buffer.from(`${id}:p`).toString("base64")}`,
  });
  expect(user).toEqual({ kind: "basic", id });
});

describe("with a method that asks elsewhere", () => {
  /** A complete auth method: its key, its config and its factory. It recognises a caller asynchronously. */
  const slow = defineAuthMethod({
    name: "slow",
    config: z.strictObject({ knows: z.string() }),
    create: ({ knows }) => ({
      schemes: [{ kind: "bearer" }],
      challenge: () => "Slow",
      authenticate: async ({ authorization }) =>
        authorization === knows ? { kind: "bearer", id: "slowly known" } : undefined,
    }),
  });
  const basic = configuredAuthenticators({ basic: BASIC });
  const slowly = [slow.create({ knows: "me" }) ?? []].flat();
  const gate = new AccessGate([...slowly, ...basic]);

  it("admits asynchronously a caller that it, or a later method, recognises", async () => {
    expect(await gate.admit({ authorization: "me" })).toEqual({ kind: "bearer", id: "slowly known" });
    expect(await gate.admit({ authorization: ADMIN })).toEqual({ kind: "basic", id: "admin" });
  });

  it("is not consulted for a caller that an earlier method recognises", () => {
    expect(new AccessGate([...basic, ...slowly]).admit({ authorization: ADMIN })).toEqual({
      kind: "basic",
      id: "admin",
    });
  });

  it("a refusal comes later, too, with the challenges of all", async () => {
    await expect(gate.admit({ authorization: "somebody else" })).rejects.toMatchObject({
      reason: "unauthorized",
      details: { challenges: ["Slow", BASIC_CHALLENGE] },
    });
  });
});

function gateOf(auth: Readonly<Record<string, unknown>>): AccessGate {
  return new AccessGate(configuredAuthenticators(auth));
}

function refusalOf(gate: AccessGate, authorization: string | undefined): GatewayError {
  try {
    void gate.admit({ authorization });
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was admitted");
}

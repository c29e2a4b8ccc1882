import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { discoverOAuthServerInfo, registerClient } from "@modelcontextprotocol/sdk/client/auth.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, ROOT, startGateway } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { until } from "../helpers/until.ts";

// Who is refused looks for OAuth, and shows what it finds there to its user.

const servers = { echo: fixture("echo") };
const bearer = { tokens: ["the-token-of-the-test"] };
const basic = { credentials: [{ username: "admin", password: "the-pass-word" }] };

const PATHS = [
  "/register",
  "/token",
  "/token/",
  "/authorize?response_type=code",
  "/.well-known/oauth-authorization-server",
  "/.well-known/oauth-authorization-server/echo/mcp",
  "/.well-known/oauth-protected-resource",
  "/.well-known/oauth-protected-resource/echo/mcp",
  "/.well-known/openid-configuration",
  "/.well-known/openid-configuration/echo/mcp",
  "/echo/.well-known/openid-configuration",
  "/echo/mcp/.well-known/oauth-protected-resource",
];

const SENTENCE = "This gateway has no OAuth; the Authorization header was missing or not accepted; send ";
const BEARER = "Authorization: Bearer <token>";
const BASIC = "Authorization: Basic <base64 of user:password>";

const toldTo = async (url: string, method = "GET", headers = {}): Promise<unknown> => {
  const answer = await ask(url, { method, headers });
  expect(answer.status).toBe(404);
  expect(answer.headers["content-type"]).toMatch(/^application\/json\b/);
  const { error, error_description: description, ...more } = JSON.parse(answer.body) as Record<string, unknown>;
  expect([error, more]).toEqual(["invalid_request", {}]);
  return description;
};

describe("who looks for OAuth is told", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway({ auth: { bearer, basic }, allowedOrigins: ["https://app.example"], servers });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test.each(PATHS)("that there is none and which credentials are taken, whatever the method: %s", async (path) => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
      expect(await toldTo(gateway.url + path, method)).toBe(`${SENTENCE}${BEARER} or ${BASIC}.`);
    }
    expect(await ask(gateway.url + path, { method: "HEAD" })).toMatchObject({ status: 404, body: "" });
  });

  test("that, in a form that the official SDK reads", async () => {
    const clientMetadata = { redirect_uris: ["http://localhost:1/callback"] };
    await expect(registerClient(gateway.url, { clientMetadata })).rejects.toThrow(`${SENTENCE}${BEARER} or ${BASIC}.`);
    expect(await discoverOAuthServerInfo(`${gateway.url}/echo/mcp`)).toMatchObject({
      authorizationServerMetadata: undefined,
    });
  });

  test("that with the headers of CORS, where its page may call the gateway at all", async () => {
    const url = `${gateway.url}/register`;
    const own = await ask(url, { method: "POST", headers: { origin: "https://app.example" } });
    expect(own).toMatchObject({ status: 404, headers: { "access-control-allow-origin": "https://app.example" } });
    const preflight = { origin: "https://app.example", "access-control-request-method": "POST" };
    expect((await ask(url, { method: "OPTIONS", headers: preflight })).status).toBe(204);
    const foreign = await ask(url, { method: "POST", headers: { origin: "https://evil.example" } });
    expect(foreign.status).toBe(403);
    expect(foreign.headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("and the operator hears nothing of it", async () => {
    await until(() => gateway.log().includes("Web pages of other origins"), { what: "the last of these is logged" });
    const about = /.*\/(?:register|token|authorize|\.well-known).*/g;
    // But for the page that may not call us at all.
    expect(gateway.log().match(about)).toEqual([expect.stringContaining("Web pages of other origins")]);
  });
});

test("only the kinds of credentials that are on are named", async () => {
  await using gateway = await startGateway({ auth: { basic }, servers });
  expect(await toldTo(`${gateway.url}/register`, "POST")).toBe(`${SENTENCE}${BASIC}.`);
});

test("without auth it is said that none is needed; the log has a line at level debug", async () => {
  await using gateway = await startGateway({ debug: { level: "debug" }, servers });
  expect(await toldTo(`${gateway.url}/.well-known/oauth-protected-resource/echo/mcp`)).toBe(
    "This gateway has no OAuth and needs no authorization: call it without any.",
  );
  const line = /\[DEBUG\]: GET \/\.well-known\/oauth-protected-resource\/echo\/mcp 404 /;
  await until(() => line.test(gateway.log()), { what: "it is logged" });
});

describe("mcp-remote with a wrong token", () => {
  test("shows its user what is wrong", async () => {
    await using gateway = await startGateway({ auth: { bearer }, servers });
    const said = await mcpRemote(`${gateway.url}/echo/mcp`, "Authorization: Bearer wrong");
    expect(said).toContain(`${SENTENCE}${BEARER}.`);
  });
});

/** What it says until it gives up. */
async function mcpRemote(url: string, header: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "mcp-gateway-mcp-remote-"));
  const program = join(ROOT, "node_modules/mcp-remote/dist/proxy.js");
  // No browser may open, whatever it finds.
  const env = { PATH: "/nowhere", HOME: home, MCP_REMOTE_CONFIG_DIR: home };
  const options = { env, timeout: 20_000, killSignal: "SIGKILL" } as const;
  try {
    return await new Promise((resolve) => {
      execFile(process.execPath, [program, url, "--header", header], options, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

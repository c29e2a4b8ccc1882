import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { newId, RestClient, textIn } from "../helpers/rest-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

interface Report {
  readonly name: string;
  readonly [key: string]: unknown;
}

async function reportOf(gateway: GatewayProcess, name: string): Promise<Report | undefined> {
  const { status, body } = await ask(`${gateway.url}/health/servers`);
  expect(status).toBe(200);
  return (JSON.parse(body) as { servers: Report[] }).servers.find((server) => server.name === name);
}

/** Says its secret on its last breath. */
const dying = (secret: string): object => ({
  command: "sh",
  args: ["-c", `echo "cannot open the database: $DB_PASSWORD" >&2; exit 3`],
  env: { DB_PASSWORD: secret },
});

describe("GET /health/servers", () => {
  it("tells how each server is, why it last failed, and the end of its stderr without secrets", async () => {
    const secret = "xyzzy-the-password";
    await using gateway = await startGateway({ servers: { echo: fixture("echo", { warm: 1 }), db: dying(secret) } });
    expect(await reportOf(gateway, "db")).toMatchObject({
      kind: "stdio",
      state: "unknown",
      isUp: true,
      required: false,
    });
    await using client = await StreamableClient.open(`${gateway.url}/echo`);
    await client.call("echo", { message: "x" });
    const rest = new RestClient(gateway.url);
    expect((await rest.call("db/query", {}, { sessionId: newId() })).status).toBe(502);

    const db = await reportOf(gateway, "db");
    expect(db).toMatchObject({
      state: "failing",
      isUp: false,
      processes: { used: 0 },
      lastExit: { code: 3, signal: null, reason: "on its own" },
      lastFailure: { reason: "process_exited", stderr: expect.stringContaining("cannot open the database") as string },
    });
    expect(JSON.stringify(db)).not.toContain(secret);
    await until(async () => JSON.stringify((await reportOf(gateway, "echo"))?.["processes"]) === WARM_AND_USED, {
      what: "one process is used and one is warm",
    });
    expect(await reportOf(gateway, "echo")).toMatchObject({
      state: "up",
      sessions: 1,
      calls: { ended: 1, errors: 0 },
      circuit: "closed",
    });
    await client[Symbol.asyncDispose]();
    await until(async () => (await reportOf(gateway, "echo"))?.["lastExit"], { what: "its process has exited" });
    expect(await reportOf(gateway, "echo")).toMatchObject({ lastExit: { reason: "client closed" }, state: "up" });
  });

  it("tells of a remote server that it works, that it cannot be reached, and that calls to it are paused", async () => {
    await using far = await startGateway({ servers: { echo: fixture("echo") } });
    const url = `${far.url}/echo/mcp`;
    await using gateway = await startGateway({
      servers: {
        far: { url },
        gone: { url: "http://127.0.0.1:9/mcp", fallback: false },
        modern: { ...fixture("echo"), era: "modern" },
      },
    });
    await using client = await StreamableClient.open(`${gateway.url}/far`);
    await client.call("echo", { message: "x" });
    expect(await reportOf(gateway, "far")).toMatchObject({ kind: "streamable-http", state: "up", circuit: "closed" });
    expect(await reportOf(gateway, "modern")).toMatchObject({ state: "unknown", era: "modern" });
    const rest = new RestClient(gateway.url);
    await until(
      async () => {
        await rest.call("gone/tool", {}, { sessionId: newId() });
        return (await reportOf(gateway, "gone"))?.["state"] === "paused";
      },
      { what: "calls are paused" },
    );
    expect(await reportOf(gateway, "gone")).toMatchObject({
      isUp: false,
      circuit: "open",
      lastFailure: { reason: "upstream_unreachable" },
    });
    expect((await ask(`${gateway.url}/metrics`)).body).toContain(
      'mcp_gateway_origin_paused{origin="http://127.0.0.1:9"} 1',
    );
  });

  it("shows a caller the servers that it may use, and no metrics unless it may use all", async () => {
    const tokens = ["token-of-the-admin", "token-of-another"];
    await using gateway = await startGateway({
      auth: { basic: { credentials: tokens.map((username) => ({ username, password: "pw" })) } },
      policy: {
        rules: [
          { subject: { principal: "token-of-the-admin" }, allow: { servers: ["*"] } },
          { subject: { principal: "token-of-another" }, allow: { servers: ["echo"] } },
        ],
      },
      servers: { echo: fixture("echo"), secret: fixture("echo") },
    });
    const asked = async (path: string, user = ""): Promise<{ status: number; body: string }> =>
      ask(gateway.url + path, {
        headers: { authorization: `Basic ${Buffer.from(`${user}:pw`).toString("base64")}` },
      });
    const [admin, another] = await Promise.all(tokens.map((user) => asked("/health/servers", user)));
    expect(admin?.body).toContain('"secret"');
    expect(another?.body).toContain('"echo"');
    expect(another?.body).not.toContain("secret");
    expect((await asked("/metrics", tokens[0])).status).toBe(200);
    expect(await asked("/metrics", tokens[1])).toMatchObject({
      status: 403,
      body: expect.not.stringContaining("secret") as string,
    });
  });

  it("needs the credentials of a caller, whether or not the path exists", async () => {
    await using gateway = await startGateway({
      auth: { bearer: { tokens: ["a-token-of-a-caller"] } },
      metrics: { enabled: false },
      servers: { echo: fixture("echo") },
    });
    expect((await ask(`${gateway.url}/health/servers`)).status).toBe(401);
    const headers = { authorization: "Bearer a-token-of-a-caller" };
    const { status, body } = await ask(`${gateway.url}/health/servers`, { headers });
    expect([status, body]).toEqual([200, expect.stringContaining('"echo"') as string]);
    expect((await ask(`${gateway.url}/health/servers`, { method: "POST", headers })).status).toBe(405);
    expect((await ask(`${gateway.url}/health`)).body).not.toContain("echo");
  });

  it("says paused when a server is not started any more because it crashed too often", async () => {
    await using gateway = await startGateway({ limits: { crashLoop: 2 }, servers: { db: dying("x") } });
    for (let n = 0; n < 2; n++)
      await expect(StreamableClient.open(`${gateway.url}/db`)).rejects.toThrow("process_exited");
    expect(await reportOf(gateway, "db")).toMatchObject({ state: "paused", circuit: "open", isUp: false });
    expect((await ask(`${gateway.url}/metrics`)).body).toContain('mcp_gateway_circuit_open{server="db"} 1');
  });
});

const WARM_AND_USED = JSON.stringify({ used: 1, warm: 1, starting: 0, ending: 0 });

describe("GET /ready", () => {
  const ready = async (gateway: GatewayProcess): Promise<{ status: number; body: Record<string, unknown> }> => {
    const { status, body } = await ask(`${gateway.url}/ready`);
    return { status, body: JSON.parse(body) as Record<string, unknown> };
  };

  it("has no reasons when there are none", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
    expect(await ready(gateway)).toEqual({
      status: 200,
      body: { status: "ready", uptimeSeconds: expect.any(Number) as number },
    });
  });

  it("waits for required servers, and for one that fails until it is back", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "required-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const database = join(folder, "database");
    const { command, args } = fixture("echo") as { command: string; args: string[] };
    const db = { command: "sh", args: ["-c", `[ -e "${database}" ] || exit 3; exec "$0" "$@"`, command, ...args] };
    await using gateway = await startGateway({
      servers: { echo: fixture("echo", { required: true }), db: { ...db, required: true } },
      limits: { crashLoop: 0 },
    });
    await until(async () => (await reportOf(gateway, "db"))?.["state"] === "failing", {
      deadlineMs: 15_000,
      what: "its start has failed",
    });
    const { status, body } = await ready(gateway);
    expect([status, body["status"]]).toEqual([503, "not ready"]);
    // It is for everybody: it names nobody.
    expect(body["reasons"]).toEqual([expect.stringMatching(/^(?:a|2) required servers? ha/) as string]);
    expect(JSON.stringify(body)).not.toContain("db");
    writeFileSync(database, "");
    await until(async () => (await ready(gateway)).status === 200, { deadlineMs: 20_000, what: "it is ready" });
    // A process that crashes in use is no reason to send nobody here any more.
    const rest = new RestClient(gateway.url);
    const sessionId = newId();
    const pid = Number(textIn(await rest.call("db/pid", {}, { sessionId })));
    process.kill(pid, "SIGKILL");
    await until(async () => (await reportOf(gateway, "db"))?.["lastFailure"], { what: "its end was noticed" });
    expect((await ready(gateway)).status).toBe(200);
  });
});

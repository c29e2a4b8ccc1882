import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { processesMatching } from "../helpers/children.ts";
import { fixture, ROOT } from "../helpers/gateway.ts";
import { ask, post, type Answer } from "../helpers/http.ts";
import { until } from "../helpers/until.ts";

// The gateway as it runs where the system lets it open only a few files.

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

async function startWith(descriptors: number, servers: object) {
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-descriptors-"));
  folders.push(folder);
  const file = join(folder, "config.yaml");
  writeFileSync(file, JSON.stringify({ hostname: "127.0.0.1", port: 0, limits: { drain: "7s" }, servers }));
  const args = ["-c", `ulimit -n ${descriptors}; exec ${process.execPath} dist/main.js -c ${file}`];
  const gateway = spawn("sh", args, { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  gateway.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const port = await until(() => /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1], {
    deadlineMs: 20_000,
    what: "it listens",
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    log: () => log,
    isAlive: () => gateway.exitCode === null && gateway.signalCode === null,
    async [Symbol.asyncDispose]() {
      const exit = once(gateway, "exit");
      gateway.kill("SIGTERM");
      expect([await exit, log]).toEqual([[0, null], log]);
      expect(log).not.toContain("Unexpected error");
      await until(() => processesMatching(file).length === 0, { deadlineMs: 10_000, what: "nothing is left" });
    },
  };
}

const initialize = (url: string): Promise<Answer> =>
  post(`${url}/echo/mcp`, {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
  }).catch((error: unknown) => ({ status: 0, headers: {}, body: String(error) }));

const end = (url: string, { headers }: Answer): Promise<Answer> =>
  ask(`${url}/echo/mcp`, { method: "DELETE", headers: { "mcp-session-id": String(headers["mcp-session-id"]) } });

describe.each([40, 44, 52, 64])("with %i file descriptors", (descriptors) => {
  it("a flood of sessions is refused with 503 before there are none left, and the gateway serves on", async () => {
    await using gateway = await startWith(descriptors, { echo: fixture("echo") });
    const { url } = gateway;
    const answers = await Promise.all(Array.from({ length: 40 }, () => initialize(url)));
    expect([gateway.isAlive(), gateway.log()]).toEqual([true, gateway.log()]);
    const statuses = new Set(answers.map(({ status }) => status));
    // A connection beyond the cap is closed without an answer.
    for (const status of statuses) expect([0, 200, 503]).toContain(status);
    const refused = answers.filter(({ status }) => status === 503);
    for (const { headers } of refused) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect((await ask(`${url}/health`)).status).toBe(200);
    expect((await ask(`${url}/docs`, { headers: { accept: "text/html" } })).status).toBe(200);
    for (const answer of answers.filter(({ status }) => status === 200)) await end(url, answer);
  });
});

describe("with a few file descriptors", () => {
  it("sessions that have ended make room for others", async () => {
    await using gateway = await startWith(56, { echo: fixture("echo") });
    const { url } = gateway;
    for (let round = 0; round < 8; round++) {
      const answer = await until(
        async () => {
          const tried = await initialize(url);
          return tried.status === 200 && tried;
        },
        { deadlineMs: 15_000, what: "there is room for a session" },
      );
      await end(url, answer);
    }
    expect(gateway.isAlive()).toBe(true);
  });

  it("children that are kept warm do not take the last ones", async () => {
    await using gateway = await startWith(44, { echo: fixture("echo", { warm: 16 }) });
    await until(() => gateway.log().includes("limit of open files"), { what: "the operator is told" });
    for (let count = 0; count < 20; count++) expect((await ask(`${gateway.url}/health`)).status).toBe(200);
    expect(gateway.isAlive()).toBe(true);
  });
});

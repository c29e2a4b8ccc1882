import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, refuseUnexpectedErrors } from "../helpers/gateway.ts";
import { replayImage, type Image } from "../helpers/image-replay.ts";
import { newId, RestClient, textIn as textOf } from "../helpers/rest-client.ts";
import { connectSdk, sseTransport, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// The container image: its stages are replayed with their own commands in empty folders, then it is started as a container would.

const hasTini = (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, "tini")));

let folder: string;
let image: Image;
let gateway: ChildProcess;
let said = "";
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-image-"));
  image = await replayImage(folder);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const config = image.env["CONFIG_PATH"] ?? "";
  mkdirSync(dirname(config), { recursive: true });
  mkdirSync(image.env["HOME"] ?? "", { recursive: true });
  const servers = { echo: fixture("echo"), daemon: fixture("daemonizes") };
  writeFileSync(config, JSON.stringify({ hostname: "127.0.0.1", port, servers, limits: { drain: "7s" } }));
  const [command = "", ...args] = [...image.entrypoint, ...image.cmd].slice(hasTini ? 0 : 2);
  // As a subreaper it adopts orphans although it is not process 1 here.
  gateway = spawn(command, args, { cwd: join(image.root, "app"), env: { ...image.env, TINI_SUBREAPER: "1" } });
  gateway.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes("listening on") || hasExited(), { deadlineMs: 20_000, what: "the gateway listens" });
}, 300_000);

afterAll(async () => {
  if (!hasExited()) gateway.kill("SIGKILL");
  await until(hasExited, { deadlineMs: 20_000, what: "the gateway ends" });
  refuseUnexpectedErrors(said);
  rmSync(folder, { recursive: true });
});

describe("the image, replayed without docker,", () => {
  it("holds the gateway and what it needs, and nothing of the repository besides", async () => {
    const { code, stdout } = await inImage(["sh", "-c", "ls; mcp-gateway --version"]);
    expect(code).toBe(0);
    const entries = stdout.trim().split("\n");
    expect(entries.at(-1)).toMatch(/^\d+\.\d+\.\d+/);
    const known = [
      "LICENSE",
      "bin",
      "config.example.yaml",
      "dist",
      "node_modules",
      "package-lock.json",
      "package.json",
    ];
    expect(entries.slice(0, -1).filter((entry) => !known.includes(entry))).toEqual([]);
  });

  it("serves a session over SSE (MAT-18)", async () => {
    await using client = await connectSdk(sseTransport(`${url}/echo/sse`));
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("hi");
  });

  it("serves the page for people", async () => {
    const page = await fetch(`${url}/docs`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
  });

  it("says that it is healthy by its own HEALTHCHECK", async () => {
    expect(await inImage(image.health)).toMatchObject({ code: 0, stderr: `${url} is ready\n` });
  });

  it.skipIf(!hasTini)("leaves no zombie of what a server leaves behind", async () => {
    const client = new RestClient(url);
    const sessionId = newId();
    const pids = JSON.parse(textOf(await client.call("daemon/pids", {}, { sessionId }))) as number[];
    expect(pids).toHaveLength(2);
    await client.ask(`/api/sessions/${sessionId}`, { method: "DELETE" });
    // A zombie still has a folder in /proc.
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), {
      deadlineMs: 10_000,
      what: "the server and its daemon are gone and waited for",
    });
  });

  it("ends cleanly at SIGTERM, and is not healthy then", async () => {
    gateway.kill("SIGTERM");
    await until(hasExited, { deadlineMs: 20_000, what: "the gateway ends" });
    expect([gateway.exitCode, gateway.signalCode]).toEqual([0, null]);
    expect(await inImage(image.health)).toMatchObject({ code: 1 });
  });
});

const hasExited = (): boolean => gateway.exitCode !== null || gateway.signalCode !== null;

/** As `docker exec` would run it. */
function inImage([command = "", ...args]: readonly string[]) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(command, args, { cwd: join(image.root, "app"), env: image.env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { realServer, ROOT, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask, post, type Answer } from "../helpers/http.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { openSession } from "../helpers/sse-client.ts";

// A config with every key of acehoss/mcp-gateway, and the examples of its README: sessions, REST calls, credentials, documents, log.

const folder = mkdtempSync(join(tmpdir(), "acehoss-"));
const CONFIG = {
  hostname: "127.0.0.1",
  port: 0,
  debug: { level: "debug" },
  auth: {
    basic: { enabled: true, credentials: [{ username: "username", password: "pass:word" }] },
    bearer: { enabled: true, tokens: ["your-secure-token"] },
  },
  servers: {
    filesystem: { ...realServer("server-filesystem", folder), path: ROOT },
    second: { ...realServer("server-filesystem", folder), path: ROOT },
  },
};
const BEARER = { Authorization: "Bearer your-secure-token" };
const BASIC = { Authorization: `Basic ${Buffer.from("username:pass:word").toString("base64")}` };

let gateway: GatewayProcess;
beforeAll(async () => {
  writeFileSync(join(folder, "a-file.txt"), "here\n");
  gateway = await startGateway(CONFIG);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

it("a session id from /api/sessionid, and a call of a tool with it (ACE-1, ACE-13, ACE-14, ACE-16)", async () => {
  const { body } = await ask(`${gateway.url}/api/sessionid`, { headers: BEARER });
  const { sessionId } = JSON.parse(body) as { sessionId: string };
  expect(sessionId).toMatch(/^.{8,}$/);
  expect((await directoryTree(`?sessionId=${sessionId}`)).body).toContain("a-file.txt");
});

it("an id that the client chose opens a session of its own (ACE-15, ACE-17)", async () => {
  expect((await directoryTree("?sessionId=randomSession12345")).body).toContain("a-file.txt");
  expect((await directoryTree("")).status).toBe(400);
});

it("any of the credentials admits, on every endpoint (ACE-8, ACE-24, ACE-27)", async () => {
  for (const headers of [BEARER, BASIC]) {
    const events = await ask(`${gateway.url}/filesystem`, {
      headers: { ...headers, Accept: "text/event-stream" },
      headOnly: true,
    });
    expect([events.status, events.headers["content-type"]]).toEqual([200, "text/event-stream"]);
  }
  const refused = await ask(`${gateway.url}/filesystem`, { headers: { Accept: "text/event-stream" } });
  expect(refused.status).toBe(401);
  expect(refused.headers["www-authenticate"]).toMatch(/Bearer.*Basic realm="MCP Gateway"/s);
});

it("two clients of HTTP+SSE have a process each, which ends with them (ACE-2, ACE-5, ACE-6, ACE-26)", async () => {
  const open = (): ReturnType<typeof openSession> =>
    openSession(`${gateway.url}/second`, { authorization: BEARER.Authorization });
  const sessions = await Promise.all([open(), open()]);
  expect(gateway.children("second")).toHaveLength(2);
  for (const session of sessions) session.close();
});

it("the OpenAPI document of --schemaDump, as YAML and as JSON (ACE-18, ACE-19, ACE-20, ACE-21, ACE-23)", async () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, JSON.stringify(CONFIG));
  const dump = async (...more: readonly string[]): Promise<string> => {
    const args = ["dist/main.js", "-c", file, "--schemaDump", ...more];
    return (await promisify(execFile)(process.execPath, args, { cwd: ROOT })).stdout;
  };
  const [yaml, json] = await Promise.all([dump(), dump("--schemaFormat", "json")]);
  const document = JSON.parse(json) as { paths: object; security: object };
  expect(parse(yaml)).toEqual(document);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(["/api/filesystem/directory_tree", "/api/second/directory_tree"]),
  );
  expect(json).toContain('"bearer"');
}, 30_000);

it("the log has its format and its session keys (ACE-9, ACE-25, ACE-28)", () => {
  expect(gateway.log()).toMatch(/\d{4}-\d\d-\d\dT[\d:.]+Z \[INFO\]: New .* for filesystem/);
  expect(gateway.log()).toContain("[DEBUG]:");
  expect(gateway.log()).not.toContain("your-secure-token");
});

it("all of its servers are behind one URL too, over HTTP+SSE and Streamable HTTP (ACE-1, ACE-2, ACE-3)", async () => {
  for (const transport of [
    new SSEClientTransport(new URL(`${gateway.url}/sse`), { requestInit: { headers: BEARER } }),
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit: { headers: BASIC } }),
  ]) {
    await using client = await connectSdk(transport);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["filesystem__directory_tree", "second__directory_tree"]));
    const answer = await client.callTool({ name: "second__directory_tree", arguments: { path: folder } });
    expect(textIn(answer)).toContain("a-file.txt");
  }
});

it("a custom GPT has a document of its own form, with answers and the server's URL (ACE-10, ACE-22)", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, "dist/main.js"),
      "openapi",
      "-c",
      configFile(),
      "--profile",
      "gpt",
      "--format",
      "json",
      "--allow-partial",
    ],
    { cwd: folder },
  ).catch((error: { stdout: string }) => error);
  const { servers, paths } = JSON.parse(stdout) as { servers: unknown[]; paths: Record<string, object> };
  expect(servers).toHaveLength(1);
  const [operation] = Object.entries(paths).filter(([path]) => path.endsWith("/filesystem/directory_tree"));
  expect(operation?.[1]).toMatchObject({ post: { requestBody: {}, responses: { 200: { content: {} } } } });
});

/** The same config in a file; the relative path of a server becomes that of its folder. */
function configFile(): string {
  const file = join(folder, "config.yaml");
  writeFileSync(file, JSON.stringify(CONFIG));
  return file;
}

function directoryTree(query: string): Promise<Answer> {
  return post(`${gateway.url}/api/filesystem/directory_tree${query}`, { path: folder }, BEARER);
}

it("is reached at every address, by containers too, and one more server is one more entry (ACE-4, ACE-7, ACE-11, ACE-12, ACE-29)", async () => {
  const open = await startGateway({ ...CONFIG, hostname: "0.0.0.0" });
  expect((await fetch(`http://127.0.0.2:${open.port}/api`, { headers: BEARER })).status).toBe(200);
  const host = `host.docker.internal:${open.port}`;
  const client = await openSession(`${open.url}/filesystem`, { authorization: BEARER.Authorization, host });
  expect(await client.call("list_directory", { path: folder })).toContain("a-file.txt");
  client.close();
  await open.stop();
  await using more = await open.again((config) => {
    const before = JSON.parse(config) as typeof CONFIG;
    return JSON.stringify({ ...before, servers: { ...before.servers, third: before.servers.second } });
  });
  expect((await ask(`${more.url}/api`, { headers: BEARER })).body).toContain('"third"');
});

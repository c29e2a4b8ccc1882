import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bareConnect, call, INITIALIZE, INITIALIZED, type BareConnect } from "../helpers/connect-command.ts";
import { fixture, memoryOf, startGateway } from "../helpers/gateway.ts";
import { everythingAt, freePort, remoteFixture } from "../helpers/remote-server.ts";
import { farServer, json, result, type Behaviour, type FarServer } from "../helpers/far-server.ts";
import { until } from "../helpers/until.ts";

// What `mcp-gateway connect` does when its client or the server does something wrong, goes, or comes back.

const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

const methodsAt = ({ requests }: FarServer): string[] => requests.flatMap(({ message }) => message.method ?? []);

/** Answers with JSON. */
function answer(...args: Parameters<typeof json>): true {
  json(...args);
  return true;
}

async function greet(bare: BareConnect): Promise<void> {
  bare.say(INITIALIZE);
  expect(await bare.answerTo("init")).toHaveProperty("result");
  bare.say(INITIALIZED);
}

describe("a client of connect", () => {
  test("that says rubbish is answered and read on, and stdout has nothing but messages (NAT-11)", async () => {
    await using server = await farServer();
    await using bare = bareConnect([server.url]);
    await greet(bare);
    const wrong = [
      "nonsense",
      "{",
      "[]",
      "null",
      "17",
      '{"jsonrpc":"1.0","id":5,"method":"x"}',
      `{"a":${"[".repeat(200)}`,
    ];
    bare.say(
      ...wrong,
      "",
      "\r",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","name":"write"}}',
    );
    bare.say(call(8, "echo"));
    await bare.answerTo(8);
    const refused = bare.messages().filter(({ id }) => id === null);
    expect(refused).toHaveLength(wrong.length + 1);
    expect(refused.map(({ error }) => error?.code)).toEqual(expect.arrayContaining([-32700, -32600]));
    expect(bare.log()).toContain("The client sent something other than a message: nonsense");
    // 10,000 of them are answered too, but not all are logged.
    bare.say(...Array.from({ length: 10_000 }, () => "again"), call(9, "echo"));
    await bare.answerTo(9);
    expect(bare.messages().filter(({ id }) => id === null)).toHaveLength(wrong.length + 1 + 10_000);
    expect(bare.log().split("\n").length).toBeLessThan(200);
  });

  test("that repeats an id, or sends a line that is too long, gets its other answers", async () => {
    await using server = await farServer(({ message }, response) => {
      if (message.method !== "tools/call" || message.params?.["name"] !== "write") return false;
      setTimeout(() => json(response, { jsonrpc: "2.0", id: message.id, result: { slow: true } }), 500);
      return true;
    });
    await using bare = bareConnect([server.url]);
    await greet(bare);
    bare.say(call(1, "write"), call(1, "echo"));
    expect(await bare.answerTo(1)).toMatchObject({ result: { slow: true } });
    expect(await bare.answerTo(null)).toMatchObject({ error: { message: expect.stringContaining("still waiting") } });
    const text = "x".repeat(65 * 1024 * 1024);
    bare.child.stdin.write(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"${text}"}}\n`);
    expect(await bare.answerTo(2)).toMatchObject({ error: { message: expect.stringContaining("at most 64 MiB") } });
    bare.say(call(3, "echo"));
    await bare.answerTo(3);
  });

  test("that does not read makes the server wait, and gets 100 MiB later", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
    await using bare = bareConnect([`${gateway.url}/echo/mcp`]);
    await greet(bare);
    bare.child.stdout.pause();
    const ids = Array.from({ length: 10 }, (_, at) => at + 1);
    for (const id of ids) bare.say(call(id, "big", { bytes: 10 * 1024 * 1024 }));
    await until(() => bare.child.stdout.readableLength > 0, { what: "the first bytes are there" });
    const sizes: number[] = [];
    const isSteady = (): boolean => sizes.slice(-25).every((size) => Math.abs(size - (sizes.at(-1) ?? 0)) < 1);
    await until(() => sizes.push(memoryOf(bare.child.pid ?? 0).rssMiB) > 25 && isSteady(), {
      what: "it holds no more and more",
      deadlineMs: 30_000,
    });
    expect(sizes.at(-1)).toBeLessThan(250);
    bare.child.stdout.resume();
    for (const id of ids)
      expect(JSON.stringify((await bare.answerTo(id, 60_000)).result).length).toBeGreaterThan(10 * 1024 * 1024);
  }, 120_000);

  test.each([
    ["closes its end of stdin", (bare: BareConnect) => void bare.child.stdin.end()],
    [
      "closes its end of stdout",
      (bare: BareConnect) => {
        bare.child.stdout.destroy();
        bare.say(LIST, LIST);
      },
    ],
    ["sends SIGTERM", (bare: BareConnect) => void bare.child.kill("SIGTERM")],
    ["sends SIGINT", (bare: BareConnect) => void bare.child.kill("SIGINT")],
  ])("that %s ends it, and the session at the server", async (_name, leave) => {
    await using server = await farServer();
    await using bare = bareConnect([server.url]);
    await greet(bare);
    leave(bare);
    expect(await bare.exit()).toBe(0);
    expect(server.requests.at(-1)).toMatchObject({
      method: "DELETE",
      headers: { "mcp-session-id": expect.any(String) },
    });
  });

  test("that leaves while the server says nothing does not keep it", async () => {
    await using server = await farServer(({ method }) => method !== "GET");
    await using bare = bareConnect([server.url]);
    bare.say(INITIALIZE);
    await until(() => server.requests.length > 0, { what: "initialize arrives" });
    bare.child.stdin.end();
    expect(await bare.exit()).toBe(0);
  });

  test("that says nothing at all is gone at once", async () => {
    await using bare = bareConnect(["http://127.0.0.1:1/mcp"]);
    bare.child.stdin.end();
    expect(await bare.exit()).toBe(0);
    expect(bare.messages()).toEqual([]);
  });

  test("of both eras on one pipe has its messages sent as each wants", async () => {
    await using server = await farServer();
    await using bare = bareConnect([server.url]);
    await greet(bare);
    const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
    const params = { _meta, name: "write", arguments: { n: 1 } };
    bare.say({ jsonrpc: "2.0", id: 1, method: "tools/call", params }, call(2, "write"));
    await Promise.all([bare.answerTo(1), bare.answerTo(2)]);
    const headersOf = (id: number): object => server.requests.find(({ message }) => message.id === id)?.headers ?? {};
    expect(headersOf(1)).toMatchObject({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "write",
    });
    expect(headersOf(1)).not.toHaveProperty("mcp-session-id");
    expect(headersOf(2)).toMatchObject({ "mcp-session-id": "far-session-1", "mcp-protocol-version": "2025-11-25" });
    expect(headersOf(2)).not.toHaveProperty("mcp-method");
  });

  test("that is a shell's pipe gets the answers to what it asked", async () => {
    await using server = await farServer();
    await using bare = bareConnect([server.url]);
    bare.say(INITIALIZE, INITIALIZED, LIST);
    bare.child.stdin.end();
    expect(await bare.exit()).toBe(0);
    expect(await bare.answerTo(1)).toHaveProperty("result.tools");
  });
});

describe("a server of connect", () => {
  test("gets 5,000 calls that come at once", async () => {
    await using server = await farServer();
    await using bare = bareConnect([server.url]);
    await greet(bare);
    const ids = Array.from({ length: 5_000 }, (_, at) => at);
    bare.say(...ids.map((id) => call(id, "echo")));
    await until(() => bare.messages().length === 5_001, { what: "all are answered", deadlineMs: 60_000 });
    expect(bare.messages().filter(({ error }) => error !== undefined)).toEqual([]);
  }, 90_000);

  test("that is away at the start, or goes in between, is waited for (NAT-8)", async () => {
    await using remote = await everythingAt("streamableHttp");
    await remote.kill();
    await using bare = bareConnect([`${remote.url}/mcp`, "--retry-delay", "200ms"]);
    bare.say(INITIALIZE);
    await until(() => bare.log().includes("cannot be reached; requests wait for it"), { what: "the outage is logged" });
    await remote.start();
    await bare.answerTo("init");
    bare.say(INITIALIZED, {
      jsonrpc: "2.0",
      id: 1,
      method: "resources/subscribe",
      params: { uri: "demo://resource/dynamic/text/1" },
    });
    expect(await bare.answerTo(1)).toHaveProperty("result");
    expect(bare.log()).toContain("answers again");

    await remote.kill();
    bare.say(call(2, "echo", { message: "later" }));
    await until(() => bare.log().split("requests wait").length === 3, { what: "the second outage is logged" });
    await remote.start();
    // In the new process the session is unknown: it is begun anew, and the client sees an answer.
    expect(JSON.stringify((await bare.answerTo(2)).result)).toContain("Echo: later");
    expect(bare.log()).toContain("has forgotten the session; it is begun anew");
    bare.say(call(3, "toggle-subscriber-updates"));
    await until(() => bare.messages().some(({ method }) => method === "notifications/resources/updated"), {
      what: "the subscription is there again",
      deadlineMs: 20_000,
    });
    expect(bare.messages().filter(({ id }) => id === "init")).toHaveLength(1);
  }, 60_000);

  test("of MCP 2026-07-28 is waited for too", async () => {
    await using remote = await remoteFixture("modern-http");
    await remote.kill();
    await using bare = bareConnect([remote.url, "--retry-delay", "200ms"]);
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    bare.say({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { _meta, name: "echo", arguments: { message: "hi" } },
    });
    await until(() => bare.log().includes("requests wait for it"), { what: "the outage is logged" });
    await remote.start();
    expect(JSON.stringify((await bare.answerTo(1)).result)).toContain("hi");
  });

  test("with a certificate of its own is trusted with NODE_EXTRA_CA_CERTS, and not without (NAT-14)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1";
    const how = `req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ${key} -out ${cert} ${subject}`;
    execFileSync("openssl", how.split(" "), { stdio: "ignore" });
    await using far = await farServer();
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) =>
      far.server.emit("request", request, response),
    ).listen(0, "127.0.0.1");
    await until(() => server.listening, { what: "it listens" });
    const address = server.address();
    const url = `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}/mcp`;
    await using wary = bareConnect([url, "--retries", "0", "--bearer", "tok-en-1"]);
    wary.say(INITIALIZE);
    expect((await wary.answerTo("init")).error?.message).toMatch(/its certificate is not trusted.*NODE_EXTRA_CA_CERTS/);
    expect(far.requests).toEqual([]);
    await using sure = bareConnect([url], { NODE_EXTRA_CA_CERTS: cert });
    await greet(sure);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("that stays away is reported in time, with what to do, and a later request tries anew", async () => {
    const port = await freePort();
    await using bare = bareConnect([`http://127.0.0.1:${port}/mcp`, "--timeout", "2s", "--retry-delay", "100ms"]);
    bare.say(INITIALIZE);
    expect((await bare.answerTo("init")).error).toMatchObject({
      message: expect.stringMatching(
        /could not be reached: nothing listens at its address. Check that the URL is right/,
      ),
      data: { reason: "upstream_unreachable" },
    });
    // The next one waits its time anew.
    bare.say({ ...INITIALIZE, id: "again" });
    expect(await bare.answerTo("again")).toHaveProperty("error");
    await using once = bareConnect([`http://127.0.0.1:${port}/mcp`, "--retries", "0"]);
    once.say(INITIALIZE);
    expect((await once.answerTo("init")).error?.message).toContain("could not be reached");
  });

  test("that never answers is not waited for longer than --timeout, and hears that the call is cancelled (NAT-6, NAT-10)", async () => {
    await using server = await farServer(({ message }) => message.method === "tools/call");
    await using bare = bareConnect([server.url, "--timeout", "1s"]);
    await greet(bare);
    bare.say(call(1, "echo"));
    expect((await bare.answerTo(1)).error).toMatchObject({
      message: expect.stringMatching(/did not answer tools\/call within \d+ ms \(--timeout\)/),
      data: { reason: "call_timeout", limit: "--timeout" },
    });
    await until(() => methodsAt(server).includes("notifications/cancelled"), { what: "the call is cancelled" });
  });

  test("that forgets the session is told everything again, and runs each call once", async () => {
    let sessions = 0;
    let known = "";
    const calls: unknown[] = [];
    const said = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
      serverInfo: { name: "forgetful", version: "1" },
    };
    await using server = await farServer((request, response) => {
      const { method, headers, message } = request;
      if (method !== "POST") return false;
      if (message.method === "initialize") {
        known = `session-${++sessions}`;
        return answer(response, result(request, said), 200, { "Mcp-Session-Id": known });
      }
      const error = { code: -32001, message: "Session not found" };
      if (headers["mcp-session-id"] !== known) return answer(response, { jsonrpc: "2.0", id: null, error }, 404);
      if (message.method === "tools/call") calls.push(message.id);
      const isSetting = message.method === "logging/setLevel" || message.method === "resources/subscribe";
      return isSetting && answer(response, result(request, {}));
    });
    await using bare = bareConnect([server.url]);
    await greet(bare);
    bare.say({ jsonrpc: "2.0", id: 1, method: "logging/setLevel", params: { level: "debug" } });
    bare.say({ jsonrpc: "2.0", id: 2, method: "resources/subscribe", params: { uri: "a://b" } });
    await Promise.all([bare.answerTo(1), bare.answerTo(2)]);
    known = "";
    const before = server.requests.length;
    bare.say(call(3, "write", { n: 3 }));
    expect(await bare.answerTo(3)).toHaveProperty("result");
    const again = methodsAt(server).slice(before);
    expect(again).toEqual(
      expect.arrayContaining(["initialize", "notifications/initialized", "logging/setLevel", "resources/subscribe"]),
    );
    expect(calls).toEqual([3]);
    expect(bare.messages().filter(({ method }) => method !== undefined && method !== "notifications/message")).toEqual(
      [],
    );
  });

  test("that breaks a call off has it repeated only if the tool says that this does no harm", async () => {
    const seen: string[] = [];
    await using server = await farServer(({ message }, response) => {
      if (message.method !== "tools/call") return false;
      seen.push(String(message.params?.["name"]));
      const isFirst = seen.filter((name) => name === seen.at(-1)).length === 1;
      if (isFirst) response.destroy();
      return isFirst;
    });
    await using bare = bareConnect([server.url, "--retry-delay", "50ms"]);
    await greet(bare);
    bare.say(LIST);
    await bare.answerTo(1);
    bare.say(call(2, "echo"), call(3, "write"));
    expect(await bare.answerTo(2)).toHaveProperty("result");
    expect((await bare.answerTo(3)).error).toMatchObject({ data: { reason: "upstream_unreachable" } });
    expect(seen.toSorted()).toEqual(["echo", "echo", "write"]);
  });

  const refusing =
    (status: number, headers: Record<string, string> = {}): Behaviour =>
    (_arrival, response) =>
      answer(response, { error: "no" }, status, headers);

  /** To every POST. */
  const answering =
    (type: string, body: string | Buffer, headers: Record<string, string> = {}): Behaviour =>
    ({ method }, response) => {
      if (method === "POST") response.writeHead(200, { "content-type": type, ...headers }).end(body);
      return method === "POST";
    };

  const bearer = ["--bearer", "tok-en-1"];
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20));

  test.each<{ what: string; behave: Behaviour; args?: string[]; env?: Record<string, string>; says: RegExp }>([
    {
      what: "401, without a credential",
      behave: refusing(401),
      says: /wants a credential \(HTTP 401\), and none was given: use --bearer, --header or MCP_GATEWAY_TOKEN/,
    },
    {
      what: "401 to --bearer",
      behave: refusing(401),
      args: bearer,
      says: /does not accept the token given with --bearer \(HTTP 401\)/,
    },
    {
      what: "401 to MCP_GATEWAY_TOKEN",
      behave: refusing(401),
      env: { MCP_GATEWAY_TOKEN: "tok-en-1" },
      says: /does not accept the token in MCP_GATEWAY_TOKEN/,
    },
    {
      what: "403 to a header",
      behave: refusing(403),
      args: ["--header", "X-Api-Key: ${KEY}"],
      env: { KEY: "tok-en-1" },
      says: /does not permit this \(HTTP 403\) with the header x-api-key given with --header/,
    },
    {
      what: "404",
      behave: refusing(404),
      args: ["--transport", "http"],
      says: /HTTP 404\. Is this the URL of its MCP/,
    },
    {
      what: "a redirect to another origin",
      behave: refusing(307, { location: "https://elsewhere.example/mcp" }),
      args: bearer,
      says: /redirect \(HTTP 307\) that is not followed/,
    },
    { what: "HTML", behave: answering("text/html", "<html>"), says: /text\/html and not JSON or an event stream/ },
    {
      what: "an answer to another id",
      behave: answering("application/json", '{"jsonrpc":"2.0","id":99,"result":{}}'),
      says: /its answer is no response to the request/,
    },
    {
      what: "200 without a body",
      behave: answering("application/json", ""),
      says: /did not answer a request that it accepted/,
    },
    {
      what: "half an event",
      behave: answering("text/event-stream", 'data: {"jsonrpc":"2.0","id":"init","res'),
      says: /it ended the stream of an answer before the answer/,
    },
    {
      what: "a gzip bomb",
      behave: answering("application/json", bomb, { "content-encoding": "gzip" }),
      says: /compressed, although it was asked not to be/,
    },
    {
      what: "503 again and again",
      behave: refusing(503),
      args: ["--timeout", "3s", "--retry-delay", "50ms"],
      says: /not available at the moment/,
    },
  ])("that answers with $what is reported as such", async ({ behave, args = [], env = {}, says }) => {
    await using server = await farServer(behave);
    await using bare = bareConnect([server.url, ...args], env);
    bare.say(INITIALIZE);
    expect((await bare.answerTo("init")).error?.message).toMatch(says);
    bare.child.stdin.end();
    expect(await bare.exit()).toBe(0);
    expect(JSON.stringify(bare.messages()) + bare.log()).not.toContain("tok-en-1");
  });

  test("that says 429 is asked again when it wants to be", async () => {
    let asked = 0;
    await using server = await farServer(({ message }, response) => {
      if (message.method !== "tools/call" || ++asked > 2) return false;
      return answer(response, {}, 429, { "retry-after": "1" });
    });
    await using bare = bareConnect([server.url, "--retry-delay", "50ms"]);
    await greet(bare);
    bare.say(call(1, "write"));
    expect(await bare.answerTo(1)).toHaveProperty("result");
    expect(asked).toBe(3);
  });

  test("that is quiet is asked whether it is there (NAT-5)", async () => {
    await using server = await farServer();
    await using bare = bareConnect([server.url, "--health-check", "200ms"]);
    await greet(bare);
    await until(() => methodsAt(server).filter((method) => method === "ping").length > 1, {
      what: "it is asked twice",
    });
    expect(bare.messages()).toHaveLength(1);
  });
});

describe("the credential", () => {
  test.each([
    ["--bearer", ["--bearer", "s3cret-1"], {}, { authorization: "Bearer s3cret-1" }],
    ["MCP_GATEWAY_TOKEN", [], { MCP_GATEWAY_TOKEN: "s3cret-1" }, { authorization: "Bearer s3cret-1" }],
    [
      "--header, twice",
      ["--header", "X-Api-Key: s3cret-1", "--header", "X-Team:search"],
      {},
      { "x-api-key": "s3cret-1", "x-team": "search" },
    ],
    [
      "a variable in --header",
      ["--header", "Authorization: Bearer ${MINE}"],
      { MINE: "s3cret-1" },
      { authorization: "Bearer s3cret-1" },
    ],
  ])("of %s is sent, and never logged", async (_name, args, env, headers) => {
    await using server = await farServer();
    await using bare = bareConnect([server.url, ...args], env);
    await greet(bare);
    expect(server.requests[0]?.headers).toMatchObject(headers);
    expect(bare.log()).not.toContain("s3cret-1");
  });

  test("in the URL is sent as Basic, and never logged", async () => {
    await using server = await farServer();
    const url = server.url.replace("http://", "http://ada:s3cret-1@");
    await using bare = bareConnect([`${url}?key=s3cret-2`]);
    await greet(bare);
    expect(server.requests[0]).toMatchObject({
      path: "/mcp?key=s3cret-2",
      headers: { authorization: `Basic ${Buffer.from("ada:s3cret-1").toString("base64")}` },
    });
    expect(bare.log()).toContain("/mcp");
    expect(bare.log()).not.toMatch(/s3cret|ada/);
  });

  test.each([[["connect", "--enterprise"]], [["--enterprise"]]])(
    "of the other program's variables is used with %j",
    async (words) => {
      await using server = await farServer();
      const env = {
        NATOMA_MCP_SERVER_INSTALLATION_ID: "inst-42",
        NATOMA_MCP_API_KEY: "s3cret-1",
        NATOMA_MCP_CUSTOM_URL: `http://127.0.0.1:${server.port}/api/mcp`,
      };
      await using bare = bareConnect([], env, words);
      await greet(bare);
      const headers = { authorization: "Bearer s3cret-1" };
      expect(server.requests[0]).toMatchObject({ path: "/api/mcp/inst-42", headers });
    },
  );
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer as createSocketServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryOf, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { farServer, json, result, type Behaviour, type FarServer } from "../helpers/far-server.ts";
import { RestClient, type RestAnswer } from "../helpers/rest-client.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// Every answer that a remote server can give wrong: a clear error, in bounded time and memory.

const MEGA = 1024 * 1024;
const EVENTS = { "Content-Type": "text/event-stream" };

/** Only calls are answered wrongly: the session begins well. */
const onCall =
  (behave: Behaviour): Behaviour =>
  (request, response, incoming) =>
    request.message.method === "tools/call" && behave(request, response, incoming);

let stranger: FarServer;

const faults: Record<string, { behave: Behaviour; status: number; code: string; detail: RegExp; headers?: object }> = {
  "what is not JSON": {
    behave: onCall((_request, response) => (json(response, "oops"), true)),
    status: 502,
    code: "protocol_violation",
    detail: /no response to the request/,
  },
  "a page of HTML with 200": {
    behave: onCall(
      (_request, response) => (response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>"), true),
    ),
    status: 502,
    code: "protocol_violation",
    detail: /text\/html and not JSON/,
  },
  "a redirect to elsewhere": {
    behave: onCall((_request, response) => (response.writeHead(307, { Location: stranger.url }).end(), true)),
    status: 502,
    code: "upstream_error",
    detail: /redirect \(HTTP 307\)/,
  },
  "a redirect round in circles": {
    behave: onCall((_request, response) => (response.writeHead(307, { Location: "/mcp" }).end(), true)),
    status: 502,
    code: "upstream_error",
    detail: /redirect/,
  },
  "200 without a body": {
    behave: onCall(
      (_request, response) => (response.writeHead(200, { "Content-Type": "application/json" }).end(), true),
    ),
    status: 502,
    code: "protocol_violation",
    detail: /did not answer/,
  },
  "202 to a call": {
    behave: onCall((_request, response) => (response.writeHead(202).end(), true)),
    status: 502,
    code: "protocol_violation",
    detail: /did not answer/,
  },
  "a stream that stops in the middle of an event": {
    behave: onCall((request, response) => {
      response.writeHead(200, EVENTS).write(`data: ${JSON.stringify(result(request, {})).slice(0, 20)}`);
      setTimeout(() => response.destroy(), 50);
      return true;
    }),
    status: 502,
    code: "upstream_unreachable",
    detail: /broke off/,
  },
  "a stream that ends without the answer": {
    behave: onCall((_request, response) => (response.writeHead(200, EVENTS).end(": nothing\n\n"), true)),
    status: 502,
    code: "protocol_violation",
    detail: /ended the stream/,
  },
  "the answer to another request": {
    behave: onCall((_request, response) => (json(response, { jsonrpc: "2.0", id: 4711, result: {} }), true)),
    status: 502,
    code: "protocol_violation",
    detail: /no response to the request/,
  },
  "a bomb of gzip": {
    behave: onCall((_request, response) => {
      json(response, "", 200, {});
      return true;
    }),
    status: 502,
    code: "protocol_violation",
    detail: /compressed|did not answer/,
  },
  "headers of 64 KiB": {
    behave: onCall((_request, response) => (json(response, {}, 200, { "X-Long": "x".repeat(64 * 1024) }), true)),
    status: 502,
    code: "upstream_unreachable",
    detail: /headers of its answer are too long/,
  },
  "401 in the middle of a session": {
    behave: onCall((_request, response) => (json(response, {}, 401), true)),
    status: 502,
    code: "upstream_unauthorized",
    detail: /does not accept the credential/,
  },
  "403": {
    behave: onCall((_request, response) => (json(response, {}, 403), true)),
    status: 502,
    code: "upstream_unauthorized",
    detail: /does not permit/,
  },
  "429": {
    behave: onCall((_request, response) => (json(response, {}, 429, { "Retry-After": "7" }), true)),
    status: 503,
    code: "unavailable",
    detail: /asked too often/,
    headers: { "retry-after": "7" },
  },
  "503 with JSON": {
    behave: onCall((_request, response) => (json(response, { error: "busy" }, 503, { "Retry-After": "3" }), true)),
    status: 503,
    code: "unavailable",
    detail: /not available/,
    headers: { "retry-after": "3" },
  },
  "500 with a page that never ends": {
    behave: onCall((_request, response) => {
      response.writeHead(500, { "Content-Type": "text/html" });
      const timer = setInterval(() => response.write("x".repeat(MEGA)), 5);
      response.once("close", () => clearInterval(timer));
      return true;
    }),
    status: 502,
    code: "upstream_error",
    detail: /HTTP 500/,
  },
  "an answer over limits.messageBytes": {
    behave: onCall((request, response) => (json(response, result(request, { text: "x".repeat(3 * MEGA) })), true)),
    status: 502,
    code: "protocol_violation",
    detail: /over limits\.messageBytes/,
  },
  "an event without end": {
    behave: onCall((_request, response) => {
      response.writeHead(200, EVENTS).write("data: {");
      const timer = setInterval(() => response.write("x".repeat(MEGA)), 1);
      response.once("close", () => clearInterval(timer));
      return true;
    }),
    status: 502,
    code: "protocol_violation",
    detail: /has no end|over limits/,
  },
  "nothing at all to a call": {
    behave: onCall(() => true),
    status: 504,
    code: "call_timeout",
    detail: /did not answer/,
  },
};

const bomb = gzipSync(Buffer.alloc(64 * MEGA));

describe("a remote server that answers with", () => {
  let gateway: GatewayProcess;
  let fars: FarServer[];

  beforeAll(async () => {
    stranger = await farServer();
    fars = await Promise.all(Object.values(faults).map(({ behave }) => farServer(behave)));
    const zipped = fars[Object.keys(faults).indexOf("a bomb of gzip")];
    if (zipped === undefined) throw new Error("no such fault");
    zipped.behave = onCall((_request, response) => {
      response.writeHead(200, { "Content-Type": "application/json", "Content-Encoding": "gzip" }).end(bomb);
      return true;
    });
    const auth = { type: "bearer", token: "token-for-far" };
    gateway = await startGateway({
      limits: { messageBytes: "2MiB" },
      rest: { timeout: "4s" },
      servers: Object.fromEntries(fars.map(({ url }, at) => [`far-${at}`, { type: "http", url, auth }])),
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await Promise.all([stranger, ...fars].map((far) => far[Symbol.asyncDispose]()));
  });

  test.each(Object.keys(faults))("%s", async (name) => {
    const at = Object.keys(faults).indexOf(name);
    const { status, code, detail, headers = {} } = faults[name] ?? { status: 0, code: "", detail: / / };
    const answer = await new RestClient(gateway.url).call(`far-${at}/write`);
    expect(answer).toMatchObject({ status, headers, json: { code } });
    expect(answer.json["detail"]).toMatch(detail);
  });

  test("costs no memory, and the stranger has got nothing", async () => {
    expect(memoryOf(gateway.pid).peakMiB).toBeLessThan(400);
    expect(stranger.requests).toEqual([]);
    expect(gateway.log()).not.toContain("token-for-far");
  });
});

describe("a remote server that cannot be reached because", () => {
  const call = async (entry: object, more: object = {}): Promise<RestAnswer> => {
    await using gateway = await startGateway({ ...more, servers: { far: entry } });
    // Awaited here, or the gateway would be gone before the answer.
    return await new RestClient(gateway.url).call("far/echo");
  };

  test("its name is unknown", async () => {
    const answer = await call({ url: "http://no-such-host.invalid/mcp" });
    expect(answer).toMatchObject({ status: 502, json: { code: "upstream_unreachable" } });
    expect(answer.json["detail"]).toMatch(/host name/);
    expect(answer.text).not.toContain("no-such-host");
  });

  test("it accepts connections and says nothing", async () => {
    const silent = createSocketServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await until(() => silent.listening, { what: "it listens" });
    const { port } = silent.address() as AddressInfo;
    const answer = await call(
      { url: `http://127.0.0.1:${port}/mcp` },
      { limits: { start: "1s" }, rest: { timeout: "5s" } },
    );
    expect(answer).toMatchObject({ status: 504 });
    silent.close();
  });

  test("its certificate is for another name, or of an unknown authority; with ca and serverName it can", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=far.example.com", "-addext", "subjectAltName=DNS:far.example.com"];
    const how = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ];
    execFileSync("openssl", how, { stdio: "ignore" });
    await using far = await farServer();
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) =>
      far.server.emit("request", request, response),
    ).listen(0, "127.0.0.1");
    await until(() => server.listening, { what: "it listens" });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    expect((await call({ url })).json["detail"]).toMatch(/certificate is not trusted/);
    expect((await call({ url, tls: { ca: cert } })).json["detail"]).toMatch(/certificate is for another name/);
    expect(far.requests).toEqual([]);
    expect(await call({ url, tls: { ca: cert, serverName: "far.example.com" } })).toMatchObject({ status: 200 });
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("its SSE stream names an address at another origin, or none", async () => {
    await using thief = await farServer();
    await using far = await farServer((request, response) => {
      if (request.method !== "GET") return false;
      response
        .writeHead(200, EVENTS)
        .write(`event: endpoint\ndata: ${request.path === "/mcp" ? thief.url : "http://["}\n\n`);
      return true;
    });
    for (const url of [far.url, far.url.replace("mcp", "other")]) {
      const answer = await call({ type: "sse", url, auth: { type: "bearer", token: "token-for-far" } });
      expect(answer).toMatchObject({ status: 502, json: { code: "protocol_violation" } });
    }
    expect(thief.requests).toEqual([]);
  });
});

describe("a remote server", () => {
  test("has the rest of an answer fetched when its stream stops, and its own stream opened again where it stopped", async () => {
    const later: Record<string, object> = {};
    await using far = await farServer((request, response) => {
      const lastId = request.headers["last-event-id"];
      if (request.method === "GET") {
        response.writeHead(200, EVENTS);
        if (lastId === undefined) response.end("id: own-1\nretry: 20\ndata: \n\n");
        else if (typeof lastId === "string" && later[lastId] !== undefined) {
          response.end(`id: x\ndata: ${JSON.stringify(later[lastId])}\n\n`);
        } else response.write(": waiting\n\n");
        return true;
      }
      if (request.message.method !== "tools/call") return false;
      const id = `call-${String(request.message.id)}`;
      later[id] = result(request, { content: [{ type: "text", text: "fetched later" }] });
      response.writeHead(200, EVENTS).end(`id: ${id}\nretry: 10\ndata: \n\n`);
      return true;
    });
    await using gateway = await startGateway({ servers: { far: { url: far.url } } });
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`)));
    expect(textIn(await client.callTool({ name: "write" }))).toBe("fetched later");
    await until(() => far.requests.some(({ headers }) => headers["last-event-id"] === "own-1"), {
      what: "its own stream is resumed",
    });
  });

  test("that redirects within its origin is followed, with the credential", async () => {
    await using far = await farServer((request, response) => {
      if (request.path !== "/mcp") return false;
      response.writeHead(308, { Location: "/mcp/" }).end();
      return true;
    });
    await using gateway = await startGateway({
      servers: { far: { url: far.url, auth: { type: "bearer", token: "token-for-far" } } },
    });
    expect((await new RestClient(gateway.url).call("far/echo")).text).toContain("Bearer token-for-far");
  });

  test("relays numbers of 64 bits, unknown members and answers of 10 MiB byte for byte", async () => {
    const long = "ä".repeat(5 * MEGA);
    await using far = await farServer(
      onCall((request, response) => {
        const { name } = request.message.params ?? {};
        const id = JSON.stringify(request.message.id);
        const text =
          name === "echo" ? `{"n":9007199254740993,"x-new":[1.0]}` : `{"content":[{"type":"text","text":"${long}"}]}`;
        if (name === "echo") json(response, `{\n "jsonrpc": "2.0", "id": ${id},\r\n "result": ${text}\n}`);
        else
          response
            .writeHead(200, EVENTS)
            .end(`event: message\ndata: {"jsonrpc":"2.0","id":${id},"result":${text}}\n\n`);
        return true;
      }),
    );
    await using gateway = await startGateway({ servers: { far: { url: far.url } } });
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`)));
    const { sessionId } = client.transport ?? {};
    const ask = (name: string): Promise<RestAnswer> =>
      new RestClient(gateway.url).post(
        "/far/mcp",
        { jsonrpc: "2.0", id: 77, method: "tools/call", params: { name } },
        { Accept: "application/json, text/event-stream", "Mcp-Session-Id": sessionId ?? "" },
      );
    expect((await ask("echo")).text).toContain('"result": {"n":9007199254740993,"x-new":[1.0]}');
    expect(textIn(await client.callTool({ name: "long" }))).toBe(long);
  });

  test("that forgets the session has it begun anew, and the call is repeated that cannot have run; another only if it may be", async () => {
    let life = 1;
    const runs: string[] = [];
    await using far = await farServer((request, response) => {
      const { method, params } = request.message;
      if (method === "initialize") {
        const value = {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "far", version: "1" },
        };
        json(response, result(request, value), 200, { "Mcp-Session-Id": `life-${life}` });
        return true;
      }
      if (request.method === "POST" && request.headers["mcp-session-id"] !== `life-${life}`) {
        json(response, { jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } }, 404);
        return true;
      }
      if (method !== "tools/call") return false;
      runs.push(`${life} ${String(params?.["name"])}`);
      const breaks = params?.["arguments"] as { breaks?: boolean } | undefined;
      if (breaks?.breaks !== true || runs.filter((run) => run === runs.at(-1)).length > 1) return false;
      response.destroy();
      return true;
    });
    await using gateway = await startGateway({ servers: { far: { url: far.url } } });
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`)));
    // Its list tells which tools may be called twice.
    await new RestClient(gateway.url).call("far/echo");
    runs.length = 0;
    await client.callTool({ name: "write" });
    life = 2;
    await client.callTool({ name: "write" });
    expect(runs).toEqual(["1 write", "2 write"]);
    await client.callTool({ name: "echo", arguments: { breaks: true } });
    await expect(client.callTool({ name: "write", arguments: { breaks: true } })).resolves.toBeDefined();
    expect(runs.slice(2)).toEqual(["2 echo", "2 echo", "2 write"]);
    life = 3;
    await expect(client.callTool({ name: "write", arguments: { breaks: true } })).rejects.toThrow(/broke off/);
    expect(runs.slice(5)).toEqual(["3 write"]);
    expect(gateway.log()).toContain("far has forgotten the session; it is begun anew");
  });
});

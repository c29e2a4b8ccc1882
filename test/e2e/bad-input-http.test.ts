import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { type Answer, ask, post, refusal, sendRaw } from "../helpers/http.ts";
import { openSession, openSse, type SseClient } from "../helpers/sse-client.ts";

const TOKEN = "e2e-token-0123456789";
const AUTH = { authorization: `Bearer ${TOKEN}` };
const BODY_BYTES = 64 * 1024;
const PING = { jsonrpc: "2.0", id: "ping", method: "ping" };

let gateway: GatewayProcess;
let client: SseClient;

beforeAll(async () => {
  gateway = await startGateway({
    auth: { bearer: { tokens: [TOKEN] } },
    logging: { level: "verbose" },
    limits: { bodyBytes: "64KiB" },
    allowedOrigins: ["https://app.example"],
    allowedHosts: ["gate.example"],
    servers: { echo: fixture("echo"), other: fixture("echo") },
  });
  client = await openSession(url("/echo"), AUTH);
});

afterAll(() => gateway[Symbol.asyncDispose]());

// Whatever was sent, the gateway and the session still work.
afterEach(async () => {
  const answer = await client.call("echo", { message: "alive" });
  if (answer !== "alive") throw new Error(`the session is not what it was: ${answer}`);
});

const url = (path: string): string => gateway.url + path;

/** The response without what differs each time. */
function telling({ status, headers, body }: Answer): unknown {
  const { date: _date, "x-request-id": requestId = "", ...rest } = headers;
  return { status, headers: rest, body: body.replaceAll(String(requestId), "<request id>") };
}

describe("a server that does not exist", () => {
  it.each(["/nobody", "/nobody/sse", "/Echo", "/echo2", "/ECHO"])("is 404 for those who may ask: %s", async (path) => {
    const answer = await ask(url(path), { headers: { ...AUTH, accept: "text/event-stream" } });
    expect(refusal(answer)).toMatchObject({ status: 404, code: 40400, reason: "server_not_found" });
  });

  it("looks to an unauthenticated caller exactly like one that does: 401", async () => {
    for (const question of [{}, { method: "POST", body: "{" }, { method: "DELETE" }]) {
      const unknown = await ask(url("/nobody"), question);
      expect(telling(unknown)).toEqual(telling(await ask(url("/echo"), question)));
      expect(refusal(unknown)).toMatchObject({ status: 401, code: 40100, reason: "unauthorized" });
      expect(unknown.headers["www-authenticate"]).toMatch(/^Bearer realm="/);
    }
  });

  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"])(
    "may have the name of a property of every object: %s",
    async (name) => {
      for (const path of [`/${name}`, `/${name}/sse`]) {
        expect(refusal(await ask(url(path), { headers: AUTH }))).toMatchObject({
          status: 404,
          reason: "server_not_found",
        });
      }
      const session = await post(url(`/echo?sessionId=${name}`), PING, AUTH);
      expect(refusal(session)).toMatchObject({ status: 404, code: -32001, reason: "session_not_found" });
    },
  );

  it.each([
    "/%zz",
    "/%00",
    "/%c0%ae%c0%ae",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/echo",
    "//evil.example/echo",
    "/echo//sse",
    "/echo/sse/more",
    "/echo/other",
    "/echo%2Fsse",
    "/echo;x=1",
    "/.well-known/x/y",
    "/%F0%9F%94%A7",
    `/${"a".repeat(8_000)}`,
    "/",
    "/?sessionId=x",
  ])("is refused without harm when its name is %s", async (path) => {
    const answer = await ask(url(path), { headers: AUTH });
    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  });

  it.each(["x".repeat(4_000), "a,b", "%00", "%zz", "%0d%0aX-Evil:%201", "..%2f", "%F0%9F%94%A7", ""])(
    "is told from a session that does not exist: ?sessionId=%s",
    async (id) => {
      const answer = await post(url(`/echo?sessionId=${id}`), PING, AUTH);
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers).not.toHaveProperty("x-evil");
    },
  );
});

describe("a body that is no JSON", () => {
  it.each([
    "",
    " ",
    "{",
    "}",
    "nul",
    "undefined",
    "NaN",
    "{'a':1}",
    '{"a":1,}',
    '{"jsonrpc":"2.0","id":1,"method":"ping"}{}',
    '{"jsonrpc":"2.0","id":1,"method":"ping"',
    '{"jsonrpc":"2.0","id":01,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":"pi\nng"}',
    '\uFEFF{"jsonrpc":"2.0","id":1,"method":"ping"}',
    "[1,2",
    "<html>",
    "\u0000",
  ])("is answered with 400 and -32700: %j", async (body) => {
    expect(refusal(await client.send(body))).toEqual({ status: 400, code: -32700, reason: "invalid_json", id: null });
  });

  it("is not decoded with replacement characters when its UTF-8 is broken", async () => {
    const broken = Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'), Buffer.from([0xc3, 0x28])]);
    const answer = await client.send(Buffer.concat([broken, Buffer.from('"}')]));
    expect(refusal(answer)).toMatchObject({ status: 400, code: -32700 });
  });
});

describe("JSON that is no JSON-RPC", () => {
  it.each([
    "null",
    "42",
    '"text"',
    "true",
    "{}",
    "[]",
    "[[]]",
    "[1]",
    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    '{"jsonrpc":2.0,"id":1,"method":"ping"}',
    '{"id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":[1],"method":"ping"}',
    '{"jsonrpc":"2.0","id":true,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1e400,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","method":42}',
    '{"jsonrpc":"2.0","id":1,"method":""}',
    '{"jsonrpc":"2.0","id":1,"method":null}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}',
    '{"jsonrpc":"2.0","id":1,"result":"text"}',
    '{"jsonrpc":"2.0","id":1,"error":"text"}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"x"}}',
    '{"jsonrpc":"2.0","result":{}}',
    '{"__proto__":{"jsonrpc":"2.0","id":1,"method":"ping"}}',
  ])("is answered with 400 and -32600: %s", async (body) => {
    expect(refusal(await client.send(body))).toMatchObject({ status: 400, code: -32600, reason: "invalid_request" });
  });
});

describe("a message that two parsers could read differently", () => {
  const message = (more: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call",${more}}`;

  it.each([
    message('"method":"ping"'),
    message('"id":2'),
    message('"jsonrpc":"2.0"'),
    message('"params":{"name":"echo"},"params":{"name":"env"}'),
    message(String.raw`"\u006dethod":"ping"`),
    message('"Method":"ping"'),
    message('"METHOD":"ping"'),
    message('"Id":2'),
    message('"Params":{"name":"env"}'),
    message('"param\u017f":{"name":"env"}'),
    message('"Result":{}'),
    message('"params":{"name":"echo","name":"env"}'),
    message('"params":{"name":"echo","Name":"env"}'),
    message('"params":{"name":"echo","NAME":"env"}'),
    message(String.raw`"params":{"name":"echo","n\u0061me":"env"}`),
    message('"params":{"Name":"env"}'),
    message('"params":{"uri":"file:///a","URI":"file:///b"}'),
    message('"params":{"arguments":{},"arguments":{"a":1}}'),
  ])("is answered with 400 and -32600: %s", async (body) => {
    expect(refusal(await client.send(body))).toMatchObject({ status: 400, code: -32600, reason: "invalid_request" });
  });

  it("may repeat keys in the arguments, which are not examined", async () => {
    await using mine = await openSession(url("/echo"), AUTH);
    const line = message('"params":{"name":"raw","arguments":{"a":1,"a":2,"Name":3}}').replace('"id":1', '"id":5');
    expect(await mine.send(line)).toMatchObject({ status: 202 });
    expect(await mine.response(5)).toMatchObject({ result: { content: [{ text: line }] } });
  });
});

describe("nesting", () => {
  const nested = (levels: number): string =>
    `{"jsonrpc":"2.0","method":"x/deep","params":{"a":${"[".repeat(levels - 2)}${"]".repeat(levels - 2)}}}`;

  it("of 100 levels passes", async () => {
    expect(await client.send(nested(100))).toMatchObject({ status: 202 });
  });

  it.each([101, 1_000, 20_000])("of %d levels is answered with 400 and -32600", async (levels) => {
    expect(refusal(await client.send(nested(levels)))).toMatchObject({ status: 400, code: -32600 });
  });
});

describe("a batch", () => {
  it("is taken apart, and each of its messages answered", async () => {
    await using mine = await openSse(url("/echo"), AUTH);
    await mine.initialize({ protocolVersion: "2025-03-26" });
    const echo = (id: number | string, message: string) => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "echo", arguments: { message } },
    });
    const batch = [echo(21, "one"), { jsonrpc: "2.0", method: "notifications/x" }, echo("21", "two")];
    expect(await mine.send(batch)).toMatchObject({ status: 202 });
    expect(await mine.response(21)).toMatchObject({ result: { content: [{ text: "one" }] } });
    expect(await mine.response("21")).toMatchObject({ result: { content: [{ text: "two" }] } });
  });

  it("is refused in a session of a revision that has none", async () => {
    await using mine = await openSession(url("/echo"), AUTH);
    const batch = [{ jsonrpc: "2.0", id: 40, method: "ping" }];
    expect(refusal(await mine.send(batch))).toMatchObject({ status: 400, code: -32600, id: 40 });
  });

  it("with one bad element is refused as a whole: nothing of it is carried out", async () => {
    await using mine = await openSession(url("/echo"), AUTH);
    const good = { jsonrpc: "2.0", id: 30, method: "ping" };
    expect(refusal(await mine.send([good, { jsonrpc: "2.0" }]))).toMatchObject({ status: 400, code: -32600 });
    expect(await mine.request("ping", undefined, 31)).toMatchObject({ result: {} });
    expect(mine.messages().map(({ id }) => id)).not.toContain(30);
  });

  it("of more than 100 messages is refused", async () => {
    const batch = Array.from({ length: 101 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
    expect(refusal(await client.send(batch))).toMatchObject({ status: 400, code: -32600 });
  });
});

describe("a body", () => {
  const padded = (bytes: number): string => {
    const [head, tail] = ['{"jsonrpc":"2.0","method":"x/big","params":{"a":"', '"}}'];
    return head + "x".repeat(bytes - head.length - tail.length) + tail;
  };
  const json = { "content-type": "application/json" };
  const send = (body: string | Buffer, headers: Record<string, string>, chunked = false): Promise<Answer> =>
    ask(client.postUrl, { method: "POST", headers: { ...AUTH, ...headers }, body, chunked });

  it("of exactly limits.bodyBytes passes", async () => {
    expect(await send(padded(BODY_BYTES), json)).toMatchObject({ status: 202 });
    expect(await send(padded(BODY_BYTES), json, true)).toMatchObject({ status: 202 });
  });

  it("of one byte more is answered with 413, whether its length is announced or not", async () => {
    const announced = await send(padded(BODY_BYTES + 1), json);
    expect(refusal(announced)).toMatchObject({ status: 413, code: -32600, reason: "payload_too_large" });
    const chunked = await send(padded(BODY_BYTES + 1), json, true);
    expect(refusal(chunked)).toMatchObject({ status: 413, code: -32600, reason: "payload_too_large" });
  });

  it("that is announced as too large is refused before it is sent", async () => {
    const head = `POST ${client.postUrl.pathname}${client.postUrl.search} HTTP/1.1\r\nHost: localhost\r\n`;
    const fields = `Authorization: ${AUTH.authorization}\r\nContent-Type: application/json\r\n`;
    const received = await sendRaw(gateway.port, `${head}${fields}Content-Length: 99999999999\r\n\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("that does not end is answered with 413, and the connection closed", async () => {
    const head = `POST ${client.postUrl.pathname}${client.postUrl.search} HTTP/1.1\r\nHost: localhost\r\n`;
    const fields = `Authorization: ${AUTH.authorization}\r\nContent-Type: application/json\r\n`;
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const bytes = `${head}${fields}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}`;
    // Resolves when the gateway has closed the connection.
    expect(await sendRaw(gateway.port, bytes)).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/i);
  });

  it.each([
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/xml",
    "json",
    "",
  ])("with Content-Type %j is answered with 415", async (type) => {
    const answer = await send(JSON.stringify(PING), { "content-type": type });
    expect(refusal(answer)).toMatchObject({ status: 415, code: -32600, reason: "unsupported_media_type" });
  });

  it("without a Content-Type is answered with 415", async () => {
    expect(await send(JSON.stringify(PING), {})).toMatchObject({ status: 415 });
  });

  it.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"])(
    "with Content-Type %s passes",
    async (type) => {
      const notification = JSON.stringify({ jsonrpc: "2.0", method: "x/typed" });
      expect(await send(notification, { "content-type": type })).toMatchObject({ status: 202 });
    },
  );

  it.each(["gzip", "deflate", "br", "zstd", "gzip, identity"])(
    "with Content-Encoding %s is answered with 415 and not unpacked",
    async (encoding) => {
      const body = gzipSync(JSON.stringify(PING));
      const answer = await send(body, { ...json, "content-encoding": encoding });
      expect(refusal(answer)).toMatchObject({ status: 415, reason: "unsupported_media_type" });
    },
  );

  it("from an unauthenticated caller is not examined: too large, broken, or of the wrong type, it is 401", async () => {
    const strangers = [padded(BODY_BYTES + 1), "{", "x"].map((body) => ask(client.postUrl, { method: "POST", body }));
    expect((await Promise.all(strangers)).map(({ status }) => status)).toEqual([401, 401, 401]);
  });
});

describe("Host and Origin", () => {
  it.each(["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "[::]"])(
    "Host %j is answered with 403",
    async (host) => {
      const answer = await ask(url("/echo"), { headers: { ...AUTH, host } });
      expect(refusal(answer)).toMatchObject({ status: 403, code: 40300, reason: "host_denied" });
    },
  );

  it.each(["localhost", "LOCALHOST:1234", "127.0.0.1", "127.0.0.1:9", "[::1]:80", "gate.example", "GATE.example:443"])(
    "Host %j is served",
    async (host) => {
      await using mine = await openSse(url("/other"), { ...AUTH, host });
      expect(mine.endpoint).toContain("/other?sessionId=");
    },
  );

  it.each([
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "https://app.example.evil.example",
    "http://app.example",
    "https://app.example:8443",
    "file://",
    "http://127.0.0.1@evil.example",
    "chrome-extension://abc",
    "x",
  ])("Origin %j is answered with 403, before credentials are looked at", async (origin) => {
    for (const headers of [{ ...AUTH, origin }, { origin }]) {
      const answer = await ask(url("/echo"), { headers });
      expect(refusal(answer)).toMatchObject({ status: 403, code: 40300, reason: "origin_denied" });
      expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
      expect((await post(client.postUrl, PING, headers)).status).toBe(403);
    }
  });

  it.each(["https://app.example", "http://localhost:6274", "http://127.0.0.1:8080", "http://[::1]:3000"])(
    "Origin %s is served, and may read the answer",
    async (origin) => {
      await using mine = await openSse(url("/other"), { ...AUTH, origin });
      expect(mine.headers["access-control-allow-origin"]).toBe(origin);
      expect(mine.headers["access-control-expose-headers"]).toContain("Mcp-Session-Id");
      expect(mine.headers["vary"]).toContain("Origin");
      expect(mine.headers).not.toHaveProperty("access-control-allow-credentials");
    },
  );

  it("a preflight is answered without credentials", async () => {
    const preflight = {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
      },
    };
    const answer = await ask(url("/echo"), preflight);
    expect(answer).toMatchObject({ status: 204, body: "" });
    expect(answer.headers["access-control-allow-origin"]).toBe("https://app.example");
    expect(answer.headers["access-control-allow-methods"]).toContain("POST");
    for (const name of ["Authorization", "Content-Type", "Mcp-Session-Id", "Mcp-Protocol-Version", "Last-Event-ID"]) {
      expect(answer.headers["access-control-allow-headers"]).toContain(name);
    }
  });

  it("a preflight from elsewhere is answered with 403", async () => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const answer = await ask(url("/echo"), { method: "OPTIONS", headers });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("health endpoints", () => {
  it.each(["/health", "/healthz", "/live", "/ready"])("answer without credentials: %s", async (path) => {
    const answer = await ask(url(path));
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain("echo");
  });
});

describe("a refusal", () => {
  it("tells no internals and is never a page", async () => {
    const answers = await Promise.all([
      ask(url("/nobody"), { headers: AUTH }),
      ask(url("/%zz"), { headers: AUTH }),
      ask(url("/echo")),
      client.send("{"),
      ask(url("/<script>alert(1)<%2Fscript>"), { headers: AUTH }),
    ]);
    for (const { headers, body } of answers) {
      expect(headers["content-type"]).toMatch(/^application\/json/);
      expect(headers).not.toHaveProperty("x-powered-by");
      expect(headers["x-request-id"]).toBeDefined();
      expect(body).not.toMatch(/node_modules|at .*\.js:\d|<html|SyntaxError/i);
      expect(JSON.parse(body)).toMatchObject({ jsonrpc: "2.0", id: null });
    }
  });

  it("leaves no credential in the log, not even in the most verbose one", () => {
    expect(gateway.log()).not.toContain(TOKEN);
  });
});

describe("raw bytes", () => {
  const head = "Host: localhost\r\n";
  const auth = `Authorization: ${AUTH.authorization}\r\n`;
  const ping = JSON.stringify(PING);
  const endpoint = (): string => client.postUrl.pathname + client.postUrl.search;
  const postHead = (): string => `POST ${endpoint()} HTTP/1.1\r\n${head}${auth}Content-Type: application/json\r\n`;

  it.each([
    ["two Authorization headers", `${head}${auth}Authorization: Bearer other\r\n`],
    ["twice the same Authorization header", `${head}${auth}${auth}`],
    ["two Host headers", `${head}Host: evil.example\r\n${auth}`],
    ["twice the same Host header", `${head}${head}${auth}`],
    ["no Host header", auth],
    ["a header name with a space", `${head}${auth}X Y: 1\r\n`],
    ["a space before the colon", `Host : localhost\r\n${auth}`],
    ["a control character in a header", `${head}${auth}X-A: a\u0000b\r\n`],
    ["two Content-Length", `${head}${auth}Content-Length: 1\r\nContent-Length: 2\r\n`],
    ["a Content-Length that is no number", `${head}${auth}Content-Length: 1x\r\n`],
  ])("%s are answered with 400", async (_what, headers) => {
    const received = await sendRaw(gateway.port, `GET /echo HTTP/1.1\r\n${headers}\r\n`, (text) =>
      text.includes("\r\n\r\n"),
    );
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("an empty Host is answered with 403", async () => {
    const received = await sendRaw(gateway.port, `GET /echo HTTP/1.1\r\nHost: \r\n${auth}\r\n`, (text) =>
      text.includes("}"),
    );
    expect(received).toMatch(/^HTTP\/1\.1 40[03] /);
  });

  it("a body with Content-Length and Transfer-Encoding is not smuggled: 400, and nothing after it is served", async () => {
    const smuggled = `GET /health HTTP/1.1\r\n${head}\r\n`;
    const request = `${postHead()}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`;
    const received = await sendRaw(gateway.port, request);
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it.each(["xchunked", "chunked, identity", "\tchunked\u000b"])(
    "Transfer-Encoding: %j is refused",
    async (encoding) => {
      const received = await sendRaw(gateway.port, `${postHead()}Transfer-Encoding: ${encoding}\r\n\r\n${ping}`);
      expect(received).toMatch(/^HTTP\/1\.1 [45]\d\d /);
    },
  );

  it("a header of 64 KiB is answered with 431, and so are too many small ones", async () => {
    const long = `GET /echo HTTP/1.1\r\n${head}X-Long: ${"x".repeat(65_536)}\r\n\r\n`;
    expect(await sendRaw(gateway.port, long)).toMatch(/^HTTP\/1\.1 431 /);
    const many = "X-A: 1\r\n".repeat(1_900);
    const received = await sendRaw(gateway.port, `GET /health HTTP/1.1\r\n${head}${many}Connection: close\r\n\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 (?:200|431) /);
  });

  it("a URL of 24 KiB is refused", async () => {
    const received = await sendRaw(gateway.port, `GET /${"a".repeat(24_576)} HTTP/1.1\r\n${head}\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 (?:414|431) /);
  });

  it.each([
    ["a TLS hello", Buffer.from("16030100c4010000c00303", "hex")],
    ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["zeros", Buffer.alloc(1_024)],
    ["text", "hello\r\n\r\n"],
    ["HTTP/9.9", `GET /echo HTTP/9.9\r\n${head}\r\n`],
    ["a chunk size that is no number", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ])("%s are answered with 400 or a closed socket", async (_what, bytes) => {
    const received = await sendRaw(gateway.port, bytes);
    expect(received).toMatch(/^(?:HTTP\/1\.1 40\d |$)/);
  });

  it.each(["/ready", "/health"])("an absolute-form target is the same as its path: %s", async (path) => {
    const request = `GET ${url(path)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(gateway.port, request)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("an absolute-form target cannot smuggle a foreign Host in", async () => {
    const request = `GET http://evil.example/echo HTTP/1.1\r\nHost: evil.example\r\n${auth}\r\n`;
    const received = await sendRaw(gateway.port, request, (text) => text.includes("}"));
    expect(received).toMatch(/^HTTP\/1\.1 40[34] /);
  });

  it("pipelined requests are answered in order", async () => {
    const one = (path: string): string => `GET ${path} HTTP/1.1\r\n${head}\r\n`;
    const request = one("/health") + one("/echo") + one("/ready");
    const received = await sendRaw(gateway.port, request, (text) => text.match(/HTTP\/1\.1/g)?.length === 3);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 401", "HTTP/1.1 200"]);
  });

  it("Expect: 100-continue is answered, and the body then taken", async () => {
    const fields = `Content-Length: ${ping.length}\r\nExpect: 100-continue\r\n\r\n`;
    const received = await sendRaw(gateway.port, `${postHead()}${fields}${ping}`, (text) => text.includes("Accepted"));
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
  });

  it("an upgrade is not made", async () => {
    const upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    const received = await sendRaw(gateway.port, `GET /health HTTP/1.1\r\n${head}${upgrade}\r\n`, (text) =>
      text.includes("}"),
    );
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("a client that leaves in the middle of a body, or of a header, harms nobody", async () => {
    const half = `${postHead()}Content-Length: 1000\r\n\r\n${ping}`;
    await Promise.all([half, "GET /ec"].map((bytes) => sendRaw(gateway.port, bytes, () => true)));
    expect(await client.call("echo", { message: "alive" })).toBe("alive");
    expect(gateway.log()).not.toMatch(/\[ERROR\]/);
  });
});

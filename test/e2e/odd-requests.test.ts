import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { descriptorsOf, fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { sendRaw } from "../helpers/http.ts";
import { until } from "../helpers/until.ts";

// HTTP requests that make no sense for the gateway: a clear response, and no open connection.

let gateway: GatewayProcess;
let descriptors: number;

beforeAll(async () => {
  gateway = await startGateway({ servers: { echo: fixture("echo") } });
  await sendRaw(gateway.port, `GET /docs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  await until(() => gateway.children().length === 0, { what: "the docs have listed the tools" });
  descriptors = descriptorsOf(gateway.pid);
});
afterAll(() => gateway[Symbol.asyncDispose]());
afterEach(async () => {
  await until(() => descriptorsOf(gateway.pid) <= descriptors, { deadlineMs: 10_000, what: "no socket is left" });
  if (gateway.log().includes("ERROR")) throw new Error(`something failed:\n${gateway.log()}`);
});

const HOST = "Host: localhost\r\n";
const opened = (): number => gateway.log().match(/New \w+ connection/g)?.length ?? 0;

describe("CONNECT", () => {
  test.each([
    ["example.com:443", ""],
    ["localhost:3000", "\u0016\u0003\u0001garbage"],
    ["/echo", ""],
  ])("to %s is answered with 501 and the connection closed", async (target, more) => {
    // Resolves when the gateway has closed the connection.
    const received = await sendRaw(gateway.port, `CONNECT ${target} HTTP/1.1\r\n${HOST}\r\n${more}`);
    expect(received).toMatch(/^HTTP\/1\.1 (?:501 Not Implemented\r\n[^]*Connection: close\r\n[^]*\r\n\r\n$|400 )/);
  });

  test("harms nobody when its client leaves at once", async () => {
    for (let round = 0; round < 20; round++) {
      const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
      await new Promise((resolve) => socket.write(`CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`, resolve));
      socket.resetAndDestroy();
    }
    expect(await sendRaw(gateway.port, `GET /live HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)).toMatch(/ 200 /);
  });
});

describe("a WebSocket handshake", () => {
  const handshake =
    "Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

  test.each(["/echo", "/echo/sse", "/api/echo", "/docs", "/"])(
    "is answered with 400, the connection closed and no session opened: %s",
    async (path) => {
      const before = opened();
      const received = await sendRaw(gateway.port, `GET ${path} HTTP/1.1\r\n${HOST}${handshake}\r\n`);
      expect(received).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/i);
      expect(received).toContain("WebSocket");
      expect(opened()).toBe(before);
    },
  );
});

test("an upgrade to h2c is not made, and the request served as it is", async () => {
  const upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
  const received = await sendRaw(gateway.port, `GET /echo/sse HTTP/1.1\r\n${HOST}${upgrade}\r\n`, (text) =>
    text.includes("sessionId="),
  );
  expect(received).toMatch(/^HTTP\/1\.1 200 /);
});

test.each(["/echo", "/echo/mcp", "/api", "/api/echo", "/docs", "/health", "/openapi.json", "*"])(
  "TRACE %s is refused and echoes nothing",
  async (path) => {
    const bytes = `TRACE ${path} HTTP/1.1\r\n${HOST}Connection: close\r\nX-Secret: hunter2\r\n\r\n`;
    const received = await sendRaw(gateway.port, bytes);
    expect(received).toMatch(/^HTTP\/1\.1 (?:404|405) /);
    expect(received).not.toContain("hunter2");
  },
);

test("OPTIONS * is answered", async () => {
  const received = await sendRaw(gateway.port, `OPTIONS * HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  expect(received).toMatch(/^HTTP\/1\.1 404 /);
});

test("an expectation that nobody knows is answered with 417", async () => {
  const bytes = `POST /echo HTTP/1.1\r\n${HOST}Expect: a-miracle\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  expect(await sendRaw(gateway.port, bytes)).toMatch(/^HTTP\/1\.1 417 /);
});

describe("a malformed request", () => {
  test.each([
    ["400", `GET /echo HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`],
    ["431", `GET /echo HTTP/1.1\r\n${HOST}X: ${"x".repeat(20_000)}\r\n\r\n`],
    ["400", `NONSENSE /echo HTTP/1.1\r\n${HOST}\r\n`],
    [
      "413",
      `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\nx\r\n0\r\n\r\n`,
    ],
  ])("is answered with %s and the connection closed", async (status, bytes) => {
    const received = await sendRaw(gateway.port, bytes);
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 (?:${status}|400) [^]*Connection: close`));
  });

  test("behind an open stream ends both, and writes nothing into the stream", async () => {
    const bytes = `GET /echo/sse HTTP/1.1\r\n${HOST}\r\n`;
    const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => (received += text));
    socket.write(bytes);
    await until(() => received.includes("sessionId="), { what: "the stream is open" });
    socket.write("NONSENSE\r\n\r\n");
    await until(() => socket.destroyed, { what: "the gateway hangs up" });
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await until(() => gateway.log().match(/Session of echo closed/g)?.length === opened(), { what: "it is closed" });
  });
});

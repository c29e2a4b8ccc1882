import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { sendRaw } from "../helpers/http.ts";
import { newId } from "../helpers/rest-client.ts";
import { until } from "../helpers/until.ts";

// Requests sent without waiting for the responses before them.

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({ servers: { echo: fixture("echo") } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

function call(sessionId: string, message: string): string {
  const body = JSON.stringify({ message });
  const head = `POST /api/echo/echo?sessionId=${sessionId} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const logged = (pattern: RegExp): number => gateway.log().match(pattern)?.length ?? 0;
const opened = (): number => logged(/New \w+( HTTP)? connection/g);
const closed = (): number => logged(/Session of \w+ closed/g);

async function sent(bytes: string): Promise<Socket> {
  const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
  await new Promise((resolve) => socket.write(bytes, resolve));
  return socket;
}

describe("streams asked for one behind the other", () => {
  test.each([20, 60])("leave no session when their client leaves: %d of them", async (count) => {
    const before = opened();
    const socket = await sent(get("/echo/sse").repeat(count));
    await until(() => opened() > before, { what: "the first one is open" });
    socket.destroy();
    await until(() => closed() === opened(), { what: "all sessions are closed" });
    expect(opened()).toBe(before + 1);
  });

  test("leave no session over many connections", async () => {
    const before = opened();
    const sockets = await Promise.all(Array.from({ length: 30 }, () => sent(get("/echo").repeat(10))));
    await until(() => opened() === before + 30, { what: "one per connection is open" });
    for (const socket of sockets) socket.destroy();
    await until(() => closed() === opened(), { what: "all sessions are closed" });
    expect(opened()).toBe(before + 30);
  });
});

test("calls are answered in order, with all kinds of requests between them", async () => {
  const id = newId();
  const long = "x".repeat(40_000);
  const requests = [call(id, "one"), get("/health"), call(id, long), get("/nobody"), get("/docs"), call(id, "two")];
  const received = await sendRaw(gateway.port, requests.join(""), (text) => text.includes('"two"'));
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(
    [200, 200, 200, 404, 200, 200].map((status) => `HTTP/1.1 ${status}`),
  );
  const places = ['"one"', '{"status"', long, "server_not_found", "<title>", '"two"'].map((text) =>
    received.indexOf(text),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

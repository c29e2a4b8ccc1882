import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonBody } from "../../src/downstream/body.ts";
import type { GatewayError } from "../../src/protocol/errors.ts";
import { until } from "../helpers/until.ts";

const LIMIT = 1_000;

let server: Server;
/** What came of each body, the last one last. */
const outcomes: (string | GatewayError)[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    const remember = (outcome: string | GatewayError): void => {
      outcomes.push(outcome);
      response.end("done");
    };
    readJsonBody(request, LIMIT).then(remember, remember);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("the body of a request", () => {
  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/json;charset=UTF-8",
    "application/json ; x=y",
    "application/vnd.mcp+json",
    "application/problem+json",
  ])("is read when it is %s", async (type) => {
    expect(await bodyOf([`Content-Type: ${type}`, "Content-Length: 8"], ['{"ü":1}'])).toBe('{"ü":1}');
  });

  it("may come in chunks, cut in a character", async () => {
    const bytes = Buffer.from('{"a":"🎈"}');
    const pieces = [bytes.subarray(0, 8), bytes.subarray(8)];
    expect(await bodyOf(["Content-Type: application/json", `Content-Length: ${bytes.length}`], pieces)).toBe(
      '{"a":"🎈"}',
    );
  });

  it("may be chunked, and as long as the limit", async () => {
    const text = "x".repeat(LIMIT);
    expect(await bodyOf(["Content-Type: application/json", "Transfer-Encoding: chunked"], chunked([text]))).toBe(text);
  });

  it("may be empty", async () => {
    expect(await bodyOf(["Content-Type: application/json", "Content-Length: 0"], [])).toBe("");
  });

  it("may be called plain by its encoding", async () => {
    const headers = ["Content-Type: application/json", "Content-Encoding: identity", "Content-Length: 2"];
    expect(await bodyOf(headers, ["{}"])).toBe("{}");
  });
});

describe("a body is refused", () => {
  it.each([
    ["without a type", []],
    ["of plain text, which any page may send", ["Content-Type: text/plain"]],
    ["of a form", ["Content-Type: application/x-www-form-urlencoded"]],
    ["of a multipart form", ["Content-Type: multipart/form-data; boundary=application/json"]],
    ["of a type that only begins with JSON", ["Content-Type: application/jsonp"]],
    ["of a type that only holds JSON", ["Content-Type: text/plain; application/json"]],
    ["of two types", ["Content-Type: text/plain, application/json"]],
    ["of an empty type", ["Content-Type: "]],
    ["that is packed", ["Content-Type: application/json", "Content-Encoding: gzip"]],
    ["that is packed in a way nobody knows", ["Content-Type: application/json", "Content-Encoding: x"]],
  ])("%s: 415", async (_what, headers) => {
    expect(await bodyOf([...headers, "Content-Length: 2"], ["{}"])).toMatchObject({
      reason: "unsupported_media_type",
      status: 415,
    });
  });

  it("that says it is too long, before it is sent: 413", async () => {
    const headers = ["Content-Type: application/json", `Content-Length: ${LIMIT + 1}`];
    expect(await bodyOf(headers, [])).toMatchObject({ reason: "payload_too_large", status: 413 });
  });

  it("that is too long without saying so: 413", async () => {
    const pieces = chunked(Array(20).fill("x".repeat(100)));
    const headers = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
    expect(await bodyOf(headers, pieces)).toMatchObject({ reason: "payload_too_large", status: 413 });
  });

  it("that is no UTF-8: 400", async () => {
    for (const bytes of [[0xff], [0x22, 0xf0, 0x9f, 0x8e, 0x22], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
      const headers = ["Content-Type: application/json", `Content-Length: ${bytes.length}`];
      expect(await bodyOf(headers, [Buffer.from(bytes)])).toMatchObject({ reason: "parse_error", status: 400 });
    }
  });

  it("that ends early, with its connection: 400", async () => {
    const headers = ["Content-Type: application/json", "Content-Length: 100"];
    expect(await bodyOf(headers, ["{"], { hangUp: true })).toMatchObject({ reason: "invalid_request", status: 400 });
  });
});

const chunked = (texts: readonly string[]): string[] => [
  ...texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`),
  "0\r\n\r\n",
];

async function bodyOf(headers: readonly string[], pieces: readonly (string | Buffer)[], { hangUp = false } = {}) {
  const before = outcomes.length;
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(["POST / HTTP/1.1", "Host: localhost", ...headers, "", ""].join("\r\n"));
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(piece);
  }
  if (hangUp) socket.end();
  await until(() => outcomes.length > before, { what: "the body was read or refused" });
  socket.destroy();
  return outcomes.at(-1);
}

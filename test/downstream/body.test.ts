import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bodies } from "../../src/downstream/bodies.ts";
import { readJsonBody } from "../../src/downstream/body.ts";
import type { Line } from "../../src/lib/lines.ts";
import { Pieces } from "../../src/lib/pieces.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { singly } from "../helpers/pieces.ts";
import { until } from "../helpers/until.ts";

const LIMIT = 1_000;
/** At `/long`. */
const LONG_LIMIT = 100_000;

const bodies = new Bodies({ bodyBytes: LIMIT, bodiesBytes: 10 * LIMIT });
const longBodies = new Bodies({ bodyBytes: LONG_LIMIT, bodiesBytes: 4 * LONG_LIMIT });

let server: Server;
/** Responses that the test writes itself. */
const kept: ServerResponse[] = [];
/** The outcome of each body, in order. */
const outcomes: (Line | GatewayError)[] = [];
let connections = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    const remember = (outcome: Line | GatewayError): void => {
      outcomes.push(outcome);
      response.end("done");
    };
    const [path, name = "alice"] = request.url?.split("?") ?? [];
    const answer = path === "/kept" ? response : undefined;
    const budget = path === "/" ? bodies : longBodies;
    readJsonBody(request, budget, { kind: "basic", id: name }, answer).then(
      path === "/kept" ? keep : remember,
      remember,
    );
    function keep(body: Line): void {
      outcomes.push(body);
      kept.push(response);
    }
  });
  server.on("connection", (socket) => {
    connections++;
    socket.once("close", () => connections--);
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
    expect(await bodyOf(CHUNKED, chunked([Buffer.from(text)]))).toBe(text);
  });

  it("may dribble in, byte by byte", async () => {
    const text = '{"a":"é漢🎈"}';
    expect(await bodyOf(CHUNKED, chunked(singly(Buffer.from(text))))).toBe(text);
  });

  it("may be long and dribble in, byte by byte: then it is a few parts", async () => {
    const text = `{"a":"${"é漢🎈".repeat(2_000)}"}`;
    const whole = [Buffer.concat(chunked(singly(Buffer.from(text))))];
    const body = await bodyOf(CHUNKED, whole, { path: "/long" });
    expect(body).toBeInstanceOf(Pieces);
    expect(String(body)).toBe(text);
    expect((body as Pieces).parts.length).toBeLessThan(20);
  });

  it("is text up to 16 KiB", async () => {
    for (const [length, type] of [
      [16 * 1024, "string"],
      [16 * 1024 + 1, "object"],
    ] as const) {
      const headers = ["Content-Type: application/json", `Content-Length: ${length}`];
      const body = await bodyOf(headers, ["x".repeat(length)], { path: "/long" });
      expect(typeof body).toBe(type);
      expect(String(body)).toBe("x".repeat(length));
    }
  });

  it("costs no error when it came whole", async () => {
    const errors = await errorsBuilt(async () => {
      const headers = ["Content-Type: application/json", "Content-Length: 2"];
      expect(await bodyOf(headers, ["{}"])).toBe("{}");
    });
    expect(errors).toEqual([]);
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
    const pieces = chunked(Array(20).fill(Buffer.alloc(100, "x")));
    expect(await bodyOf(CHUNKED, pieces)).toMatchObject({ reason: "payload_too_large", status: 413 });
  });

  it("that is no UTF-8: 400", async () => {
    for (const bytes of [[0xff], [0x22, 0xf0, 0x9f, 0x8e, 0x22], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
      const headers = ["Content-Type: application/json", `Content-Length: ${bytes.length}`];
      expect(await bodyOf(headers, [Buffer.from(bytes)])).toMatchObject({ reason: "invalid_json", status: 400 });
    }
  });

  it("that dribbles in and is no UTF-8, or ends within a character: 400", async () => {
    const text = Buffer.from("é漢🎈".repeat(5_000));
    for (const bytes of [text.subarray(0, -1), Buffer.concat([text, Buffer.from([0xff]), text]).subarray(0, 60_000)]) {
      const whole = [Buffer.concat(chunked(singly(bytes)))];
      expect(await bodyOf(CHUNKED, whole, { path: "/long" })).toMatchObject({ reason: "invalid_json", status: 400 });
    }
  });

  it("that ends early, with its connection, by an error that is built once: 400", async () => {
    for (const headers of [["Content-Type: application/json", "Content-Length: 100"], CHUNKED]) {
      const errors = await errorsBuilt(async () => {
        const refusal = await bodyOf(headers, chunked([Buffer.from("{")]).slice(0, 1), { hangUp: true });
        expect(refusal).toMatchObject({ reason: "invalid_request", status: 400 });
      });
      expect(errors).toEqual([outcomes.at(-1)]);
    }
  });
});

describe("all bodies together", () => {
  const LONG = ["Content-Type: application/json", `Content-Length: ${LONG_LIMIT}`];
  const most = Buffer.alloc(LONG_LIMIT - 1, "x");
  const refused = expect.objectContaining({ reason: "too_many_bodies", status: 503, retryAfterMs: 1_000 }) as unknown;
  const nothingTaken = () => until(() => longBodies.taken === 0, { what: "all of it is given back" });

  /** A body without its last byte. */
  const unfinished = async (name: string) => {
    const before = longBodies.taken;
    const socket = open(`/long?${name}`, LONG);
    socket.write(most);
    await until(() => longBodies.taken === before + most.length, { what: "it is counted" });
    return socket;
  };

  it("may be so many bytes, and one caller's half as many", async () => {
    const sockets = [await unfinished("alice"), await unfinished("alice")];
    expect(await bodyOf(LONG, [most], { path: "/long?alice" })).toEqual(refused);
    sockets.push(await unfinished("bob"), await unfinished("bob"));
    expect(await bodyOf(LONG, [most], { path: "/long?carol" })).toEqual(refused);
    expect(await bodyOf(["Content-Type: application/json", "Content-Length: 2"], ["{}"], { path: "/long" })).toBe("{}");
    for (const socket of sockets) socket.destroy();
    await nothingTaken();
    expect(String(await bodyOf(LONG, [most, "x"], { path: "/long?alice" }))).toHaveLength(LONG_LIMIT);
  });

  it("are given back when one is read, refused, or left in the middle", async () => {
    const socket = await unfinished("alice");
    socket.write("x");
    await nothingTaken();
    socket.destroy();
    const tooLong = chunked([most, Buffer.from("xxxx")]);
    expect(await bodyOf(CHUNKED, tooLong, { path: "/long" })).toMatchObject({ status: 413 });
    await nothingTaken();
    expect(await bodyOf(LONG, [most.fill(0xff), "x"], { path: "/long" })).toMatchObject({ status: 400 });
    await nothingTaken();
    most.fill("x");
    (await unfinished("alice")).resetAndDestroy();
    await nothingTaken();
  });

  it("are counted until the response when they are kept that long, and released when the client leaves", async () => {
    for (const leaves of [false, true]) {
      const socket = open("/kept", LONG);
      socket.write(Buffer.concat([most, Buffer.from("x")]));
      await until(() => kept.length > 0, { what: "the body was read" });
      expect(longBodies.taken).toBe(LONG_LIMIT);
      if (leaves) socket.destroy();
      else kept[0]?.end("done");
      await nothingTaken();
      kept.length = 0;
      socket.destroy();
    }
  });

  it("have room for one, however little was configured", () => {
    const little = new Bodies({ bodyBytes: 100, bodiesBytes: 10 });
    const room = little.room({ kind: "basic", id: "alice" });
    room.grow(100);
    expect(() => little.room({ kind: "basic", id: "bob" }).grow(1)).toThrow(refused);
    room.free();
    room.free();
    expect(little.taken).toBe(0);
  });
});

const CHUNKED = ["Content-Type: application/json", "Transfer-Encoding: chunked"];

const chunked = (parts: readonly Buffer[]): Buffer[] => [
  ...parts.map((part) => Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")])),
  Buffer.from("0\r\n\r\n"),
];

/** Records every GatewayError that is created until all connections have closed, through a superclass that sees each one. */
async function errorsBuilt(meanwhile: () => Promise<void>): Promise<Error[]> {
  const built: Error[] = [];
  class SeenError extends Error {
    constructor(...given: ConstructorParameters<typeof Error>) {
      super(...given);
      built.push(this);
    }
  }
  const allClosed = (): Promise<boolean> => until(() => connections === 0, { what: "all connections closed" });
  await allClosed();
  Object.setPrototypeOf(GatewayError, SeenError);
  try {
    await meanwhile();
    await allClosed();
  } finally {
    Object.setPrototypeOf(GatewayError, Error);
  }
  return built;
}

async function bodyOf(
  headers: readonly string[],
  pieces: readonly (string | Buffer)[],
  { hangUp = false, path = "/" } = {},
) {
  const before = outcomes.length;
  const socket = open(path, headers);
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(piece);
  }
  if (hangUp) socket.end();
  await until(() => outcomes.length > before, { what: "the body was read or refused" });
  socket.destroy();
  return outcomes.at(-1);
}

function open(path: string, headers: readonly string[]): Socket {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write([`POST ${path} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n"));
  return socket;
}

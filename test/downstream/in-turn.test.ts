import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inTurn } from "../../src/downstream/in-turn.ts";
import { until } from "../helpers/until.ts";

// Each response names its request, and its body's length and first letter; /hold is answered when the test releases it.

let server: Server;
let socket: Socket;
let received = "";
const handled: string[] = [];
const troubles: unknown[] = [];
const held: ServerResponse[] = [];

const OPTIONS = { requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 20, keepAliveTimeout: 5_000 };

beforeEach(async () => {
  for (const list of [handled, troubles, held]) list.length = 0;
  received = "";
  server = createServer(
    OPTIONS,
    inTurn((event) => void troubles.push(event), answer),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  socket = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => undefined);
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
});
afterEach(() => {
  socket.destroy();
  server.closeAllConnections();
  server.close();
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = "" } = request;
  handled.push(url);
  if (url === "/throws") throw new Error("a bug");
  if (url === "/hold") return void held.push(response);
  if (url === "/now") return void response.end("[now]");
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    response.end(`[${url} ${body.length}${body.toString("latin1", 0, 1)}]`);
  });
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const post = (path: string, body: string, more = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

const holds = () => until(() => held.length > 0, { what: "the first answer is held" });
const answers = (): string[] => received.match(/\[[^\]]*\]/g) ?? [];
const release = (): void => void held[0]?.end("[held]");
const isClosed = () => until(() => socket.destroyed, { what: "the connection is closed" });

describe("a request behind an answer that is not finished", () => {
  it("is not handled before its turn, and then in order", async () => {
    socket.write(get("/hold") + get("/a") + get("/now") + get("/now") + get("/b"));
    await holds();
    socket.write(get("/c"));
    await new Promise((resolve) => server.getConnections(resolve));
    expect(handled).toEqual(["/hold"]);
    release();
    await until(() => answers().length === 6, { what: "all are answered" });
    expect(answers()).toEqual(["[held]", "[/a 0]", "[now]", "[now]", "[/b 0]", "[/c 0]"]);
    socket.write(get("/later"));
    await until(() => answers().at(-1) === "[/later 0]", { what: "the connection lives on" });
  });

  it("has its whole body then, however long, chunked or asked for first", async () => {
    const chunked = `POST /d HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nddd\r\n0\r\n\r\n`;
    const requests = [
      get("/hold"),
      post("/a", "aaa"),
      post("/b", "b".repeat(10_000)),
      post("/c", "c".repeat(300_000)),
      chunked,
      post("/e", "e".repeat(200_000), "Expect: 100-continue\r\n"),
    ];
    socket.write(requests.join(""));
    await holds();
    release();
    await until(() => answers().length === 6, { what: "all are answered" });
    expect(answers()).toEqual(["[held]", "[/a 3a]", "[/b 10000b]", "[/c 300000c]", "[/d 3d]", "[/e 200000e]"]);
    expect(received).toMatch(/\[\/d 3d\]HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
  });

  it("may wait longer than a request may take to arrive", async () => {
    socket.write(get("/hold") + post("/a", "aaa"));
    await holds();
    // A later request that never arrives completely: when it times out, the waiting one is dropped too.
    const unfinished = connect((server.address() as AddressInfo).port, "127.0.0.1");
    let refusal = "";
    unfinished.setEncoding("latin1").on("data", (text: string) => (refusal += text));
    unfinished.write(get("/unfinished").slice(0, -2));
    await until(() => unfinished.closed, { what: "the time for a request is over" });
    expect(refusal).toMatch(/^HTTP\/1\.1 408 /);
    release();
    await until(() => answers().length === 2, { what: "both are answered" });
    expect(received).not.toContain("408");
  });

  it("is never handled when its client leaves before", async () => {
    socket.write(get("/hold") + get("/a") + post("/b", "b"));
    const [response] = (await holds()) && held;
    let isOver = false;
    response?.once("close", () => (isOver = true));
    socket.destroy();
    await until(() => isOver, { what: "the first one is told" });
    release();
    await until(() => new Promise((resolve) => server.getConnections((_error, open) => resolve(open === 0))), {
      what: "the server sees no connection",
    });
    expect(handled).toEqual(["/hold"]);
  });

  it("is never handled when the answer before it ends the connection", async () => {
    socket.write(get("/hold") + get("/a"));
    await holds();
    held[0]?.setHeader("Connection", "close");
    release();
    await isClosed();
    expect([handled, answers()]).toEqual([["/hold"], ["[held]"]]);
  });

  it("does no harm when its handler throws", async () => {
    socket.write(get("/hold") + get("/throws") + get("/a"));
    await holds();
    release();
    await until(() => troubles.length > 0, { what: "it is told" });
    expect(troubles).toMatchObject([{ type: "trouble", cause: { message: "a bug" } }]);
  });
});

describe("a connection", () => {
  it("may have 32 waiting requests, and is ended at one more", async () => {
    socket.write(get("/hold") + get("/a").repeat(32));
    await holds();
    release();
    await until(() => answers().length === 33, { what: "all are answered" });
    held.length = 0;
    socket.write(get("/hold") + get("/b").repeat(40));
    await isClosed();
    expect(handled).not.toContain("/b");
  });

  it("may have 32 again when those have been handled", async () => {
    for (const round of [1, 2, 3]) {
      socket.write(get("/hold") + get("/a").repeat(30));
      await until(() => held.length === round, { what: "the first answer is held" });
      held.at(-1)?.end("[held]");
      await until(() => answers().length === round * 31, { what: "all are answered" });
    }
    expect(handled).toHaveLength(3 * 31);
  });

  it("is ended when the bodies that wait become too many bytes", async () => {
    socket.write(get("/hold") + post("/a", "a".repeat(7_000)).repeat(20));
    await isClosed();
    expect(handled).toEqual(["/hold"]);
  });

  it("is ended by a malformed request, and what waits is never handled", async () => {
    socket.write(`${get("/hold") + get("/a")}NONSENSE\r\n\r\n`);
    await isClosed();
    expect(handled).toEqual(["/hold"]);
  });
});

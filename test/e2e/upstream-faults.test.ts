import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { openSession } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Servers that are alive but do not work.

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    logging: { level: "debug" },
    limits: { request: "5m", start: "5m" },
    servers: {
      closes: fixture("closes-a-pipe"),
      leaves: fixture("says-much-and-exits"),
      echo: fixture("echo"),
      yes: { command: "yes" },
      stderr: { command: "sh", args: ["-c", "yes >&2"] },
      objects: { command: "yes", args: ['{"jsonrpc":"1.0","id":1,"result":{}}'] },
      broken: { command: "yes", args: ['{"jsonrpc":"2.0","id":1'] },
      ends: fixture("on-command"),
      verbatim: fixture("verbatim"),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const noProcess = (server: string): Promise<unknown> =>
  until(() => gateway.children(server).length === 0, { deadlineMs: 10_000, what: `no process of ${server} is left` });

describe("a running server with a closed pipe", () => {
  it("because it closed its output fails every call at once, and is ended", async () => {
    const client = await openSession(`${gateway.url}/closes`);
    const close = { jsonrpc: "2.0", method: "tools/call", params: { name: "close", arguments: { pipe: "stdout" } } };
    await client.send({ jsonrpc: "2.0", id: "b", method: "tools/call", params: { name: "hang", arguments: {} } });
    await client.send({ ...close, id: "a" });
    for (const id of ["a", "b"])
      expect(await client.response(id)).toMatchObject({
        error: { message: expect.stringContaining("closed its output"), data: { reason: "process_exited" } },
      });
    await noProcess("closes");
  });

  it("because it closed its input fails every call at once, and is ended", async () => {
    const client = await openSession(`${gateway.url}/closes`);
    const close = { jsonrpc: "2.0", method: "tools/call", params: { name: "close", arguments: { pipe: "stdin" } } };
    await client.send({ ...close, id: "a" });
    // Writing to a pipe without a reader is an error.
    await until(
      async () => {
        await client.send({ jsonrpc: "2.0", method: "x/anybody" });
        return client.messages().some(({ id }) => id === "a");
      },
      { what: "the call has failed" },
    );
    expect(await client.response("a")).toMatchObject({
      error: { message: expect.stringContaining("stopped reading its input"), data: { reason: "process_exited" } },
    });
    await noProcess("closes");
  });
});

describe("a server that exits while its client does not read", () => {
  it("loses none of its earlier output: its last response arrives, in order, when the client reads again", async () => {
    const client = await openSession(`${gateway.url}/leaves`);
    const times = 20_000;
    client.pause();
    await client.send({
      jsonrpc: "2.0",
      id: "much",
      method: "tools/call",
      params: { name: "much", arguments: { times } },
    });
    // It cannot have exited before its client makes it wait: 20 MB do not fit into the pipes between.
    await until(() => gateway.log().includes(`"leaves" ended`) || gateway.children("leaves").length === 1, {
      what: "it runs",
    });
    client.resume();
    const answer = await client.response("much", 30_000);
    expect(answer.result).toBeDefined();
    const said = client.messages().flatMap(({ params }) => (params?.["data"] as { n: number } | undefined)?.n ?? []);
    expect(said).toEqual(Array.from({ length: times }, (_, index) => index + 1));
  });
});

const INITIALIZE = { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } };

describe("a server that writes no messages", () => {
  it.each([
    ["yes", "words"],
    ["objects", "JSON that is no JSON-RPC 2.0"],
    ["broken", "JSON that is cut off"],
  ])("(%s: %s) is ended after some MiB, with an error that says so; others are served meanwhile", async (server) => {
    const one = new StreamableClient(`${gateway.url}/${server}/mcp`);
    const answer = (await one.post(INITIALIZE)).answer(1);
    // Each of these waits for its turn on the event loop.
    const health = await ask(`${gateway.url}/health`);
    expect(health.status).toBe(200);
    expect(await answer).toMatchObject({
      error: { message: expect.stringContaining("non-MCP output"), data: { reason: "protocol_violation" } },
    });
    await noProcess(server);
    const shown = gateway.log().split(`${server} wrote something other than a message to stdout`).length - 1;
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThan(50);
  });

  it("floods only its stderr and costs the log ten lines a second; others are served meanwhile", async () => {
    const one = new StreamableClient(`${gateway.url}/stderr/mcp`);
    const exchange = one.post(INITIALIZE);
    await until(() => gateway.log().includes("[stderr] y"), { what: "its stderr is in the log" });
    for (let count = 0; count < 20; count++) expect((await ask(`${gateway.url}/health`)).status).toBe(200);
    (await exchange).cut();
    await noProcess("stderr");
  });
});

describe("what is no JSON-RPC 2.0", () => {
  it.each(['{"jsonrpc":"1.0","id":$ID,"result":{}}', '{"id":$ID,"result":{}}', '{"jsonrpc":2,"id":$ID,"result":{}}'])(
    "answers nothing, whatever id it has: %s",
    async (line) => {
      await using one = await StreamableClient.open(`${gateway.url}/verbatim/mcp`);
      const good = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"the answer"}]}}';
      expect(await one.call("line", { text: `${line}\n${good}` })).toBe("the answer");
    },
  );
});

import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { refusal } from "../helpers/http.ts";
import { connectSdk, sseTransport, textIn } from "../helpers/sdk-client.ts";
import { CLIENT, openSession, openSse, type SseClient } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

/** Not representable as a double: JSON.parse gives 9223372036854776000. */
const BIG = "9223372036854775807";

let gateway: GatewayProcess;

/** Takes the handshake that the gateway does for a client that does none, and then is that program. */
const greeted = (program: string) => {
  const id = String.raw`sed -E 's/.*"id":("[^"]*"|[0-9]+).*/\1/'`;
  const answer = `printf '{"jsonrpc":"2.0","id":%s,"result":{}}\\n' "$(echo "$first" | ${id})"`;
  return { command: "sh", args: ["-c", `read -r first; ${answer}; read -r second; ${program}`] };
};

beforeAll(async () => {
  gateway = await startGateway({
    logging: { level: "debug" },
    servers: {
      echo: fixture("echo"),
      asks: fixture("asks-the-client"),
      pages: fixture("lists-in-pages"),
      hangs: fixture("never-answers"),
      commands: fixture("on-command"),
      // A server that says to its client, byte for byte, what its client says to it.
      mirror: greeted("exec cat"),
      cat: { command: "cat" },
      // A server that tells what it reads on stderr, which the log shows.
      recorder: greeted('while read -r line; do echo "$line" >&2; done'),
      // A server whose answer has an id that only a careful reader can hold.
      big: greeted(`while read -r line; do echo '{"jsonrpc":"2.0","id":${BIG},"result":{}}'; done`),
    },
  });
});

afterAll(() => gateway[Symbol.asyncDispose]());

const url = (server: string): string => `${gateway.url}/${server}`;

describe("requests of the server are relayed:", () => {
  const options = { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } };

  it("sampling", async () => {
    await using client = await connectSdk(sseTransport(url("asks")), {
      options,
      before: (one) =>
        one.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
          model: "test-model",
          role: "assistant" as const,
          content: { type: "text" as const, text: `${JSON.stringify(params.messages[0]?.content)}: 42` },
        })),
    });
    const answer = textIn(await client.callTool({ name: "ask-sampling" }));
    expect(JSON.parse(answer)).toMatchObject({ id: 1, result: { model: "test-model" } });
    expect(answer).toContain("What is six times seven?");
  });

  it("elicitation", async () => {
    await using client = await connectSdk(sseTransport(url("asks")), {
      options,
      before: (one) =>
        one.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept" as const, content: { name: "Ada" } })),
    });
    const answer = JSON.parse(textIn(await client.callTool({ name: "ask-elicitation" }))) as unknown;
    expect(answer).toEqual({ jsonrpc: "2.0", id: 1, result: { action: "accept", content: { name: "Ada" } } });
  });

  it("roots", async () => {
    const roots = [{ uri: "file:///home/ada", name: "home" }];
    await using client = await connectSdk(sseTransport(url("asks")), {
      options,
      before: (one) => one.setRequestHandler(ListRootsRequestSchema, () => ({ roots })),
    });
    const answer = JSON.parse(textIn(await client.callTool({ name: "ask-roots" }))) as unknown;
    expect(answer).toEqual({ jsonrpc: "2.0", id: 1, result: { roots } });
  });

  it("a refusal of the client", async () => {
    await using client = await openSession(url("asks"));
    const call = client.request("tools/call", { name: "ask-sampling" });
    const asked = await client.message(({ method }) => method === "sampling/createMessage", "the question comes");
    const refused = { jsonrpc: "2.0", id: asked.id, error: { code: -1, message: "User rejected", data: { x: [1] } } };
    await client.send(refused);
    expect(JSON.parse(resultText(await call))).toEqual(refused);
  });

  it("three questions at once under ids that the client's own requests have as well", async () => {
    await using client = await openSse(url("asks"));
    await client.request("initialize", CLIENT, 100);
    const tools = ["ask-sampling", "ask-elicitation", "ask-roots"];
    const calls = tools.map((name, index) => client.request("tools/call", { name }, index + 1));
    await until(() => questions(client).length === 3, { what: "all three questions come" });
    for (const { id, method } of questions(client)) {
      await client.send({ jsonrpc: "2.0", id, result: { answers: method } });
    }
    const answers = (await Promise.all(calls)).map((one) => JSON.parse(resultText(one)) as { result: unknown });
    expect(answers.map(({ result }) => result)).toEqual([
      { answers: "sampling/createMessage" },
      { answers: "elicitation/create" },
      { answers: "roots/list" },
    ]);
  });

  it("a ping, which has an answer even if the client never gives one", async () => {
    await using client = await openSession(url("asks"));
    expect(JSON.parse(await client.call("ask-ping"))).toMatchObject({ id: 1, result: {} });
  });
});

const questions = (client: SseClient) => client.messages().filter(({ method }) => method !== undefined);

const resultText = ({ result }: { result?: unknown }): string => textIn(result);

describe("notifications of the server are relayed:", () => {
  it("logging, at the level that was asked for", async () => {
    const logged: unknown[] = [];
    await using client = await connectSdk(sseTransport(url("echo")), {
      before: (one) =>
        one.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
          logged.push(params);
        }),
    });
    expect(await client.setLoggingLevel("info")).toEqual({});
    await client.callTool({ name: "log", arguments: { text: "one\ntwo" } });
    expect(logged).toEqual([{ level: "info", logger: "echo", data: "one\ntwo" }]);
  });

  it("progress, in order and before the answer", async () => {
    await using client = await openSession(url("echo"));
    const params = { name: "progress", arguments: { steps: 5, ms: 5 }, _meta: { progressToken: "p" } };
    await client.request("tools/call", params, "call");
    const after = client.messages().slice(1);
    expect(after.map(({ id, params: told }) => id ?? told?.["progress"])).toEqual([1, 2, 3, 4, 5, "call"]);
  });

  it("progress to the official client's callback", async () => {
    const steps: number[] = [];
    await using client = await connectSdk(sseTransport(url("echo")));
    await client.callTool({ name: "progress", arguments: { steps: 2, ms: 50 } }, undefined, {
      onprogress: ({ progress }) => steps.push(progress),
    });
    expect(steps).toContain(1);
  });

  it("list_changed, and the list that has changed", async () => {
    let changes = 0;
    await using client = await connectSdk(sseTransport(url("pages")), {
      before: (one) =>
        one.setNotificationHandler(ToolListChangedNotificationSchema, () => {
          changes++;
        }),
    });
    const grown = textIn(await client.callTool({ name: "grow" }));
    expect(changes).toBe(1);
    const last = await client.listTools({ cursor: "page-3" });
    expect(last.tools.map(({ name }) => name)).toContain(grown);
  });

  it("a list in pages, page by page: nothing is merged", async () => {
    await using client = await connectSdk(sseTransport(url("pages")));
    const first = await client.listTools();
    expect(first).toMatchObject({ nextCursor: "page-2" });
    expect(first.tools).toHaveLength(3);
    await expect(client.listTools({ cursor: "nowhere" })).rejects.toMatchObject({ code: -32602 });
  });
});

describe("a cancellation by the client", () => {
  it("reaches the server, and nothing more comes for the request", async () => {
    await using client = await connectSdk(sseTransport(url("hangs")));
    const abort = new AbortController();
    const call = client.callTool({ name: "hang" }, undefined, { signal: abort.signal });
    abort.abort("changed my mind");
    await expect(call).rejects.toThrow(/changed my mind/);
    const cancelled = await until(async () => JSON.parse(textIn(await client.callTool({ name: "cancelled" }))), {
      what: "the server knows",
    });
    expect(cancelled).toHaveLength(1);
  });

  it("makes the answer unwanted: it is not passed on when it comes all the same", async () => {
    await using client = await openSession(url("commands"));
    const hold = { name: "hold", arguments: { name: "unwanted" } };
    await client.send({ jsonrpc: "2.0", id: "unwanted", method: "tools/call", params: hold });
    await client.notify("notifications/cancelled", { requestId: "unwanted" });
    expect(await client.call("holding")).toBe('["unwanted"]');
    await client.notify("x/release", { name: "unwanted" });
    // Responds after it.
    expect(await client.call("holding")).toBe("[]");
    expect(await client.call("echo", { message: "later" })).toBe("later");
    expect(client.messages().map(({ id }) => id)).not.toContain("unwanted");
  });

  it("makes room for a new request with the same id", async () => {
    await using client = await openSession(url("hangs"));
    const hang = { jsonrpc: "2.0", id: "again", method: "tools/call", params: { name: "hang" } };
    await client.send(hang);
    expect(await client.send(hang)).toMatchObject({ status: 400 });
    await client.notify("notifications/cancelled", { requestId: "again", reason: "slow" });
    expect(await client.request("tools/call", { name: "cancelled" }, "again")).toMatchObject({
      result: { content: [{ text: '["again"]' }] },
    });
  });
});

describe("unknown methods are relayed,", () => {
  it("the client's with their answers, errors as the server wrote them", async () => {
    await using client = await openSession(url("echo"));
    const params = { deep: [{ er: null }], _meta: { "example.com/x": 1 } };
    expect(await client.request("x/anything", params, 7)).toEqual({ jsonrpc: "2.0", id: 7, result: { params } });
    expect(await client.request("y/unknown", {}, 8)).toEqual({
      jsonrpc: "2.0",
      id: 8,
      error: { code: -32601, message: "Method not found: y/unknown" },
    });
  });

  it("the server's requests and notifications, and the client's answers to them", async () => {
    await using client = await openSse(url("mirror"));
    // The mirrored message is a request of the server.
    await client.send('{"jsonrpc":"2.0","id":"m-1","method":"tasks/x/new","params":{"a":[1]}}');
    expect(await client.message(({ id }) => id === "m-1", "the request comes back")).toMatchObject({
      method: "tasks/x/new",
    });
    await client.send('{"jsonrpc":"2.0","method":"notifications/x/new"}');
    await client.message(({ method }) => method === "notifications/x/new", "the notification comes back");
    // A response to the server's request "m-1"; mirrored, it is the response to our own "m-1".
    await client.send('{"jsonrpc":"2.0","id":"m-1","result":{"x":1}}');
    expect(await client.response("m-1")).toEqual({ jsonrpc: "2.0", id: "m-1", result: { x: 1 } });
  });
});

describe("a line is relayed unchanged:", () => {
  // Spaces, escapes, key order, numbers that a parser would change, members that no schema knows.
  const odd = [
    `{ "jsonrpc" : "2.0", "method": "x/odd",  "params":{"n":1.0,"e":1E5,"z":-0,"big":12345678901234567890,"f":0.1e-7} }`,
    String.raw`{"params":{"u":"\u00e9\ud83d\ude00\/","s":"\ud800"},"method":"x\/odd","jsonrpc":"2.0"}`,
    `{"jsonrpc":"2.0","method":"x/odd","params":{"é":"\u2028\u2029\u0085","emoji":"🔧","__proto__":{"a":1}}}`,
    `{"jsonrpc":"2.0","method":"x/odd","extension":{"a":[]},"params":{}}`,
    `{"jsonrpc":"2.0","method":"x/odd","params":{"long":"${"x".repeat(100_000)}"}}`,
  ];

  it.each(odd.map((line) => [line.slice(0, 100), line]))("%s", async (_start, line) => {
    await using client = await openSse(url("mirror"));
    expect(await client.send(line)).toMatchObject({ status: 202 });
    await until(() => client.events().length >= 2, { what: "the mirror answers" });
    expect(client.events()[1]).toEqual({ event: "message", data: line });
  });

  it("the request that a real server reads", async () => {
    await using client = await openSession(url("echo"));
    const line = `{"id":  77,"params" : {"arguments":{"n":${BIG}},"name":"raw"},"jsonrpc":"2.0","method":"tools/call"}`;
    expect(await client.send(line)).toMatchObject({ status: 202 });
    expect(resultText(await client.response(77))).toBe(line);
  });

  it("but for its line breaks, which a stdio message cannot have", async () => {
    await using client = await openSse(url("mirror"));
    await client.send('{\r\n  "jsonrpc": "2.0",\n  "method": "x/pretty",\n\n  "params": { "s": "a\\nb" }\n}\n');
    await until(() => client.events().length >= 2, { what: "the mirror answers" });
    const [, { data } = { data: "" }] = client.events();
    expect(data).not.toMatch(/[\r\n]/);
    expect(JSON.parse(data)).toEqual({ jsonrpc: "2.0", method: "x/pretty", params: { s: "a\nb" } });
  });

  it("many lines in the order in which they were sent", async () => {
    await using client = await openSse(url("mirror"));
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    for (const n of numbers) await client.notify("notifications/x", { n });
    await until(() => client.messages().length === numbers.length, { what: "all come back" });
    expect(client.messages().map(({ params }) => params?.["n"])).toEqual(numbers);
  });
});

describe("an id", () => {
  it.each([0, -1, 2 ** 53 - 1, "", "0", "__proto__", "constructor", "ü🔧", '"quoted"\n'])(
    "such as %j comes back as it was",
    async (id) => {
      await using client = await openSession(url("echo"));
      const answer = await client.request("tools/call", { name: "echo", arguments: { message: "hi" } }, id);
      expect(answer).toEqual({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "hi" }] } });
    },
  );

  it("beyond 2^53 reaches the server, and the client, digit by digit", async () => {
    await using mirror = await openSse(url("mirror"));
    const line = `{"jsonrpc":"2.0","id":${BIG},"method":"x/big"}`;
    await mirror.send(line);
    await until(() => mirror.events().length >= 2, { what: "the mirror answers" });
    expect(mirror.events()[1]?.data).toBe(line);
    await using big = await openSse(url("big"));
    await big.send(line);
    await until(() => big.events().length >= 2, { what: "the answer comes" });
    expect(big.events()[1]?.data).toBe(`{"jsonrpc":"2.0","id":${BIG},"result":{}}`);
  });

  it("beyond 2^53 is not the one beside it", async () => {
    await using client = await openSse(url("big"));
    // The server responds to …807: this request gets no response, and the other one's must not be taken for it.
    await client.send(`{"jsonrpc":"2.0","id":9223372036854775806,"method":"x/big"}`);
    await client.send(`{"jsonrpc":"2.0","id":${BIG},"method":"x/big"}`);
    await until(() => client.events().length >= 2, { what: "the answer comes" });
    expect(client.events().filter(({ event }) => event === "message")).toHaveLength(1);
  });

  it("that is a number differs from the same one as a string, also at the same time", async () => {
    await using client = await openSession(url("commands"));
    for (const [id, name] of [
      [5, "number"],
      ["5", "string"],
    ])
      await client.send({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "hold", arguments: { name } } });
    await client.notify("x/release", { name: "string" });
    expect(resultText(await client.response("5"))).toBe("released string");
    await client.notify("x/release", { name: "number" });
    expect(resultText(await client.response(5))).toBe("released number");
  });

  it("that still waits for its answer cannot be used again, and the first request is unharmed", async () => {
    await using client = await openSession(url("commands"));
    const hold = { jsonrpc: "2.0", id: 15, method: "tools/call", params: { name: "hold", arguments: { name: "a" } } };
    expect(await client.send(hold)).toMatchObject({ status: 202 });
    expect(refusal(await client.send(hold))).toMatchObject({ status: 400, code: -32600, id: 15 });
    await client.notify("x/release", { name: "a" });
    expect(resultText(await client.response(15))).toBe("released a");
  });
});

describe("the protocol version", () => {
  it.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "1999-01-01"])(
    "%s is agreed on by client and server alone",
    async (protocolVersion) => {
      await using client = await openSse(url("echo"));
      const { result } = await client.initialize({ ...CLIENT, protocolVersion });
      expect(result).toMatchObject({ protocolVersion, serverInfo: { name: "echo.mjs" } });
      const ping = { jsonrpc: "2.0", id: 2, method: "ping" };
      expect(await client.send(ping, { "mcp-protocol-version": protocolVersion })).toMatchObject({ status: 202 });
      expect(await client.response(2)).toMatchObject({ result: {} });
    },
  );

  it("and everything else in initialize reaches the server unchanged", async () => {
    await using client = await openSse(url("cat"));
    const params = { ...CLIENT, capabilities: { experimental: { "x/y": { a: 1 } }, tasks: {} }, unknown: [1] };
    const line = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    await client.send(line);
    await until(() => client.events().length >= 2, { what: "the mirror answers" });
    expect(client.events()[1]?.data).toBe(line);
  });
});

describe("unsolicited messages", () => {
  it("is taken, and harms nobody: an answer to no question, a cancellation of no request", async () => {
    await using client = await openSession(url("echo"));
    expect(await client.send({ jsonrpc: "2.0", id: 99, result: { forged: true } })).toMatchObject({ status: 202 });
    await client.notify("notifications/cancelled", { requestId: 98 });
    expect(await client.call("echo", { message: "fine" })).toBe("fine");
  });

  it("does not reach the server, which could take it for an answer to a later question of its own", async () => {
    await using client = await openSse(url("recorder"));
    await client.send({ jsonrpc: "2.0", id: 1, result: { forged: true } });
    await client.send({ jsonrpc: "2.0", id: 1, error: { code: -1, message: "forged" } });
    await client.notify("notifications/last");
    await until(() => gateway.log().includes("notifications/last"), { what: "the server tells what it has read" });
    expect(gateway.log()).not.toContain("forged");
  });
});

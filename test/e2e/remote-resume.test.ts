import type { ServerResponse } from "node:http";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { bareConnect, call, INITIALIZE, INITIALIZED } from "../helpers/connect-command.ts";
import { farServer, json, type Behaviour, type FarRequest, type FarServer } from "../helpers/far-server.ts";
import { startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// A remote server on a bad line: what was on its way when a connection broke is fetched, or said again, or fails soon.

const EVENTS = { "Content-Type": "text/event-stream" };

const textOf = (text: string): object => ({ content: [{ type: "text", text }] });

const event = (id: string, message: unknown): string => `id: ${id}\ndata: ${JSON.stringify(message)}\n\n`;

const question = (id: number): object => ({
  jsonrpc: "2.0",
  id,
  method: "sampling/createMessage",
  params: { maxTokens: 1, messages: [{ role: "user", content: { type: "text", text: "?" } }] },
});

const NEWS = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "news" } };

/** Sends the text, and breaks the connection off. */
function breakAfter(response: ServerResponse, text: string): true {
  response.writeHead(200, EVENTS).write(text, () => response.destroy());
  return true;
}

const isAnswerTo = ({ method, message }: FarRequest, id: number): boolean =>
  method === "POST" && message.method === undefined && message.id === id;

/** How often each of the server's questions was put to the client. */
interface Asked {
  count: number;
}

async function through(far: FarServer, asked: Asked = { count: 0 }): Promise<[GatewayProcess, SdkClient]> {
  const gateway = await startGateway({ servers: { far: { url: far.url } } });
  const client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`)), {
    options: { capabilities: { sampling: {} } },
    before: (made) =>
      made.setRequestHandler(CreateMessageRequestSchema, () => {
        asked.count++;
        return { model: "m", role: "assistant", content: { type: "text", text: "sampled" } };
      }),
  });
  return [gateway, client];
}

test("an answer whose rest only comes when it is asked for again is fetched, and no question is put twice", async () => {
  let isAnswered = false;
  let callId: unknown;
  const behave: Behaviour = (request, response) => {
    const { method, headers, message } = request;
    if (message.method === "tools/call") {
      callId = message.id;
      // The last event is cut off: its id does not count.
      return breakAfter(response, `${event("e-1", question(7))}${event("e-2", NEWS)}id: e-3\ndata: {"jsonr`);
    }
    if (isAnswerTo(request, 7)) {
      // The first attempt is lost.
      if (isAnswered) return false;
      isAnswered = true;
      response.destroy();
      return true;
    }
    if (method !== "GET" || headers["last-event-id"] === undefined) return false;
    // Like server-everything: replays whatever the session has had, and sends nothing on the stream afterwards.
    response.writeHead(200, EVENTS).write(`: here\n\n${event("e-1", question(7))}${event("e-p", {})}`);
    const answersSent = far.requests.filter((one) => isAnswerTo(one, 7)).length;
    const resumed = far.requests.filter((one) => one.headers["last-event-id"] !== undefined).length;
    if (answersSent >= 2 && resumed >= 3)
      response.write(event("e-4", { jsonrpc: "2.0", id: callId, result: textOf("late") }));
    return true;
  };
  await using far = await farServer(behave);
  const asked = { count: 0 };
  const [gateway, client] = await through(far, asked);
  await using _gateway = gateway;
  await using _client = client;
  expect(textIn(await client.callTool({ name: "write" }))).toBe("late");
  expect(asked.count).toBe(1);
  expect(far.requests.filter((one) => isAnswerTo(one, 7)).length).toBe(2);
  // Resumed after the last event that was complete.
  expect(far.requests.find(({ headers }) => headers["last-event-id"] !== undefined)?.headers).toMatchObject({
    "last-event-id": "e-2",
  });
});

test("an answer may be polled for as long as the server likes", async () => {
  let polls = 0;
  await using far = await farServer((request, response) => {
    const { method, headers, message } = request;
    if (message.method === "tools/call") {
      response.writeHead(200, EVENTS).end(`id: poll-${String(message.id)}\nretry: 20\ndata: \n\n`);
      return true;
    }
    const place = String(headers["last-event-id"]);
    if (method !== "GET" || !place.startsWith("poll-")) return false;
    const id = Number(place.slice("poll-".length));
    const isReady = ++polls > 8;
    response
      .writeHead(200, EVENTS)
      .end(isReady ? event("x", { jsonrpc: "2.0", id, result: textOf("polled") }) : "retry: 20\n\n");
    return true;
  });
  const [gateway, client] = await through(far);
  await using _gateway = gateway;
  await using _client = client;
  expect(textIn(await client.callTool({ name: "write" }))).toBe("polled");
});

test("an answer that cannot be fetched fails at once: the server gives no ids, does not know them, or has no such streams", async () => {
  for (const status of [undefined, 400, 405]) {
    await using far = await farServer(({ method, headers, message }, response) => {
      if (message.method === "tools/call") {
        return breakAfter(response, status === undefined ? ": no id\n\n" : "id: e-1\ndata: \n\n");
      }
      if (method !== "GET" || headers["last-event-id"] === undefined) return false;
      json(response, { error: "no" }, status);
      return true;
    });
    const [gateway, client] = await through(far);
    await using _gateway = gateway;
    await using _client = client;
    await expect(client.callTool({ name: "write" }, undefined, { timeout: 20_000 })).rejects.toThrow(
      status === undefined ? /broke off/ : new RegExp(`HTTP ${status}`),
    );
  }
});

test("an event id is sent as it came, unless no header can have it", async () => {
  for (const id of ["ключ № 1", "a\u0001b"]) {
    const isSendable = id.includes("№");
    let callId: unknown;
    await using far = await farServer(({ method, headers, message }, response) => {
      if (message.method === "tools/call") {
        callId = message.id;
        return breakAfter(response, `id: ${id}\ndata: \n\n`);
      }
      const last = Buffer.from(String(headers["last-event-id"]), "latin1").toString("utf8");
      if (method !== "GET" || last !== id) return false;
      response.writeHead(200, EVENTS).end(event("x", { jsonrpc: "2.0", id: callId, result: textOf("rest") }));
      return true;
    });
    const [gateway, client] = await through(far);
    await using _gateway = gateway;
    await using _client = client;
    const said = await client.callTool({ name: "write" }).then(textIn, String);
    expect(said).toMatch(isSendable ? /^rest$/ : /broke off/);
  }
});

test("a call that is sent again has another id there, which is cancelled with it", async () => {
  const seen: { readonly id: unknown; readonly name: unknown }[] = [];
  await using far = await farServer(({ message: { id, method, params } }, response) => {
    if (method !== "tools/call") return false;
    const name = (params?.["arguments"] as { name?: string } | undefined)?.name;
    seen.push({ id, name });
    const isFirst = seen.filter((one) => one.name === name).length === 1;
    if (isFirst) response.destroy();
    return isFirst || name === "hangs";
  });
  await using bare = bareConnect([far.url, "--retry-delay", "20ms"]);
  bare.say(INITIALIZE);
  await bare.answerTo("init");
  bare.say(INITIALIZED, { jsonrpc: "2.0", id: 1, method: "tools/list" });
  await bare.answerTo(1);
  bare.say(call(2, "echo", { name: "answers" }));
  expect(await bare.answerTo(2)).toHaveProperty("result");
  bare.say(call(3, "echo", { name: "hangs" }));
  await until(() => seen.length === 4, { what: "it is sent again" });
  expect(new Set(seen.map(({ id }) => id)).size).toBe(4);
  bare.say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 3, reason: "enough" } });
  const cancelled = (): unknown[] =>
    far.requests.flatMap(({ message: { method, params } }) =>
      method === "notifications/cancelled" ? [params?.["requestId"]] : [],
    );
  await until(() => cancelled().length === 2, { what: "both are cancelled" });
  expect(new Set(cancelled())).toEqual(new Set([3, seen[3]?.id]));
});

test("an initialize whose answer breaks off is fetched, or begun anew when the server has forgotten it", async () => {
  let begun = 0;
  const said = {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "far", version: "1" },
  };
  await using far = await farServer((request, response) => {
    const { method, headers, message } = request;
    if (message.method === "initialize") {
      response.setHeader("Mcp-Session-Id", `session-${++begun}`);
      return breakAfter(response, "id: e-1\ndata: \n\n");
    }
    if (method !== "GET" || headers["last-event-id"] === undefined) return false;
    const isKnown = headers["mcp-session-id"] === "session-2";
    if (!isKnown) json(response, { error: "no such session" }, 404);
    else response.writeHead(200, EVENTS).write(event("e-2", { jsonrpc: "2.0", id: "init", result: said }));
    return true;
  });
  await using bare = bareConnect([far.url, "--retry-delay", "20ms"]);
  bare.say(INITIALIZE);
  expect(await bare.answerTo("init")).toMatchObject({ result: said });
  bare.say(INITIALIZED, call(1, "write"));
  expect(await bare.answerTo(1)).toHaveProperty("result");
  const last = far.requests.find(({ message }) => message.id === 1);
  expect(last?.headers).toMatchObject({ "mcp-session-id": "session-2", "mcp-protocol-version": "2025-11-25" });
});

test("a session over HTTP+SSE whose stream is cut before the answer to initialize is begun anew", async () => {
  let streams = 0;
  let stream: ServerResponse | undefined;
  await using far = await farServer((request, response) => {
    const { method, path, message } = request;
    if (method === "GET") {
      stream = response;
      response.writeHead(200, EVENTS).write(`event: endpoint\ndata: /messages?stream=${++streams}\n\n`);
      return true;
    }
    if (!path.startsWith("/messages")) {
      response.writeHead(404).end();
      return true;
    }
    response.writeHead(202).end();
    if (message.method !== "initialize") return true;
    const said = { protocolVersion: "2024-11-05", capabilities: {}, serverInfo: { name: "far", version: "1" } };
    if (streams < 3) stream?.destroy();
    else stream?.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, result: said })}\n\n`);
    return true;
  });
  await using bare = bareConnect([far.url, "--retry-delay", "20ms"]);
  bare.say(INITIALIZE);
  expect(await bare.answerTo("init")).toHaveProperty("result.serverInfo.name", "far");
  expect(streams).toBe(3);
});

import * as v2 from "@modelcontextprotocol/client";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { everythingAt, remoteFixture, type RemoteServer } from "../helpers/remote-server.ts";
import { RestClient, textIn as restTextIn } from "../helpers/rest-client.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// Clients of one revision on servers elsewhere that speak another: what is translated is sent with the headers of its new revision.

const WATCHED = "test://watched";

let modern: RemoteServer;
let streamable: RemoteServer;
let sse: RemoteServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  [modern, streamable, sse] = await Promise.all([
    remoteFixture("modern-http"),
    everythingAt("streamableHttp"),
    everythingAt("sse"),
  ]);
  gateway = await startGateway({
    rest: { sessionless: "oneshot" },
    servers: {
      modern: { url: `${modern.url}/mcp` },
      streamable: { url: `${streamable.url}/mcp` },
      events: { type: "sse", url: `${sse.url}/sse` },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([modern, streamable, sse].map((remote) => remote[Symbol.asyncDispose]()));
});

const transports = {
  "Streamable HTTP": (url: string) => new StreamableHTTPClientTransport(new URL(`${url}/mcp`)),
  "HTTP+SSE": (url: string) => new SSEClientTransport(new URL(`${url}/sse`)),
};

describe.each(Object.keys(transports) as (keyof typeof transports)[])(
  "the SDK v1 client on %s, whose server speaks MCP 2026-07-28 only",
  (name) => {
    const connect = (capabilities = {}): Promise<SdkClient> =>
      connectSdk(transports[name](`${gateway.url}/modern`), { options: { capabilities } });

    test("lists tools, calls them, hears their progress, and is asked", async () => {
      await using client = await connect({ elicitation: {} });
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
      expect((await client.listTools()).tools.map((tool) => tool.name)).toContain("where");
      const call = async (tool: string, args = {}): Promise<string> =>
        textIn(await client.callTool({ name: tool, arguments: args }));
      expect(await call("echo", { message: "hi" })).toBe("hi");
      expect(await call("where", { region: "Zürich" })).toBe("in Zürich");
      expect(await call("ask")).toBe("Hello, Ada");
      const steps: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
      await client.callTool({ name: "count", arguments: { steps: 3 } }, undefined, { onprogress });
      expect(steps.slice(0, 2)).toEqual([1, 2]);
    });

    test("cancels a call", async () => {
      await using client = await connect();
      const cancelled = async (): Promise<number> =>
        Number(textIn(await client.callTool({ name: "cancelled", arguments: {} })));
      const before = await cancelled();
      const abort = new AbortController();
      const call = client.callTool({ name: "hang", arguments: {} }, undefined, { signal: abort.signal });
      await client.callTool({ name: "echo", arguments: { message: "x" } });
      abort.abort("enough");
      await expect(call).rejects.toThrow("enough");
      await until(async () => (await cancelled()) > before, { what: "the server has heard of it" });
    });

    test("subscribes to a resource, and hears of its changes", async () => {
      await using client = await connect();
      const updated: string[] = [];
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
      await client.subscribeResource({ uri: WATCHED });
      await client.callTool({ name: "touch", arguments: {} });
      expect(await until(() => updated[0], { what: "the client hears of the change" })).toBe(WATCHED);
      await client.unsubscribeResource({ uri: WATCHED });
    });
  },
);

test("a caller of REST calls the tools of a server elsewhere that speaks MCP 2026-07-28 only", async () => {
  const rest = new RestClient(gateway.url);
  expect(restTextIn(await rest.call("modern/echo", { message: "hi" }))).toBe("hi");
  expect(restTextIn(await rest.call("modern/where", { region: "north" }))).toBe("in north");
});

describe.each(["streamable", "events"])("the SDK v2 client, whose server (%s) is of an older revision", (server) => {
  async function connect(capabilities: v2.ClientCapabilities = {}) {
    const versionNegotiation = { mode: { pin: "2026-07-28" } };
    const client = new v2.Client({ name: "modern", version: "1" }, { capabilities, versionNegotiation });
    await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/${server}`)));
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
  }

  test("lists, calls, reads, gets and completes, hears progress, and is asked", async () => {
    await using client = await connect({ elicitation: { form: {} }, sampling: {} });
    client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada", check: true } }));
    client.setRequestHandler("sampling/createMessage", () => ({
      role: "assistant",
      model: "none",
      content: { type: "text", text: "forty-two" },
    }));
    const call = async (name: string, args = {}): Promise<string> =>
      textIn(await client.callTool({ name, arguments: args }));
    expect(await call("echo", { message: "hi" })).toBe("Echo: hi");
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    const uri = "demo://resource/dynamic/text/1";
    expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
    const { messages } = await client.getPrompt({ name: "args-prompt", arguments: { city: "Paris" } });
    expect(JSON.stringify(messages)).toContain("Paris");
    const steps: number[] = [];
    const long = { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } };
    await client.callTool(long, { onprogress: ({ progress }) => void steps.push(progress) });
    expect(steps).toEqual([1, 2, 3]);
    expect(await call("trigger-elicitation-request")).toContain("Ada");
    expect(await call("trigger-sampling-request", { prompt: "?", maxTokens: 5 })).toContain("forty-two");
  });

  test("hears the updates of the resource that it listens to", async () => {
    await using client = await connect();
    const updated: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
    const uri = "demo://resource/dynamic/text/2";
    const listening = await client.listen({ resourceSubscriptions: [uri] });
    await client.callTool({ name: "toggle-subscriber-updates", arguments: {} });
    expect(await until(() => updated[0], { what: "the update is heard", deadlineMs: 10_000 })).toBe(uri);
    await client.callTool({ name: "toggle-subscriber-updates", arguments: {} });
    await listening.close();
  });
});

test("a client of MCP 2026-07-28 does not notice that a server elsewhere was started again, unless a call of it waits", async () => {
  const versionNegotiation = { mode: { pin: "2026-07-28" } };
  const capabilities = { elicitation: { form: {} } };
  const client = new v2.Client({ name: "modern", version: "1" }, { capabilities, versionNegotiation });
  let asked = 0;
  let answer: (() => void) | undefined;
  client.setRequestHandler("elicitation/create", async () => {
    asked++;
    await new Promise<void>((resolve) => (answer = resolve));
    return { action: "accept", content: { name: "Ada", check: true } };
  });
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/streamable`)));
  await using _closed = { [Symbol.asyncDispose]: () => client.close() };
  const echo = async (message: string): Promise<string> =>
    textIn(await client.callTool({ name: "echo", arguments: { message } }));
  expect(await echo("before")).toBe("Echo: before");
  await streamable.kill("SIGKILL");
  await streamable.start();
  const refusals: string[] = [];
  const tried = async (message: string): Promise<boolean> => {
    const said = await echo(message).catch((error: Error) => error.message);
    if (said === `Echo: ${message}`) return true;
    refusals.push(said);
    return false;
  };
  await until(() => tried("after"), { what: "the server is called again" });
  const waiting = client.callTool({ name: "trigger-elicitation-request", arguments: {} });
  waiting.catch(() => undefined);
  await until(() => asked === 1, { what: "the client is asked" });
  await streamable.kill("SIGKILL");
  await streamable.start();
  answer?.();
  await expect(waiting).rejects.toThrow(/forgotten|cannot be reached|requestState/);
  await until(() => tried("again"), { what: "the next call passes" });
  // The server could not be reached for a moment, which is no session that was lost.
  expect(refusals.filter((refusal) => !refusal.includes("circuit_open"))).toEqual([]);
});

import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../helpers/children.ts";
import { fixture, realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { everythingAt, type RemoteServer } from "../helpers/remote-server.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// Remote servers that are not ours, and the gateway itself as one; behind every transport in front.

let streamable: RemoteServer;
let sse: RemoteServer;
let other: GatewayProcess;
let gateway: GatewayProcess;

beforeAll(async () => {
  const stdio = {
    everything: realServer("server-everything"),
    asks: fixture("asks-the-client"),
    hangs: fixture("never-answers"),
    echo: fixture("echo"),
    ids: fixture("big-ids"),
    long: fixture("long-answers"),
  };
  [streamable, sse, other] = await Promise.all([
    everythingAt("streamableHttp"),
    everythingAt("sse"),
    startGateway({ auth: { bearer: { tokens: ["token-of-the-gateway"] } }, servers: stdio }),
  ]);
  const auth = { type: "bearer", token: "token-of-the-gateway" };
  gateway = await startGateway({
    servers: {
      everything: { type: "http", url: `${streamable.url}/mcp` },
      "everything-sse": { type: "sse", url: `${sse.url}/sse` },
      "everything-guessed": { url: `${sse.url}/sse` },
      ...Object.fromEntries(
        Object.keys(stdio).flatMap((name) => [
          [`far-${name}`, { url: `${other.url}/${name}/mcp`, auth }],
          [`far-${name}-sse`, { type: "sse", url: `${other.url}/${name}/sse`, auth }],
        ]),
      ),
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([streamable, sse, other].map((one) => one[Symbol.asyncDispose]()));
});

const fronts: Record<string, (server: string) => Transport> = {
  "Streamable HTTP": (server) => new StreamableHTTPClientTransport(new URL(`${gateway.url}/${server}/mcp`)),
  "HTTP+SSE": (server) => new SSEClientTransport(new URL(`${gateway.url}/${server}/sse`)),
};

const EVERYTHING = ["everything", "everything-sse", "everything-guessed", "far-everything", "far-everything-sse"];

describe.each(Object.keys(fronts))("over %s,", (front) => {
  const connect = (server: string, capabilities = {}): Promise<SdkClient> => {
    const transport = fronts[front]?.(server);
    if (transport === undefined) throw new Error("no such transport");
    return connectSdk(transport, { options: { capabilities } });
  };

  test.each(EVERYTHING)("%s has tools, resources with subscriptions, prompts and completion", async (server) => {
    await using client = await connect(server);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("echo");
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("Echo: hi");
    await expect(client.callTool({ name: "nope" })).resolves.toMatchObject({ isError: true });

    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain("args-prompt");
    const { messages } = await client.getPrompt({ name: "args-prompt", arguments: { city: "Paris" } });
    expect(JSON.stringify(messages)).toContain("Paris");
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    });
    expect(completion.values).toEqual(["Engineering"]);

    const uri = "demo://resource/dynamic/text/1";
    const { contents } = await client.readResource({ uri });
    expect(contents[0]).toMatchObject({ uri });
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    await client.subscribeResource({ uri });
    await client.callTool({ name: "toggle-subscriber-updates" });
    await until(() => updated.includes(uri), { what: "the client hears of the change", deadlineMs: 20_000 });
  });

  test.each(EVERYTHING)("%s asks for samples, words and roots, and tells progress", async (server) => {
    await using client = await connect(server, { sampling: {}, elicitation: {}, roots: { listChanged: true } });
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
      model: "none",
      role: "assistant",
      content: { type: "text", text: `sampled: ${JSON.stringify(params.messages[0]?.content)}` },
    }));
    client.setRequestHandler(ElicitRequestSchema, () => ({
      action: "accept",
      content: { name: "Ada", check: true, integer: 7 },
    }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home/ada", name: "home" }] }));
    const sample = { name: "trigger-sampling-request", arguments: { prompt: "six times seven", maxTokens: 10 } };
    expect(textIn(await onceListed(client, sample.name, () => client.callTool(sample)))).toMatch(/sampled: .*seven/s);
    const words = { name: "trigger-elicitation-request", arguments: {} };
    const { content } = await onceListed(client, words.name, () => client.callTool(words));
    expect(JSON.stringify(content)).toContain("Ada");
    const roots = { name: "get-roots-list", arguments: {} };
    await until(
      async () => textIn(await onceListed(client, roots.name, () => client.callTool(roots))).includes("ada"),
      {
        what: "the server has the roots",
      },
    );

    const steps: unknown[] = [];
    const long = { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } };
    const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
    expect(textIn(await client.callTool(long, undefined, { onprogress }))).toContain("completed");
    // The SDK's SSE client drops a progress that it reads together with the answer.
    expect(steps.slice(0, 2)).toEqual([1, 2]);
  });

  test.each(["far-hangs", "far-hangs-sse"])("a call of %s that is cancelled is cancelled there", async (server) => {
    await using client = await connect(server);
    const cancelled = async (): Promise<unknown[]> =>
      JSON.parse(textIn(await client.callTool({ name: "cancelled" }))) as unknown[];
    const abort = new AbortController();
    const call = client.callTool({ name: "hang" }, undefined, { signal: abort.signal });
    expect(await cancelled()).toEqual([]);
    abort.abort("changed my mind");
    await expect(call).rejects.toThrow("changed my mind");
    await until(async () => (await cancelled()).length === 1, { what: "the server has heard of it" });
  });

  test.each(["far-echo", "far-echo-sse"])("%s hears of a log level, and ends with its session", async (server) => {
    await using client = await connect(server);
    const logged: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
    await client.setLoggingLevel("debug");
    expect(textIn(await client.callTool({ name: "log", arguments: { text: "to the log" } }))).toBe("logged");
    await until(() => logged.includes("to the log"), { what: "the client hears the log" });
    const pid = Number(textIn(await client.callTool({ name: "pid" })));
    const { transport } = client;
    if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
    else await client.close();
    await until(() => !isAlive(pid), { what: "the process behind the other gateway has ended", deadlineMs: 20_000 });
  });

  test.each(["far-asks", "far-asks-sse"])(
    "%s asks with ids that are those of calls, several at once",
    async (server) => {
      await using client = await connect(server, { sampling: {}, elicitation: {}, roots: {} });
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: "decline" }));
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///x" }] }));
      const names = ["ask-elicitation", "ask-roots", "ask-ping", "ask-roots"];
      const answers = await Promise.all(names.map(async (name) => JSON.parse(textIn(await client.callTool({ name })))));
      const rooted = { roots: [{ uri: "file:///x" }] };
      expect(answers.map(({ result }) => result)).toEqual([{ action: "decline" }, rooted, {}, rooted]);
    },
  );
});

test.each(EVERYTHING)("REST calls a tool of %s, the document describes it, and the page shows it", async (server) => {
  const rest = new RestClient(gateway.url);
  expect((await rest.call(`${server}/echo`, { message: "by REST" })).text).toContain("by REST");
  expect(await rest.call(`${server}/echo`, {})).toMatchObject({ status: 422 });
  const document = await rest.ask(`/api/${server}/openapi.json`);
  expect(Object.keys(document.json["paths"] ?? {})).toContain("/echo");
  expect((await rest.ask("/docs")).text).toContain(server);
});

/** server-everything registers some tools only after `initialized`. */
async function onceListed<T>(client: SdkClient, tool: string, use: () => Promise<T>): Promise<T> {
  await until(async () => (await client.listTools()).tools.some(({ name }) => name === tool), {
    what: `${tool} is there`,
  });
  return use();
}

import { createMCPClient } from "@ai-sdk/mcp";
import * as v2 from "@modelcontextprotocol/client";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn as restTextIn } from "../helpers/rest-client.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// Clients of earlier revisions, as published, on a server that speaks MCP 2026-07-28 only.

const modernOnly = (more: object = {}) => fixture("conformance-v2", { env: { CONFORMANCE_ERA: "modern" }, ...more });
const ASKABLE = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
const WATCHED = "test://watched-resource";

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    logging: { level: "debug" },
    limits: { request: "2s", requestMax: "3s", start: "5s" },
    rest: { sessionless: "oneshot" },
    servers: {
      modern: modernOnly(),
      set: modernOnly({ era: "modern" }),
      wrong: fixture("echo", { era: "modern" }),
      rubbish: fixture("modern-rubbish"),
      silent: fixture("never-initializes", { era: "modern" }),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const transports = {
  "Streamable HTTP": (url: string) => new StreamableHTTPClientTransport(new URL(`${url}/mcp`)),
  "HTTP+SSE": (url: string) => new SSEClientTransport(new URL(`${url}/sse`)),
};

describe.each(Object.keys(transports) as (keyof typeof transports)[])("the SDK v1 client on %s", (name) => {
  const connect = (options: ClientOptions = {}, server = "modern"): Promise<SdkClient> =>
    connectSdk(transports[name](`${gateway.url}/${server}`), { options });

  test.each(["modern", "set"])("initializes, lists and calls on the server %s", async (server) => {
    await using client = await connect({}, server);
    expect(client.getServerVersion()).toEqual({ name: "conformance-v2", version: "1.0.0" });
    expect(client.getInstructions()).toBe("Call test_simple_text.");
    expect(client.getServerCapabilities()).toMatchObject({ logging: {}, resources: { subscribe: true } });
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toContain("test_simple_text");
    const results = await Promise.all(tools.slice(0, 5).map(() => client.callTool({ name: "test_simple_text" })));
    expect(new Set(results.map(textIn))).toEqual(new Set(["This is a simple text response for testing."]));
    expect(await client.ping()).toEqual({});
    await expect(client.callTool({ name: "no-such-tool" })).rejects.toMatchObject({ code: -32602 });
    await expect(client.request({ method: "tasks/list" }, v1Any)).rejects.toMatchObject({ code: -32601 });
  });

  test("is asked by elicitation, sampling and roots, several at once and one after the other", async () => {
    await using client = await connect({ capabilities: ASKABLE });
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      const { properties } = "requestedSchema" in params ? params.requestedSchema : { properties: {} };
      const content = Object.fromEntries(Object.keys(properties).map((key) => [key, "Ada"]));
      return { action: "accept", content };
    });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: "none",
      role: "assistant",
      content: { type: "text", text: "Hello" },
    }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home/ada" }] }));
    const call = async (tool: string, args = {}): Promise<string> =>
      textIn(await client.callTool({ name: tool, arguments: args }));
    expect(
      await Promise.all([
        call("test_input_required_result_multiple_inputs"),
        call("test_input_required_result_multi_round"),
        call("test_input_required_result_request_state"),
        call("test_input_required_result_list_roots"),
        call("test_sampling", { prompt: "say hello" }),
      ]),
    ).toEqual(["Hello Ada: file:///home/ada", "Ada likes Ada", "state-ok", "file:///home/ada", "LLM response: Hello"]);
    const { messages } = await client.getPrompt({ name: "test_input_required_result_prompt" });
    expect(JSON.stringify(messages)).toContain("In the context of Ada");
    await client.sendRootsListChanged();
    const endless = client.callTool({ name: "always_asks" });
    await expect(endless).rejects.toThrow("more than 20 requests for input in one call");
  });

  test("that declared nothing is not asked, and that refuses fails its call only", async () => {
    await using silent = await connect();
    const asked = silent.callTool({ name: "test_elicitation", arguments: { message: "m" } });
    await expect(asked).rejects.toMatchObject({ code: 40900, data: { reason: "input_required" } });
    await using refusing = await connect({ capabilities: { sampling: {} } });
    refusing.setRequestHandler(CreateMessageRequestSchema, () => {
      throw new Error("not today");
    });
    const refused = refusing.callTool({ name: "test_sampling", arguments: { prompt: "p" } });
    await expect(refused).rejects.toThrow("not today");
    expect(textIn(await refusing.callTool({ name: "test_simple_text" }))).toContain("simple text");
  });

  test("that never answers has an error when its time is over, and the question is taken back", async () => {
    await using client = await connect({ capabilities: ASKABLE });
    let isWithdrawn = false;
    client.setRequestHandler(ElicitRequestSchema, (_request, { signal }) => {
      signal.addEventListener("abort", () => (isWithdrawn = true));
      return new Promise(() => undefined);
    });
    const call = client.callTool({ name: "test_elicitation", arguments: { message: "m" } });
    await expect(call).rejects.toMatchObject({ data: { reason: "call_timeout", limit: "limits.requestMax" } });
    await until(() => isWithdrawn, { what: "the question is taken back" });
    expect(textIn(await client.callTool({ name: "test_simple_text" }))).toContain("simple text");
  });

  test("that leaves while it is asked leaves nothing behind", async () => {
    await using own = await startGateway({ servers: { modern: modernOnly() } });
    const transport = transports[name](`${own.url}/modern`);
    const client = await connectSdk(transport, { options: { capabilities: ASKABLE } });
    const leave = async (): Promise<never> => {
      if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
      await client.close();
      throw new Error("gone");
    };
    client.setRequestHandler(ElicitRequestSchema, leave);
    const call = client.callTool({ name: "test_elicitation", arguments: { message: "m" } });
    await expect(call).rejects.toThrow(/Connection closed|terminated|gone|abort|session ended|session_ended/i);
    await until(() => own.children("modern").length === 0, { what: "its process is gone", deadlineMs: 7_000 });
  });

  test("may give a very long answer", async () => {
    await using client = await connect({ capabilities: ASKABLE });
    const long = "é".repeat(1_000_000);
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: long } }));
    const result = await client.callTool({ name: "test_input_required_result_elicitation" });
    expect(textIn(result)).toBe(`Hello, ${long}!`);
  });

  test("hears progress and the log, at the level that it wants", async () => {
    await using client = await connect();
    const logged: unknown[] = [];
    const steps: number[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
    await client.callTool({ name: "test_tool_with_logging" });
    await until(() => logged.length === 3, { what: "the client hears the log" });
    await client.setLoggingLevel("error");
    await client.callTool({ name: "test_tool_with_logging" });
    const options = { onprogress: ({ progress }: { progress: number }) => void steps.push(progress) };
    await client.callTool({ name: "test_tool_with_progress" }, undefined, options);
    // The client may take the last one for late when the result is right behind it.
    expect([logged.length, steps.slice(0, 2)]).toEqual([3, [0, 50]]);
  });

  test("cancels a call, and the server is told", async () => {
    await using client = await connect();
    const before = cancellations();
    const abort = new AbortController();
    const call = client.callTool({ name: "waits_for_its_cancellation" }, undefined, { signal: abort.signal });
    await client.callTool({ name: "test_simple_text" });
    abort.abort("changed my mind");
    await expect(call).rejects.toThrow("changed my mind");
    await until(() => cancellations() === before + 1, { what: "the server has heard of it" });
  });

  test("reads and watches resources, gets prompts, and has arguments completed", async () => {
    await using client = await connect();
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    expect((await client.listResources()).resources).toHaveLength(3);
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(1);
    const { contents } = await client.readResource({ uri: "test://static-text" });
    expect(contents).toMatchObject([{ text: "This is the content of the static text resource." }]);
    await client.subscribeResource({ uri: WATCHED });
    await client.callTool({ name: "test_trigger_resource_update" });
    await until(() => updated.length === 1, { what: "the client hears of the change" });
    await client.unsubscribeResource({ uri: WATCHED });
    await client.subscribeResource({ uri: "test://static-text" });
    await client.callTool({ name: "test_trigger_resource_update" });
    expect((await client.listPrompts()).prompts.length).toBeGreaterThan(3);
    const { messages } = await client.getPrompt({ name: "test_simple_prompt" });
    expect(messages).toHaveLength(1);
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "test_prompt_with_arguments" },
      argument: { name: "arg1", value: "par" },
    });
    expect(completion.values).toEqual(["paris", "park", "party"]);
    expect(updated).toEqual([WATCHED]);
  });

  test("hears that lists have changed", async () => {
    await using client = await connect();
    const changed: string[] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changed.push("tools"));
    client.setNotificationHandler(PromptListChangedNotificationSchema, () => void changed.push("prompts"));
    // The subscription begins with `initialized`, for which a client does not wait.
    await until(() => client.callTool({ name: "test_trigger_tool_change" }).then(() => changed.length > 0), {
      what: "the client hears of the tools",
    });
    await client.callTool({ name: "test_trigger_prompt_change" });
    await until(() => changed.includes("prompts"), { what: "the client hears of the prompts" });
    expect(new Set(changed)).toEqual(new Set(["tools", "prompts"]));
  });

  test("goes on with another process: log level and subscriptions hold", async () => {
    await using own = await startGateway({ servers: { modern: modernOnly({ warm: 1 }) } });
    await using client = await connectSdk(transports[name](`${own.url}/modern`), {
      options: { capabilities: ASKABLE },
    });
    const logged: unknown[] = [];
    const updated: string[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
    await client.setLoggingLevel("error");
    await client.subscribeResource({ uri: WATCHED });
    for (const tool of ["exits", "exits_when_answered"]) {
      await expect(client.callTool({ name: tool })).rejects.toMatchObject({ data: { reason: "process_exited" } });
      await client.callTool({ name: "test_tool_with_logging" });
    }
    await client.callTool({ name: "test_trigger_resource_update" });
    await until(() => updated.length === 1, { what: "the client hears of the change" });
    expect(logged).toEqual([]);
  });
});

describe("other clients", () => {
  test("the AI SDK client lists tools and calls one", async () => {
    const client = await createMCPClient({ transport: { type: "http", url: `${gateway.url}/modern/mcp` } });
    try {
      const { test_simple_text: tool } = await client.tools();
      expect(textIn(await tool?.execute({}, { toolCallId: "1", messages: [] }))).toContain("simple text");
    } finally {
      await client.close();
    }
  });

  test("the SDK v2 client in legacy mode lists, calls, and is asked", async () => {
    const capabilities = { elicitation: {} };
    const client = new v2.Client(
      { name: "v2", version: "1" },
      { capabilities, versionNegotiation: { mode: "legacy" } },
    );
    client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada" } }));
    await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/modern/mcp`)));
    try {
      expect((await client.listTools()).tools.length).toBeGreaterThan(20);
      expect(textIn(await client.callTool({ name: "test_input_required_result_elicitation" }))).toBe("Hello, Ada!");
    } finally {
      await client.close();
    }
  });

  test("a server that is configured as modern and is not refuses initialize in its own words", async () => {
    const connecting = connectSdk(transports["Streamable HTTP"](`${gateway.url}/wrong`));
    await expect(connecting).rejects.toMatchObject({ code: -32601 });
  });

  test("the era is found out once, without a process of its own", async () => {
    await using own = await startGateway({ servers: { modern: modernOnly() } });
    const clients = await Promise.all(
      Array.from({ length: 4 }, () => connectSdk(transports["Streamable HTTP"](`${own.url}/modern`))),
    );
    expect(own.children("modern")).toHaveLength(4);
    expect(own.log().match(/speaks MCP 2026-07-28 only/g)).toHaveLength(1);
    await Promise.all(clients.map((client) => client.close()));
  });
});

describe("a server that is modern in its own way", () => {
  const connect = (capabilities: object): Promise<SdkClient> =>
    connectSdk(transports["Streamable HTTP"](`${gateway.url}/rubbish`), { options: { capabilities } });

  test("is found to be modern although it only says that it does not know initialize", async () => {
    await using client = await connect({});
    expect(client.getServerVersion()).toEqual({ name: "modern-rubbish", version: "1" });
    expect(client.getServerCapabilities()).toEqual({ tools: { listChanged: true } });
    expect(textIn(await client.callTool({ name: "says" }))).toBe("hello");
  });

  test.each([
    ["asks_unknown", "input_required"],
    ["asks_nothing", "protocol_violation"],
    ["asks_a_number", "protocol_violation"],
    ["asks_for_ever", "protocol_violation"],
    ["asks_and_exits", "process_exited"],
  ])("fails a call of %s with %s, and no other", async (name, reason) => {
    await using client = await connect({ elicitation: {} });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "decline" }));
    await expect(client.callTool({ name })).rejects.toMatchObject({ data: { reason } });
    expect(textIn(await client.callTool({ name: "says" }))).toBe("hello");
    expect(textIn(await client.callTool({ name: "asks" }))).toBe('{"name":{"action":"decline"}}');
    expect(textIn(await client.callTool({ name: "asks_twice" }))).toBe("done");
  });

  test("and answers nothing at all is given up when its time to start is over", async () => {
    const connecting = connectSdk(transports["Streamable HTTP"](`${gateway.url}/silent`));
    await expect(connecting).rejects.toMatchObject({ data: { reason: "start_timeout", limit: "limits.start" } });
    await until(() => gateway.children("silent").length === 0, { what: "its process is gone", deadlineMs: 7_000 });
  });
});

describe("REST", () => {
  const rest = (): RestClient => new RestClient(gateway.url);

  test("lists the tools, calls them with and without a session, and streams their progress", async () => {
    const listed = await rest().ask("/api/modern");
    expect([listed.status, listed.text]).toEqual([200, expect.stringContaining("test_tool_with_progress")]);
    expect(restTextIn(await rest().call("modern/test_simple_text", {}))).toContain("simple text");
    const oneshot = await rest().ask("/api/modern/test_simple_text", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(oneshot.status).toBe(200);
    const stream = await (await rest().stream("modern/test_tool_with_progress", {})).over();
    expect(stream.events.map(({ event }) => event)).toEqual(["progress", "progress", "progress", "result"]);
  });

  test("answers a call that needs input with a 409 that has what was asked", async () => {
    const needs = (members: object): object => problem(409, "input_required", { retryable: false, ...members });
    const sessionId = newId();
    expect(await rest().call("rubbish/asks", {}, { sessionId })).toMatchObject(
      needs({ inputRequests: { name: { method: "elicitation/create", params: { message: "Name?" } } } }),
    );
    const lacking = (requiredCapabilities: object): object =>
      needs({ rpc: { code: -32021, data: { requiredCapabilities } } });
    expect(await rest().call("modern/test_elicitation", { message: "m" }, { sessionId })).toMatchObject(
      lacking({ elicitation: {} }),
    );
    expect(await rest().call("modern/test_missing_capability", {}, { sessionId })).toMatchObject(
      lacking({ sampling: {} }),
    );
    expect(await rest().call("modern/no_such_tool", {}, { sessionId })).toMatchObject({ status: 404 });
    expect(restTextIn(await rest().call("modern/test_simple_text", {}, { sessionId }))).toContain("simple text");
  });
});

const v1Any = { parse: (value: unknown) => value, safeParse: (data: unknown) => ({ success: true, data }) } as never;

const cancellations = (): number => gateway.log().match(/the call was cancelled/g)?.length ?? 0;

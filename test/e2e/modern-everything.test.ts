import { createMCPClient, ElicitationRequestSchema, type MCPClient } from "@ai-sdk/mcp";
import * as v2 from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// The reference server, which is of an older revision, with all that it offers: for clients of MCP 2026-07-28, and for the AI SDK.

const TEXT = "demo://resource/dynamic/text/1";
const TOKENS = Array.from({ length: 20 }, (_, index) => `token-of-caller-number-${index}`);

let gateway: GatewayProcess;
let used = 0;

beforeAll(async () => {
  gateway = await startGateway({
    logging: { level: "debug" },
    auth: { bearer: { tokens: TOKENS } },
    servers: {
      everything: realServer("server-everything"),
      modern: fixture("conformance-v2", { env: { CONFORMANCE_ERA: "modern" } }),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Of a caller who has not been there, and whose process has no state yet. */
const newHeaders = (): { Authorization: string } => ({ Authorization: `Bearer ${TOKENS[used++ % TOKENS.length]}` });

type Client = v2.Client & AsyncDisposable;
type Mode = "auto" | { readonly pin: string };

describe.each<[string, Mode]>([
  ["auto", "auto"],
  ["pinned to 2026-07-28", { pin: "2026-07-28" }],
])("the SDK v2 client (%s)", (_name, mode) => {
  async function connect(capabilities: v2.ClientCapabilities = {}, before?: (client: v2.Client) => void) {
    const client = new v2.Client({ name: "modern", version: "1" }, { capabilities, versionNegotiation: { mode } });
    before?.(client);
    await client.connect(
      new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/everything`), {
        requestInit: { headers: newHeaders() },
      }),
    );
    expect(client.getProtocolEra()).toBe("modern");
    const own: Client = Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
    return own;
  }

  test("lists tools, and calls one for text, an image, links and structured content", async () => {
    await using client = await connect();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["echo", "get-sum", "get-tiny-image"]));
    const call = (name: string, args = {}) => client.callTool({ name, arguments: args });
    expect(textIn(await call("get-sum", { a: 2, b: 3 }))).toContain("5");
    expect(JSON.stringify((await call("get-tiny-image")).content)).toContain("image/png");
    expect(JSON.stringify((await call("get-resource-links", { count: 2 })).content)).toContain("resource_link");
    const { structuredContent } = await call("get-structured-content", { location: "Chicago" });
    expect(structuredContent).toMatchObject({ temperature: expect.any(Number) });
    expect(await call("echo", { message: 5 })).toMatchObject({ isError: true });
  });

  test("reads resources, and hears the updates of the one that it listens to", async () => {
    const updated: string[] = [];
    await using client = await connect({}, (own) =>
      own.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri)),
    );
    expect((await client.listResources()).resources.length).toBeGreaterThan(0);
    expect((await client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(1);
    const { contents } = await client.readResource({ uri: TEXT });
    expect(contents[0]).toMatchObject({ uri: TEXT, text: expect.any(String) });
    const listening = await client.listen({ resourceSubscriptions: [TEXT] });
    expect(listening.honoredFilter).toMatchObject({ resourceSubscriptions: [TEXT] });
    await client.callTool({ name: "toggle-subscriber-updates", arguments: {} });
    await until(() => updated.length > 0, { what: "the update is heard", deadlineMs: 10_000 });
    expect(new Set(updated)).toEqual(new Set([TEXT]));
    await client.callTool({ name: "toggle-subscriber-updates", arguments: {} });
    await listening.close();
  });

  test("lists and gets prompts, and has the arguments of a prompt and of a resource completed", async () => {
    await using client = await connect();
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain("completable-prompt");
    const { messages } = await client.getPrompt({ name: "args-prompt", arguments: { city: "Paris" } });
    expect(JSON.stringify(messages)).toContain("Paris");
    const complete = async (ref: v2.CompleteRequestParams["ref"], name: string, value: string, context = {}) => {
      const { completion } = await client.complete({ ref, argument: { name, value }, context: { arguments: context } });
      return completion.values;
    };
    const prompt = { type: "ref/prompt", name: "completable-prompt" } as const;
    expect(await complete(prompt, "department", "S")).toEqual(["Sales", "Support"]);
    expect(await complete(prompt, "name", "", { department: "Sales" })).toEqual(["David", "Eve", "Frank"]);
    const template = { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" } as const;
    expect(await complete(template, "resourceId", "7")).toEqual(["7"]);
  });

  test("hears the progress of a call, and cancels another", async () => {
    await using client = await connect();
    const steps: unknown[] = [];
    const long = (duration: number) => ({ name: "trigger-long-running-operation", arguments: { duration, steps: 3 } });
    const onprogress = ({ progress, total }: v2.Progress): void => void steps.push([progress, total]);
    expect(textIn(await client.callTool(long(0.3), { onprogress }))).toContain("completed");
    expect(steps).toEqual([1, 2, 3].map((step) => [step, 3]));
    const before = gateway.log().split("tools/call ended: cancelled").length;
    const given = new AbortController();
    const call = client.callTool(long(60), { signal: given.signal, onprogress: () => undefined });
    call.catch(() => undefined);
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "meanwhile" } }))).toContain("meanwhile");
    given.abort("enough");
    await expect(call).rejects.toThrow("enough");
    await until(() => gateway.log().split("tools/call ended: cancelled").length > before, { what: "it is cancelled" });
  });

  test("hears the log of the call that asks for it, and of no other", async () => {
    const logged: unknown[] = [];
    await using client = await connect({}, (own) =>
      own.setNotificationHandler("notifications/message", ({ params }) => void logged.push(params.data)),
    );
    const toggle = (_meta?: Record<string, unknown>) =>
      client.callTool({ name: "toggle-simulated-logging", arguments: {}, ...(_meta && { _meta }) });
    await toggle();
    await toggle();
    expect(logged).toEqual([]);
    await toggle({ "io.modelcontextprotocol/logLevel": "debug" });
    await until(() => logged.length > 0, { what: "the log is heard" });
    await toggle();
  });

  test("is asked for a sample, for its user's words and for its roots", async () => {
    const asked: string[] = [];
    await using client = await connect({ elicitation: { form: {} }, sampling: {}, roots: {} }, (own) => {
      own.setRequestHandler("elicitation/create", () => {
        asked.push("elicitation");
        return { action: "accept", content: { name: "Ada", check: true, integer: 7 } };
      });
      own.setRequestHandler("sampling/createMessage", ({ params }) => {
        asked.push("sampling");
        const text = `sampled: ${JSON.stringify(params.messages[0]?.content)}`;
        return { role: "assistant", model: "none", content: { type: "text", text } };
      });
      own.setRequestHandler("roots/list", () => {
        asked.push("roots");
        return { roots: [{ uri: "file:///home/ada", name: "home" }] };
      });
    });
    const call = async (name: string, args = {}): Promise<string> =>
      textIn(await client.callTool({ name, arguments: args }));
    expect(await call("trigger-elicitation-request")).toContain("Ada");
    const sample = { prompt: "six times seven", maxTokens: 10 };
    expect(await call("trigger-sampling-request", sample)).toMatch(/sampled: .*six times seven/s);
    await until(async () => (await call("get-roots-list")).includes("file:///home/ada"), { what: "it has the roots" });
    expect(asked.toSorted()).toEqual(["elicitation", "roots", "sampling"]);
  });

  test("that can be asked nothing sees no tools that ask", async () => {
    await using client = await connect();
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).not.toContain("trigger-elicitation-request");
    expect(names).not.toContain("trigger-sampling-request");
  });
});

describe("the AI SDK client", () => {
  async function using(server: string, use: (client: MCPClient) => Promise<void>): Promise<void> {
    const client = await createMCPClient({
      transport: { type: "http", url: `${gateway.url}/${server}/mcp`, headers: newHeaders() },
      capabilities: { elicitation: {} },
    });
    try {
      await use(client);
    } finally {
      await client.close();
    }
  }
  const call = async (client: MCPClient, name: string, args = {}): Promise<string> => {
    const tool = await until(async () => (await client.tools())[name], { what: `${name} is there` });
    return textIn(await tool.execute(args, { toolCallId: "1", messages: [] }));
  };

  test.each([
    { server: "everything", uri: TEXT, name: "args-prompt", args: { city: "one" } },
    {
      server: "modern",
      uri: "test://static-text",
      name: "test_prompt_with_arguments",
      args: { arg1: "one", arg2: "two" },
    },
  ])("on the server $server reads resources and gets prompts", ({ server, uri, name, args }) =>
    using(server, async (client) => {
      expect((await client.listResources()).resources.length).toBeGreaterThan(0);
      expect((await client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(0);
      expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
      expect((await client.experimental_listPrompts()).prompts.map((prompt) => prompt.name)).toContain(name);
      const prompt = await client.experimental_getPrompt({ name, arguments: args });
      expect(JSON.stringify(prompt.messages)).toContain("one");
    }),
  );

  test.each([
    ["everything", "trigger-elicitation-request", "Ada"],
    ["modern", "test_input_required_result_elicitation", "Hello, Ada!"],
  ])("on the server %s is asked for its user's words", (server, name, expected) =>
    using(server, async (client) => {
      client.onElicitationRequest(ElicitationRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
      expect(await call(client, name)).toContain(expected);
    }),
  );
});

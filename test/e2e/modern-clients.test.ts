import * as v2 from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// The official client of MCP 2026-07-28, on a server of an older revision and on one of its own.

const [ONE, ANOTHER] = ["token-of-one", "token-of-another"] as const;
const TOKENS = [ONE, ANOTHER];

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    logging: { level: "debug" },
    auth: { bearer: { tokens: TOKENS } },
    servers: {
      everything: realServer("server-everything"),
      v1: fixture("conformance"),
      v2: fixture("conformance-v2", { env: { CONFORMANCE_ERA: "modern" } }),
      both: fixture("conformance-v2"),
      echo: fixture("echo"),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

type Mode = "auto" | { readonly pin: string };

interface Options {
  readonly mode?: Mode;
  readonly token?: string;
  readonly capabilities?: v2.ClientCapabilities;
  readonly before?: (client: v2.Client) => void;
}

type Client = v2.Client & AsyncDisposable;

async function connect(server: string, options: Options = {}): Promise<Client> {
  const { mode = { pin: "2026-07-28" }, token = ONE, capabilities = {}, before } = options;
  const client = new v2.Client({ name: "modern", version: "1" }, { capabilities, versionNegotiation: { mode } });
  before?.(client);
  await client.connect(
    new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/${server}`), {
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
    }),
  );
  expect(client.getProtocolEra()).toBe("modern");
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

const ASKABLE = { elicitation: { form: {} }, sampling: {}, roots: {} };

/** A client that answers whatever it is asked, and how often it was asked. */
function answering(asked: string[] = []): Options {
  return {
    capabilities: ASKABLE,
    before: (client) => {
      client.setRequestHandler("elicitation/create", () => {
        asked.push("elicitation");
        return { action: "accept", content: { name: "Alice", username: "alice", email: "a@example.com" } };
      });
      client.setRequestHandler("sampling/createMessage", () => {
        asked.push("sampling");
        return { role: "assistant", model: "none", content: { type: "text", text: "Paris" } };
      });
      client.setRequestHandler("roots/list", () => {
        asked.push("roots");
        return { roots: [{ uri: "file:///work" }] };
      });
    },
  };
}

describe.each([
  ["auto", "auto"],
  ["pinned to 2026-07-28", { pin: "2026-07-28" }],
] as const)("the SDK v2 client (%s)", (_name, mode) => {
  test.each(["everything", "v1", "v2", "both", "everything/mcp"])("lists and calls the tools of %s", async (server) => {
    await using client = await connect(server, { mode });
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(5);
    const isEverything = server.startsWith("everything");
    const called = await client.callTool(
      isEverything ? { name: "echo", arguments: { message: "hi" } } : { name: "test_simple_text", arguments: {} },
    );
    expect(textIn(called)).toMatch(isEverything ? "Echo: hi" : "simple text response");
    expect(client.getServerVersion()?.name).toMatch(/everything|conformance/);
  });
});

describe.each(["v1", "v2"])("over the server %s, a client of 2026-07-28", (server) => {
  test("reads resources, gets prompts and completes", async () => {
    await using client = await connect(server);
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain("test://static-text");
    const { contents } = await client.readResource({ uri: "test://static-text" });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining("static text") });
    await expect(client.readResource({ uri: "test://nothing" })).rejects.toMatchObject({ code: -32602 });
    const prompt = { name: "test_prompt_with_arguments", arguments: { arg1: "x", arg2: "y" } };
    expect((await client.getPrompt(prompt)).messages).toHaveLength(1);
    const ref = { type: "ref/prompt", name: "test_prompt_with_arguments" } as const;
    const { completion } = await client.complete({ ref, argument: { name: "arg1", value: "par" } });
    expect(completion.values).toEqual(["paris", "park", "party"]);
  });

  test("hears the progress of a call", async () => {
    await using client = await connect(server);
    const seen: number[] = [];
    await client.callTool(
      { name: "test_tool_with_progress", arguments: {} },
      { onprogress: ({ progress }) => void seen.push(progress) },
    );
    expect(seen).toEqual([0, 50, 100]);
  });

  test("gets log messages if it asks for them, and none otherwise", async () => {
    const logged: unknown[] = [];
    const hear = (client: v2.Client): void =>
      client.setNotificationHandler("notifications/message", ({ params }) => void logged.push(params.data));
    await using client = await connect(server, { token: ANOTHER, before: hear });
    await client.callTool({ name: "test_logging_tool", arguments: {} });
    expect(logged).toEqual([]);
    const _meta = { "io.modelcontextprotocol/logLevel": "info" };
    await client.callTool({ name: "test_logging_tool", arguments: {}, _meta });
    expect(logged).toEqual(["Tool execution started", "Tool processing data", "Tool execution completed"]);
    await client.callTool({
      name: "test_logging_tool",
      arguments: {},
      _meta: { "io.modelcontextprotocol/logLevel": "error" },
    });
    expect(logged).toHaveLength(3);
  });

  test("is asked for input, and the call goes on with it", async () => {
    const asked: string[] = [];
    await using client = await connect(server, answering(asked));
    const call = async (name: string, args = {}) => textIn(await client.callTool({ name, arguments: args }));
    expect(await call("test_input_required_result_elicitation")).toBe("Hello, Alice!");
    expect(await call("test_sampling", { prompt: "The capital of France?" })).toContain("Paris");
    expect(await call("test_input_required_result_list_roots")).toBe("file:///work");
    expect(asked).toEqual(["elicitation", "sampling", "roots"]);
    expect(await call("test_input_required_result_multiple_inputs")).toContain("Paris");
    expect(asked.slice(3).toSorted()).toEqual(["elicitation", "roots", "sampling"]);
  });

  test("listens for changes of lists and of a resource", async () => {
    const heard: string[] = [];
    await using client = await connect(server, {
      before: (own) => {
        own.setNotificationHandler("notifications/tools/list_changed", () => void heard.push("tools"));
        own.setNotificationHandler("notifications/prompts/list_changed", () => void heard.push("prompts"));
        own.setNotificationHandler("notifications/resources/updated", ({ params }) => void heard.push(params.uri));
      },
    });
    const uri = "test://watched-resource";
    const listening = await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
    expect(listening.honoredFilter).toMatchObject({ toolsListChanged: true, resourceSubscriptions: [uri] });
    for (const what of ["prompt_change", "tool_change", "resource_update"])
      await client.callTool({ name: `test_trigger_${what}`, arguments: {} });
    await until(() => heard.includes(uri), { what: "the update of the resource is heard" });
    expect(heard).toEqual(["tools", uri]);
    await listening.close();
    await client.callTool({ name: "test_trigger_tool_change", arguments: {} });
    expect(heard).toEqual(["tools", uri]);
  });
});

test("a call that is given up is cancelled at its server, whatever revision it speaks", async () => {
  await using client = await connect("v2");
  const given = new AbortController();
  const call = client.callTool({ name: "waits_for_its_cancellation", arguments: {} }, { signal: given.signal });
  call.catch(() => undefined);
  const before = gateway.log().split("the call was cancelled").length;
  await until(() => gateway.children("v2").length > 0, { what: "the server runs" });
  setTimeout(() => given.abort(), 100);
  await expect(call).rejects.toThrow("abort");
  await until(() => gateway.log().split("the call was cancelled").length > before, { what: "the server has heard it" });
});

test("a server that asks for the roots before any call is answered with the first one", async () => {
  const asked: string[] = [];
  await using client = await connect("everything", answering(asked));
  await until(
    async () => textIn(await client.callTool({ name: "get-roots-list", arguments: {} })).includes("file:///work"),
    { what: "the server knows the roots" },
  );
  expect(asked).toEqual(["roots"]);
});

test("two principals with the same ids in flight get their own answers, from a process each", async () => {
  const ask = async (token: string): Promise<readonly string[]> => {
    const call = async (id: number): Promise<string> => {
      const _meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      };
      const message = `${token} ${id}`;
      const params = { name: "echo", arguments: { message }, _meta };
      const response = await fetch(`${gateway.url}/echo`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${token}`,
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
          "MCP-Protocol-Version": "2026-07-28",
          "Mcp-Method": "tools/call",
          "Mcp-Name": "echo",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }),
      });
      const { id: answered, result } = (await response.json()) as { id: number; result: unknown };
      expect([answered, textIn(result)]).toEqual([id, message]);
      return textIn(result);
    };
    return Promise.all(Array.from({ length: 32 }, (_, index) => call(index)));
  };
  const answers = await Promise.all(TOKENS.map(ask));
  expect(new Set(answers.flat()).size).toBe(64);
  await until(() => gateway.children("echo").length === 2, { what: "two processes, and no probe" });
});

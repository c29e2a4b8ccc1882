import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMCPClient } from "@ai-sdk/mcp";
import * as v2 from "@modelcontextprotocol/client";
import type { ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { ProgressCallback } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../helpers/children.ts";
import { fixture, realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// Real clients, as published, against the reference server and our fixtures.

const require = createRequire(import.meta.url);
const HEADERS = { Authorization: "Bearer token-of-the-clients" };

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    auth: { bearer: { tokens: ["token-of-the-clients"] } },
    servers: {
      everything: realServer("server-everything"),
      echo: fixture("echo"),
      asks: fixture("asks-the-client"),
      hangs: fixture("never-answers"),
      pages: fixture("lists-in-pages"),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** What every client can do, whatever its API. */
interface Used extends AsyncDisposable {
  tools(): Promise<string[]>;
  echo(message: string): Promise<string>;
}

const clients: Record<string, (url: string) => Promise<Used>> = {
  "the SDK v1 client": async (url) => used(await connectV1(url)),

  "the SDK v2 client (legacy)": (url) => usedV2(url, "legacy"),

  "the SDK v2 client (auto)": (url) => usedV2(url, "auto"),

  "mcp-remote": async (url) => {
    const configDir = mkdtempSync(join(tmpdir(), "mcp-remote-"));
    const proxy = require.resolve("mcp-remote/dist/proxy.js");
    const options = ["--transport", "http-only", "--allow-http", "--header", "Authorization:${AUTH}"];
    const client = await connectSdk(
      new StdioClientTransport({
        command: process.execPath,
        args: [proxy, url, ...options],
        env: { PATH: process.env["PATH"] ?? "", MCP_REMOTE_CONFIG_DIR: configDir, AUTH: HEADERS.Authorization },
        stderr: "ignore",
      }),
    );
    return {
      ...used(client),
      [Symbol.asyncDispose]: () => client.close().then(() => rmSync(configDir, { recursive: true })),
    };
  },

  "the AI SDK client": async (url) => {
    const client = await createMCPClient({ transport: { type: "http", url, headers: HEADERS } });
    return {
      tools: async () => Object.keys(await client.tools()),
      echo: async (message) => {
        const { echo } = await client.tools();
        return textIn(await echo?.execute({ message }, { toolCallId: "1", messages: [] }));
      },
      [Symbol.asyncDispose]: () => client.close(),
    };
  },
};

describe.each(["/everything/mcp", "/everything"])("at %s", (path) => {
  test.each(Object.keys(clients))("%s lists tools and calls one", async (name) => {
    await using client = await clients[name]?.(`${gateway.url}${path}`);
    expect(await client?.tools()).toEqual(
      expect.arrayContaining(["echo", "get-sum", "trigger-long-running-operation"]),
    );
    expect(await client?.echo("hello")).toBe("Echo: hello");
  });

  test("the SDK v2 client (auto) asks for the 2026 era first, and stays with it", async () => {
    const seen: unknown[] = [];
    const fetch: v2.FetchLike = async (url, init) => {
      const response = await globalThis.fetch(url, init);
      if (init?.method === "POST") seen.push([JSON.parse(init.body as string).method, response.status]);
      return response;
    };
    await using client = await usedV2(`${gateway.url}${path}`, "auto", fetch);
    expect(await client.echo("without a session")).toBe("Echo: without a session");
    expect(seen).toEqual([
      ["server/discover", 200],
      ["tools/call", 200],
    ]);
  });

  describe("the SDK v1 client", () => {
    const url = (server: string): string => `${gateway.url}${path.replace("everything", server)}`;

    test("hears the progress of a call, in order", async () => {
      await using client = await connectV1(url("everything"));
      const steps: unknown[] = [];
      const call = { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } };
      const onprogress: ProgressCallback = ({ progress, total }) => steps.push([progress, total]);
      const result = await client.callTool(call, undefined, { onprogress });
      expect(textIn(result)).toContain("completed");
      expect(steps).toEqual([
        [1, 3],
        [2, 3],
        [3, 3],
      ]);
    });

    test("is asked for a sample in the middle of a call", async () => {
      await using client = await connectV1(url("everything"), { capabilities: { sampling: {} } });
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
        model: "none",
        role: "assistant",
        content: { type: "text", text: `sampled: ${JSON.stringify(params.messages[0]?.content)}` },
      }));
      const call = { name: "trigger-sampling-request", arguments: { prompt: "six times seven", maxTokens: 10 } };
      const result = await onceListed(client, call.name, () => client.callTool(call));
      expect(textIn(result)).toMatch(/sampled: .*six times seven/s);
    });

    test("is asked for its user's words in the middle of a call", async () => {
      await using client = await connectV1(url("everything"), { capabilities: { elicitation: {} } });
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        expect(params.message).toContain("Please provide");
        return { action: "accept", content: { name: "Ada", check: true, integer: 7 } };
      });
      const call = { name: "trigger-elicitation-request", arguments: {} };
      const { content } = await onceListed(client, call.name, () => client.callTool(call));
      expect(JSON.stringify(content)).toContain("Ada");
    });

    test("is asked for its roots", async () => {
      await using client = await connectV1(url("everything"), { capabilities: { roots: { listChanged: true } } });
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home/ada", name: "home" }] }));
      const call = { name: "get-roots-list", arguments: {} };
      const result = await until(
        async () => {
          const given = await onceListed(client, call.name, () => client.callTool(call));
          return textIn(given).includes("file:///home/ada") && given;
        },
        { what: "the server has the roots" },
      );
      expect(textIn(result)).toContain("home");
    });

    test("answers requests whose ids are those of its own calls, several at once", async () => {
      const capabilities = { sampling: {}, elicitation: {}, roots: {} };
      await using client = await connectV1(url("asks"), { capabilities });
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        model: "none",
        role: "assistant",
        content: { type: "text", text: "42" },
      }));
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: "decline" }));
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///x" }] }));
      const tools = ["ask-sampling", "ask-elicitation", "ask-roots", "ask-ping", "ask-sampling", "ask-roots"];
      const answers = await Promise.all(tools.map(async (name) => JSON.parse(textIn(await client.callTool({ name })))));
      // The server counts in the order in which the calls arrive, and each has a connection of its own.
      expect(answers.map(({ id }) => id).toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6]);
      const sampled = { model: "none", role: "assistant", content: { type: "text", text: "42" } };
      const rooted = { roots: [{ uri: "file:///x" }] };
      const expected = [sampled, { action: "decline" }, rooted, {}, sampled, rooted];
      expect(answers.map(({ result }) => result)).toEqual(expected);
    });

    test("lists, reads and subscribes to resources, and hears of their changes", async () => {
      await using client = await connectV1(url("everything"));
      const { resources } = await client.listResources();
      expect(resources.length).toBeGreaterThan(0);
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates.length).toBeGreaterThan(0);
      const uri = "demo://resource/dynamic/text/1";
      const { contents } = await client.readResource({ uri });
      expect(contents[0]).toMatchObject({ uri, text: expect.any(String) });

      const updated: string[] = [];
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
      await client.subscribeResource({ uri });
      await client.callTool({ name: "toggle-subscriber-updates" });
      await until(() => updated.includes(uri), { what: "the client hears of the change" });
      await client.unsubscribeResource({ uri });
    });

    test("lists and gets prompts, and has arguments completed", async () => {
      await using client = await connectV1(url("everything"));
      const { prompts } = await client.listPrompts();
      expect(prompts.map(({ name }) => name)).toEqual(expect.arrayContaining(["simple-prompt", "completable-prompt"]));
      const { messages } = await client.getPrompt({ name: "args-prompt", arguments: { city: "Paris" } });
      expect(JSON.stringify(messages)).toContain("Paris");
      const { completion } = await client.complete({
        ref: { type: "ref/prompt", name: "completable-prompt" },
        argument: { name: "department", value: "E" },
      });
      expect(completion.values).toEqual(["Engineering"]);
    });

    test("sets a log level and hears the log", async () => {
      await using client = await connectV1(url("echo"));
      const logged: unknown[] = [];
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
      await client.setLoggingLevel("debug");
      expect(textIn(await client.callTool({ name: "log", arguments: { text: "to the log" } }))).toBe("logged");
      await until(() => logged.includes("to the log"), { what: "the client hears the log" });
    });

    test("cancels a call, and the server is told", async () => {
      await using client = await connectV1(url("hangs"));
      const cancelled = async (): Promise<unknown[]> =>
        JSON.parse(textIn(await client.callTool({ name: "cancelled" }))) as unknown[];
      const abort = new AbortController();
      const call = client.callTool({ name: "hang" }, undefined, { signal: abort.signal });
      expect(await cancelled()).toEqual([]);
      abort.abort("changed my mind");
      await expect(call).rejects.toThrow("changed my mind");
      await until(async () => (await cancelled()).length === 1, { what: "the server has heard of it" });
    });

    test("hears that the list of tools has changed, and lists it anew, page by page", async () => {
      await using client = await connectV1(url("pages"));
      const everyPage = async (): Promise<string[]> => {
        const names: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await client.listTools(cursor === undefined ? {} : { cursor });
          names.push(...page.tools.map(({ name }) => name));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        return names;
      };
      let changes = 0;
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes++);
      const before = await everyPage();
      const grown = textIn(await client.callTool({ name: "grow" }));
      await until(() => changes === 1, { what: "the client hears of the change" });
      expect(await everyPage()).toEqual([...before, grown]);
    });

    test("pings and meets errors", async () => {
      await using client = await connectV1(url("echo"));
      expect(await client.ping()).toEqual({});
      await expect(client.callTool({ name: "no-such-tool" })).rejects.toMatchObject({ code: -32602 });
      await expect(client.listPrompts()).rejects.toMatchObject({ code: -32601 });
    });

    test("says goodbye with DELETE, which ends its process", async () => {
      const transport = transportTo(url("echo"));
      await using client = await connectSdk(transport);
      const pid = Number(textIn(await client.callTool({ name: "pid" })));
      await transport.terminateSession();
      await until(() => !isAlive(pid), { what: "the process of the session has ended" });
      expect(transport.sessionId).toBeUndefined();
    });

    test("is refused without its credentials", async () => {
      const connecting = connectSdk(new StreamableHTTPClientTransport(new URL(url("echo"))));
      await expect(connecting).rejects.toMatchObject({ code: 401 });
    });
  });
});

/** server-everything registers some tools only after `initialized`. */
async function onceListed<T>(client: SdkClient, tool: string, use: () => Promise<T>): Promise<T> {
  await until(async () => (await client.listTools()).tools.some(({ name }) => name === tool), {
    what: `${tool} is there`,
  });
  return use();
}

const transportTo = (url: string): StreamableHTTPClientTransport =>
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: HEADERS } });

const connectV1 = (url: string, options: ClientOptions = {}): Promise<SdkClient> =>
  connectSdk(transportTo(url), { options });

const used = (client: SdkClient): Used => ({
  tools: async () => (await client.listTools()).tools.map(({ name }) => name),
  echo: async (message) => textIn(await client.callTool({ name: "echo", arguments: { message } })),
  [Symbol.asyncDispose]: () => client.close(),
});

async function usedV2(url: string, mode: "legacy" | "auto", fetch?: v2.FetchLike): Promise<Used> {
  const client = new v2.Client({ name: "SDK v2", version: "1" }, { versionNegotiation: { mode } });
  const options = fetch === undefined ? {} : { fetch };
  const transport = new v2.StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: HEADERS },
    ...options,
  });
  await client.connect(transport);
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    echo: async (message) => textIn(await client.callTool({ name: "echo", arguments: { message } })),
    [Symbol.asyncDispose]: () => transport.terminateSession().then(() => client.close()),
  };
}

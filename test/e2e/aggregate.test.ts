import * as v2 from "@modelcontextprotocol/client";
import type { ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { everythingAt, type RemoteServer } from "../helpers/remote-server.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// MAT-1, MAT-10, ISA-2: one endpoint in front of all servers.

const ASKABLE = { elicitation: {}, sampling: {}, roots: { listChanged: true } };

const transports = {
  "Streamable HTTP": (url: string) => new StreamableHTTPClientTransport(new URL(`${url}/mcp`)),
  "HTTP+SSE": (url: string) => new SSEClientTransport(new URL(`${url}/sse`)),
};
type TransportName = keyof typeof transports;

describe("a process, a remote server and one that is modern only, at one URL:", () => {
  let gateway: GatewayProcess;
  let remote: RemoteServer;

  beforeAll(async () => {
    remote = await everythingAt("streamableHttp");
    gateway = await startGateway({
      servers: {
        echo: fixture("echo"),
        remote: { type: "streamable-http", url: `${remote.url}/mcp` },
        modern: fixture("conformance-v2", { env: { CONFORMANCE_ERA: "modern" } }),
        shop: fixture("offers-everything"),
        market: fixture("offers-everything"),
        gone: { command: "no-such-command-at-all" },
      },
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await remote[Symbol.asyncDispose]();
  });

  describe.each(Object.keys(transports) as TransportName[])("the SDK v1 client on %s", (name) => {
    const connect = (options: ClientOptions = {}): Promise<SdkClient> =>
      connectSdk(transports[name](gateway.url), { options });

    it("lists what all of them have, and calls it", async () => {
      await using client = await connect();
      expect(client.getServerVersion()).toMatchObject({ name: "mcp-gateway" });
      const { tools } = await client.listTools();
      const names = tools.map((tool) => tool.name);
      expect(names).toEqual(expect.arrayContaining(["echo__add", "remote__get-sum", "modern__test_simple_text"]));
      expect(names.filter((tool) => tool.startsWith("gone"))).toEqual([]);
      expect(textIn(await client.callTool({ name: "echo__add", arguments: { a: 2, b: 3 } }))).toBe("5");
      expect(textIn(await client.callTool({ name: "remote__get-sum", arguments: { a: 2, b: 3 } }))).toContain("5");
      expect(textIn(await client.callTool({ name: "modern__test_simple_text" }))).toContain("simple text");
      // Both spellings are understood, and a name that one server has only.
      expect(textIn(await client.callTool({ name: "echo:add", arguments: { a: 2, b: 4 } }))).toBe("6");
      expect(textIn(await client.callTool({ name: "add", arguments: { a: 2, b: 5 } }))).toBe("7");
      await expect(client.callTool({ name: "echo__nothing" })).rejects.toMatchObject({ code: -32602 });
      await expect(client.callTool({ name: "nothing" })).rejects.toMatchObject({ code: -32602 });
      expect(await client.ping()).toEqual({});
    });

    it("gets prompts, resources and completions from the server that has them", async () => {
      await using client = await connect();
      const { prompts } = await client.listPrompts();
      expect(prompts.map((prompt) => prompt.name)).toEqual(expect.arrayContaining(["shop__ask", "market__ask"]));
      expect(await client.getPrompt({ name: "shop__ask" })).toMatchObject({ description: "ask" });
      const { resources } = await client.listResources();
      const uris = resources.map(({ uri }) => uri);
      expect(uris).toEqual(expect.arrayContaining(["shop://public/a", "mcp+market:shop://public/a"]));
      const { contents } = await client.readResource({ uri: "mcp+market:shop://public/a" });
      expect(contents).toMatchObject([{ uri: "shop://public/a" }]);
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain("shop://public/{id}");
      const ref = { type: "ref/prompt", name: "market__order" } as const;
      const { completion } = await client.complete({ ref, argument: { name: "x", value: "" } });
      expect(completion.values).toEqual(["order"]);
      await expect(client.readResource({ uri: "nowhere://x" })).rejects.toMatchObject({ code: -32002 });
    });

    it("is told of resources under the URI that it subscribed to", async () => {
      await using client = await connect();
      const updated: string[] = [];
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
      await client.listResources();
      await client.subscribeResource({ uri: "mcp+market:shop://public/a" });
      await client.callTool({ name: "market__touch" });
      await until(() => updated.length > 0, { what: "the update" });
      expect(updated).toContain("mcp+market:shop://public/a");
      await client.unsubscribeResource({ uri: "mcp+market:shop://public/a" });
    });

    it("is asked by two servers at once, and each gets its own answer", async () => {
      await using client = await connect({ capabilities: ASKABLE });
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        const { properties } = "requestedSchema" in params ? params.requestedSchema : { properties: {} };
        return { action: "accept", content: Object.fromEntries(Object.keys(properties).map((key) => [key, "Ada"])) };
      });
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
        model: "none",
        role: "assistant",
        content: { type: "text", text: `said ${JSON.stringify(params.messages)}` },
      }));
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home/ada" }] }));
      const calls = ["remote__trigger-sampling-request", "modern__test_input_required_result_sampling"];
      await client.listTools();
      const [first, second] = await Promise.all(
        calls.map((tool) => client.callTool({ name: tool, arguments: { prompt: tool, maxTokens: 10 } })),
      );
      expect(JSON.stringify(first)).toContain("remote__trigger-sampling-request");
      expect(JSON.stringify(second)).toContain("capital of France");
    });

    it("hears the progress of its own call, and can cancel it", async () => {
      await using client = await connect();
      const steps: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
      await client.callTool({ name: "echo__progress", arguments: { steps: 3, ms: 5 } }, undefined, { onprogress });
      // The client drops what comes at the same time as the answer.
      expect(steps.slice(0, 2)).toEqual([1, 2]);
      const aborter = new AbortController();
      const call = client.callTool({ name: "echo__sleep", arguments: { ms: 60_000 } }, undefined, aborter);
      setTimeout(() => aborter.abort(), 50);
      await expect(call).rejects.toThrow("abort");
      expect(textIn(await client.callTool({ name: "echo__echo", arguments: { message: "still here" } }))).toBe(
        "still here",
      );
    });
  });

  it("the SDK v2 client lists and calls, as a modern client and as a legacy one", async () => {
    for (const mode of ["auto", "legacy"] as const) {
      const client = new v2.Client({ name: "e2e", version: "1" }, { versionNegotiation: { mode } });
      await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(["echo__add", "modern__test_simple_text"]));
      expect(textIn(await client.callTool({ name: "echo__add", arguments: { a: 1, b: 1 } }))).toBe("2");
      expect(textIn(await client.callTool({ name: "modern__test_simple_text" }))).toContain("simple text");
      await client.close();
    }
  });
});

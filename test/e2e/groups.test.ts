import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../helpers/cli.ts";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";
import { connectSdk, sseTransport, textIn } from "../helpers/sdk-client.ts";

// Groups, which are used like servers, and routes, by which plain names lead somewhere (ISA-2, ISA-17, ISA-18).

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixture("echo"), shop: fixture("offers-everything"), odd: fixture("odd-names") },
    groups: {
      team: {
        servers: ["shop", "echo"],
        tools: ["echo:add", "echo", "shop:read_*"],
        prompts: ["shop:ask"],
        rename: { "echo:echo": "say" },
        description: { "echo:echo": "Says what you say" },
      },
      whole: { servers: ["echo"] },
    },
    routing: [
      { match: { tool: "read_*" }, upstream: "shop" },
      { match: { prompt: "ask" }, server: "shop" },
      { match: { method: "x/*" }, server: "echo" },
      { match: { tool: "*" }, server: "echo" },
    ],
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const transports = {
  "/mcp": (name: string) => new StreamableHTTPClientTransport(new URL(`${gateway.url}/${name}/mcp`)),
  "/sse": (name: string) => sseTransport(`${gateway.url}/${name}/sse`),
  "nothing behind it": (name: string) => new StreamableHTTPClientTransport(new URL(`${gateway.url}/${name}`)),
};

describe.each(Object.keys(transports) as (keyof typeof transports)[])("a group at its URL with %s", (path) => {
  it("has what it names, under the names that it gives", async () => {
    await using client = await connectSdk(transports[path]("team"));
    expect(client.getServerVersion()?.name).toBe("team");
    expect(client.getServerCapabilities()).not.toHaveProperty("resources");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["say", "echo__add", "shop__read_a", "shop__read_b"]);
    expect(tools[0]?.description).toBe("Says what you say");
    expect(textIn(await client.callTool({ name: "say", arguments: { message: "hello" } }))).toBe("hello");
    expect(textIn(await client.callTool({ name: "shop__read_a" }))).toBe("read_a of shop");
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["shop__ask"]);
    for (const name of ["shop__write", "shop:write", "write", "echo__big", "odd__x"])
      await expect(client.callTool({ name })).rejects.toMatchObject({ code: -32602 });
    await expect(client.readResource({ uri: "shop://public/a" })).rejects.toMatchObject({ code: -32002 });
  });
});

describe("a group", () => {
  it("is a server to REST, with a document of its own, and is in no document twice", async () => {
    const rest = new RestClient(gateway.url);
    const { servers } = (await rest.ask("/api")).json as { servers: { name: string; tools: string[] }[] };
    expect(servers.map(({ name }) => name)).toEqual(["echo", "shop", "odd", "team", "whole"]);
    expect(servers.find(({ name }) => name === "team")?.tools).toEqual([
      "say",
      "echo__add",
      "shop__read_a",
      "shop__read_b",
    ]);
    const sessionId = newId();
    const called = await rest.call("team/say", { message: "by REST" }, { sessionId });
    expect(called.text).toContain("by REST");
    expect((await rest.call("team/echo__add", { a: "x" }, { sessionId })).status).toBe(422);
    const { json } = await rest.ask("/api/team/openapi.json");
    expect(Object.keys(json["paths"] as object)).toEqual(["/echo__add", "/say", "/shop__read_a", "/shop__read_b"]);
    expect((await rest.ask("/openapi.json")).text).not.toContain("/api/team");
    expect((await rest.ask("/docs", { headers: { accept: "text/html" } })).text).toContain("/team/mcp");
  });
});

describe("a config", () => {
  it("with a route to a server that is not there does not start (ISA-18)", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "mcp-gateway-routes-"));
    const lines = ["servers:", "  echo: { command: node }", "routing:", "  - { match: { tool: x }, upstream: ekko }"];
    writeFileSync(join(cwd, "config.yaml"), lines.join("\n"));
    for (const args of [["validate"], []]) {
      const { code, stderr } = await runCli([...args, "-c", "config.yaml"], { cwd });
      expect(code).toBe(78);
      expect(stderr).toContain("config.yaml:4:37 routing.0.upstream: there is no server of this name");
    }
    rmSync(cwd, { recursive: true });
  });
});

describe("on /mcp, a plain name", () => {
  it("goes where the first route leads that matches", async () => {
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
    expect(textIn(await client.callTool({ name: "read_a" }))).toBe("read_a of shop");
    expect(textIn(await client.callTool({ name: "add", arguments: { a: 1, b: 1 } }))).toBe("2");
    // A route to another server than the only one that has it.
    await expect(client.callTool({ name: "write" })).rejects.toThrow("Unknown tool: write");
    expect(textIn(await client.callTool({ name: "shop__write" }))).toBe("write of shop");
    expect(await client.getPrompt({ name: "ask" })).toMatchObject({ description: "ask" });
    await expect(client.getPrompt({ name: "nothing" })).rejects.toMatchObject({ code: -32602 });
  });
});

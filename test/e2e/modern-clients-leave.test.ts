import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as v2 from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fixture, ROOT, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { remoteFixture, type RemoteServer } from "../helpers/remote-server.ts";
import { textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// Clients of MCP 2026-07-28 that give up or are killed, and the headers that tools want, on servers of an older revision.

let gateway: GatewayProcess;
let remote: RemoteServer;

beforeAll(async () => {
  remote = await remoteFixture("modern-http");
  gateway = await startGateway({
    limits: { listens: 1, input: "3s" },
    servers: {
      narrates: fixture("narrates"),
      asks: fixture("asks-the-client"),
      each: fixture("asks-the-client", { isolation: "call" }),
      v1: fixture("conformance"),
      hangs: fixture("never-answers"),
      local: fixture("wants-headers"),
      remote: { url: `${remote.url}/mcp` },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await remote[Symbol.asyncDispose]();
});

type Client = v2.Client & AsyncDisposable;

async function connect(server: string, capabilities: v2.ClientCapabilities = {}): Promise<Client> {
  const client = new v2.Client(
    { name: "modern", version: "1" },
    { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${gateway.url}/${server}`)));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

describe("a client that gives a call up", () => {
  test("has cancelled it at a server of an older revision too, and only that one", async () => {
    await using client = await connect("hangs");
    const cancelled = async (): Promise<unknown[]> =>
      JSON.parse(textIn(await client.callTool({ name: "cancelled", arguments: {} }))) as unknown[];
    const given = new AbortController();
    const call = client.callTool({ name: "hang", arguments: {} }, { signal: given.signal });
    call.catch(() => undefined);
    const other = client.callTool({ name: "hang", arguments: {} }, { signal: new AbortController().signal });
    other.catch(() => undefined);
    expect(await cancelled()).toEqual([]);
    given.abort("changed my mind");
    await expect(call).rejects.toThrow("changed my mind");
    await until(async () => (await cancelled()).length === 1, { what: "the server has heard of it" });
  });
});

describe("a client that is killed", () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill("SIGKILL"));

  /** Resolves when the client is in the midst of what it does, and has been killed there. */
  async function killedDuring(server: string, what: "call" | "parked" | "listen"): Promise<void> {
    const script = join(ROOT, "test/fixtures/clients/modern.mjs");
    child = spawn(process.execPath, [script, `${gateway.url}/${server}`, what], { stdio: ["ignore", "pipe", 2] });
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes("ready"), { what: `the client is in its ${what}`, deadlineMs: 20_000 });
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  test("in the middle of a call has cancelled it, and the process serves the next", async () => {
    await killedDuring("narrates", "call");
    await using client = await connect("narrates");
    const seen = async (): Promise<{ stalled: unknown[]; cancelled: unknown[] }> =>
      JSON.parse(textIn(await client.callTool({ name: "seen", arguments: {} })));
    const { stalled } = await until(
      async () => {
        const told = await seen();
        return told.cancelled.length > 0 && told;
      },
      { what: "the server has heard of it" },
    );
    expect(await seen()).toEqual({ stalled, cancelled: stalled });
    expect(gateway.children("narrates")).toHaveLength(1);
  });

  test("with a call that waits for its answers leaves no process behind that is the call's own", async () => {
    await killedDuring("each", "parked");
    expect(gateway.children("each")).toHaveLength(1);
    await until(() => gateway.children("each").length === 0, { what: "its process is gone", deadlineMs: 12_000 });
  });

  test("with a call that waits for its answers frees the process that its next calls share", async () => {
    await killedDuring("asks", "parked");
    const [pid] = gateway.children("asks");
    await using client = await connect("asks", { elicitation: { form: {} } });
    client.setRequestHandler("elicitation/create", () => ({ action: "decline" }));
    const asked = async (): Promise<string> =>
      textIn(await client.callTool({ name: "ask-elicitation", arguments: {} }));
    expect(await asked()).toContain("decline");
    await until(() => gateway.children("asks").length <= 2, { what: "there is one process for each at most" });
    expect(gateway.children("asks")).toContain(pid);
  });

  test("with an open listen makes room for that of another", async () => {
    await killedDuring("v1", "listen");
    await using client = await connect("v1");
    const listening = await until(() => client.listen({ toolsListChanged: true }), { what: "there is room" });
    expect(listening.honoredFilter).toMatchObject({ toolsListChanged: true });
    expect(gateway.children("v1")).toHaveLength(1);
    await listening.close();
  });
});

describe.each(["local", "remote"])("the arguments that a tool of the %s server wants in headers", (server) => {
  test("are sent by the SDK, and checked", async () => {
    await using client = await connect(server);
    await client.listTools();
    for (const region of ["north", "Zürich ☃", " with spaces ", "=?base64?eA==?="])
      expect(textIn(await client.callTool({ name: "where", arguments: { region } }))).toBe(`in ${region}`);
  });

  test.each<[string, Record<string, string>, number]>([
    ["are there", { "Mcp-Param-Region": "north" }, 200],
    ["are encoded", { "Mcp-Param-Region": `=?base64?${Buffer.from("north").toString("base64")}?=` }, 200],
    ["are missing", {}, 400],
    ["say something else", { "Mcp-Param-Region": "south" }, 400],
    ["are badly encoded", { "Mcp-Param-Region": "=?base64?n*rth?=" }, 400],
  ])("are told apart when they %s", async (_what, headers, status) => {
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const answer = await fetch(`${gateway.url}/${server}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "where",
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 5,
        method: "tools/call",
        params: { name: "where", arguments: { region: "north" }, _meta: meta },
      }),
    });
    const message = (await answer.json()) as { id: unknown; error?: { code: number } };
    expect([answer.status, message.id, message.error?.code]).toEqual([status, 5, status === 200 ? undefined : -32_020]);
  });
});

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claudeCode } from "../helpers/claude-code.ts";
import { connectCommand, dropper, stdioTransport, type Dropper } from "../helpers/connect-command.ts";
import { fixture, realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { everythingAt, remoteFixture, type RemoteServer } from "../helpers/remote-server.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// `mcp-gateway connect URL` as a stdio server, driven by the stdio clients of both SDKs.

const TOKEN = "token-of-the-gateway";

let gateway: GatewayProcess;
let streamable: RemoteServer;
let sse: RemoteServer;
let modern: RemoteServer;
let drops: Dropper;

beforeAll(async () => {
  [gateway, streamable, sse, modern] = await Promise.all([
    startGateway({
      auth: { bearer: { tokens: [TOKEN] } },
      servers: {
        everything: realServer("server-everything"),
        asks: fixture("asks-the-client"),
        hangs: fixture("never-answers"),
        echo: fixture("echo"),
        ids: fixture("big-ids"),
      },
    }),
    everythingAt("streamableHttp"),
    everythingAt("sse"),
    remoteFixture("modern-http"),
  ]);
  drops = await dropper(Number(new URL(streamable.url).port), 3);
});
afterAll(async () => {
  await drops[Symbol.asyncDispose]();
  await Promise.all([gateway, streamable, sse, modern].map((one) => one[Symbol.asyncDispose]()));
});

const urls: Record<string, () => string> = {
  "this gateway": () => `${gateway.url}/everything/mcp`,
  "this gateway, over HTTP+SSE": () => `${gateway.url}/everything/sse`,
  "server-everything": () => `${streamable.url}/mcp`,
  "server-everything, over HTTP+SSE": () => `${sse.url}/sse`,
  "a remote that drops every third connection": () => `http://127.0.0.1:${drops.port}/mcp`,
};
const DROPS = "a remote that drops every third connection";
const REMOTES = Object.keys(urls).filter((remote) => remote !== DROPS);
const env = { MCP_GATEWAY_TOKEN: TOKEN };
const FAST = ["--retry-delay", "100ms"];

const urlOf = (remote: string): string => urls[remote]?.() ?? `${gateway.url}/${remote}/mcp`;

function connect(remote: string, capabilities = {}, args: readonly string[] = FAST): Promise<SdkClient> {
  return connectSdk(stdioTransport([urlOf(remote), ...args], env).transport, { options: { capabilities } });
}

describe.each(REMOTES)("through connect, %s", (remote) => {
  test("has tools, resources with subscriptions, prompts and completion", async () => {
    await using client = await connect(remote);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("echo");
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("Echo: hi");
    await expect(client.callTool({ name: "nope" })).resolves.toMatchObject({ isError: true });
    const { messages } = await client.getPrompt({ name: "args-prompt", arguments: { city: "Paris" } });
    expect(JSON.stringify(messages)).toContain("Paris");
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    });
    expect(completion.values).toEqual(["Engineering"]);

    const uri = "demo://resource/dynamic/text/1";
    expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    await client.subscribeResource({ uri });
    await client.callTool({ name: "toggle-subscriber-updates" });
    await until(() => updated.includes(uri), { what: "the client hears of the change", deadlineMs: 30_000 });
  });

  test("asks for samples, words and roots, and tells progress", async () => {
    await using client = await connect(remote, { sampling: {}, elicitation: {}, roots: { listChanged: true } });
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
      model: "none",
      role: "assistant",
      content: { type: "text", text: `sampled: ${JSON.stringify(params.messages[0]?.content)}` },
    }));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada", check: true } }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home/ada", name: "home" }] }));
    await listed(client, "trigger-sampling-request", "get-roots-list");
    const sample = { name: "trigger-sampling-request", arguments: { prompt: "six times seven", maxTokens: 10 } };
    expect(textIn(await steadily(() => client.callTool(sample)))).toMatch(/sampled: .*seven/s);
    const words = { name: "trigger-elicitation-request", arguments: {} };
    expect(JSON.stringify((await steadily(() => client.callTool(words))).content)).toContain("Ada");
    await until(async () => textIn(await client.callTool({ name: "get-roots-list" })).includes("ada"), {
      what: "the server has the roots",
      deadlineMs: 20_000,
    });
    const steps: unknown[] = [];
    const long = { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } };
    const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
    expect(textIn(await steadily(() => client.callTool(long, undefined, { onprogress })))).toContain("completed");
    expect(steps).toEqual(expect.arrayContaining([1, 2]));
  });

  test("serves the client of SDK v2", async () => {
    await using client = await connectV2(urlOf(remote), "auto");
    // The gateway speaks both, over Streamable HTTP.
    expect(client.getProtocolEra()).toBe(remote === "this gateway" ? "modern" : "legacy");
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "v2" } }))).toBe("Echo: v2");
  });
});

test("through connect, a remote that drops every third connection answers each call, if need be the second time", async () => {
  for (let round = 1; round <= 6; round++) {
    await using client = await connect(DROPS);
    expect((await steadily(() => client.listTools())).tools.map(({ name }) => name)).toContain("echo");
    for (let call = 1; call <= 5; call++) {
      const echo = { name: "echo", arguments: { message: `${call}` } };
      expect(textIn(await steadily(() => client.callTool(echo)))).toBe(`Echo: ${call}`);
    }
  }
  expect(drops.dropped).toBeGreaterThan(3);
});

describe("through connect to this gateway,", () => {
  test("a call that is cancelled is cancelled there", async () => {
    await using client = await connect("hangs");
    const cancelled = async (): Promise<unknown[]> =>
      JSON.parse(textIn(await client.callTool({ name: "cancelled" }))) as unknown[];
    const abort = new AbortController();
    const hanging = client.callTool({ name: "hang" }, undefined, { signal: abort.signal });
    expect(await cancelled()).toEqual([]);
    abort.abort("changed my mind");
    await expect(hanging).rejects.toThrow("changed my mind");
    await until(async () => (await cancelled()).length === 1, { what: "the server has heard of it" });
  });

  test("the log level and the log pass, and the session there ends with the client", async () => {
    const before = gateway.children("echo").length;
    const client = await connect("echo");
    const logged: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
    await client.setLoggingLevel("debug");
    expect(textIn(await client.callTool({ name: "log", arguments: { text: "to the log" } }))).toBe("logged");
    await until(() => logged.includes("to the log"), { what: "the client hears the log" });
    expect(gateway.children("echo").length).toBe(before + 1);
    await client.close();
    await until(() => gateway.children("echo").length === before, {
      what: "its process has ended",
      deadlineMs: 20_000,
    });
  });

  test("questions with ids that are those of calls find their answers", async () => {
    await using client = await connect("asks", { sampling: {}, elicitation: {}, roots: {} });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "decline" }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///x" }] }));
    const names = ["ask-elicitation", "ask-roots", "ask-ping", "ask-roots"];
    const answers = await Promise.all(names.map(async (name) => JSON.parse(textIn(await client.callTool({ name })))));
    const rooted = { roots: [{ uri: "file:///x" }] };
    expect(answers.map(({ result }) => result)).toEqual([{ action: "decline" }, rooted, {}, rooted]);
  });

  test("an answer of 9 MiB passes", async () => {
    await using client = await connect("echo");
    const bytes = 9 * 1024 * 1024;
    expect(textIn(await client.callTool({ name: "big", arguments: { bytes } })).length).toBe(bytes);
  });
});

test("Claude Code, which starts it as any stdio server, connects through it", async () => {
  const [program, home] = [await claudeCode(), mkdtempSync(join(tmpdir(), "mcp-gateway-claude-"))];
  const { command, args } = connectCommand([urlOf("echo")]);
  const run = async (...words: readonly string[]): Promise<string> => {
    const variables = { PATH: process.env["PATH"], HOME: home, DISABLE_AUTOUPDATER: "1" };
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], { cwd: home, env: variables });
    return stdout;
  };
  await run("mcp", "add", "echo", "-e", `MCP_GATEWAY_TOKEN=${TOKEN}`, "--", command, ...args);
  expect(await run("mcp", "list")).toMatch(/echo: .*Connected/);
  rmSync(home, { recursive: true, force: true });
}, 120_000);

describe("through connect to a server of MCP 2026-07-28,", () => {
  test.each(["auto", { pin: "2026-07-28" }] as const)(
    "the client of SDK v2 (%j) lists, calls, asks and follows",
    async (mode) => {
      await using client = await connectV2(modern.url, mode, { elicitation: { form: {} } });
      expect(client.getProtocolEra()).toBe("modern");
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
      const say = { name: "echo", arguments: { message: "zażółć 🦀" } };
      expect(textIn(await client.callTool(say))).toBe("zażółć 🦀");
      // The tool wants its argument in a header, too; the server compares.
      expect(textIn(await client.callTool({ name: "where", arguments: { region: "Zürich" } }))).toBe("in Zürich");
      client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada" } }));
      expect(textIn(await client.callTool({ name: "ask" }))).toBe("Hello, Ada");
      const steps: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
      expect(textIn(await client.callTool({ name: "count", arguments: { steps: 3 } }, { onprogress }))).toBe("3 steps");
      expect(steps.slice(0, 2)).toEqual([1, 2]);
      expect((await client.readResource({ uri: "test://watched" })).contents[0]).toMatchObject({ text: "here" });
    },
  );

  test("a cancelled call is cancelled there, and what is listened to arrives", async () => {
    await using client = await connectV2(modern.url, { pin: "2026-07-28" });
    const cancelled = async (): Promise<number> => Number(textIn(await client.callTool({ name: "cancelled" })));
    const before = await cancelled();
    const abort = new AbortController();
    const hanging = client.callTool({ name: "hang" }, { signal: abort.signal });
    await cancelled();
    abort.abort("changed my mind");
    await expect(hanging).rejects.toThrow("changed my mind");
    await until(async () => (await cancelled()) === before + 1, { what: "the server has heard of it" });
    const updated: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
    const subscription = await client.listen({ resourceSubscriptions: ["test://watched"] });
    await client.callTool({ name: "touch" });
    await until(() => updated.includes("test://watched"), { what: "the client hears of the change" });
    await subscription.close();
  });

  test("what is listened to outlasts the time of a call", async () => {
    await using client = await connectV2(modern.url, { pin: "2026-07-28" }, {}, ["--timeout", "3s"]);
    const updated: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
    await client.listen({ resourceSubscriptions: ["test://watched"] });
    await expect(client.callTool({ name: "hang" })).rejects.toThrow("(--timeout)");
    await client.callTool({ name: "touch" });
    await until(() => updated.includes("test://watched"), { what: "the client hears of the change" });
  });

  test("the client of SDK v1 is told which revision is spoken there", async () => {
    await expect(connectSdk(stdioTransport([modern.url]).transport)).rejects.toThrow(/2026-07-28|-3202|version/i);
  });
});

type Mode = "auto" | { readonly pin: string };
type V2 = v2.Client & AsyncDisposable;

async function connectV2(
  url: string,
  mode: Mode,
  capabilities: v2.ClientCapabilities = {},
  args: readonly string[] = FAST,
): Promise<V2> {
  const client = new v2.Client({ name: "v2", version: "1" }, { capabilities, versionNegotiation: { mode } });
  await client.connect(new StdioV2({ ...connectCommand([url, ...args], env), stderr: "ignore" }));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** server-everything registers some tools only after `initialized`. */
async function listed(client: SdkClient, ...names: readonly string[]): Promise<void> {
  const isListed = async (): Promise<boolean> => {
    const { tools } = await client.listTools();
    return names.every((wanted) => tools.some(({ name }) => name === wanted));
  };
  await until(isListed, { what: `${names.join(", ")} are there`, deadlineMs: 20_000 });
}

/** A call that is no harmless one to repeat may be lost with its connection; then the error says so, and its caller may repeat it. */
async function steadily<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === 5 || !String(error).includes("broke off")) throw error;
    }
  }
}

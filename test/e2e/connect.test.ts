import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claudeCode } from "../helpers/claude-code.ts";
import { connectCommand, stdioTransport } from "../helpers/connect-command.ts";
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
});
afterAll(async () => {
  await Promise.all([gateway, streamable, sse, modern].map((one) => one[Symbol.asyncDispose]()));
});

const urls: Record<string, () => string> = {
  "this gateway": () => `${gateway.url}/everything/mcp`,
  "this gateway, over HTTP+SSE": () => `${gateway.url}/everything/sse`,
  "server-everything": () => `${streamable.url}/mcp`,
  "server-everything, over HTTP+SSE": () => `${sse.url}/sse`,
};
const REMOTES = Object.keys(urls);
const env = { MCP_GATEWAY_TOKEN: TOKEN };
const FAST = ["--retry-delay", "100ms"];

const urlOf = (remote: string): string => urls[remote]?.() ?? `${gateway.url}/${remote}/mcp`;

function connect(remote: string, capabilities = {}, args: readonly string[] = FAST): Promise<SdkClient> {
  return connectSdk(stdioTransport([urlOf(remote), ...args], env).transport, { options: { capabilities } });
}

describe.each(REMOTES)("through connect, %s", (remote) => {
  test("serves the client of SDK v2", async () => {
    await using client = await connectV2(urlOf(remote), "auto");
    // The gateway speaks both, over Streamable HTTP.
    expect(client.getProtocolEra()).toBe(remote === "this gateway" ? "modern" : "legacy");
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "v2" } }))).toBe("Echo: v2");
  });
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

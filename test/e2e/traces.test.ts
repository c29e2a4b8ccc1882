import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, ROOT, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { newId, RestClient, textIn } from "../helpers/rest-client.ts";
import { openSession } from "../helpers/sse-client.ts";
import { StreamableClient, textOf } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const OTHER_TRACE = "11111111111111111111111111111111";
const OTHER_PARENT = "2222222222222222";
const SERVER = 1;
const ERROR = 2;

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly links: readonly string[];
  readonly status?: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const folder = mkdtempSync(join(tmpdir(), "otel-"));
const api = join(folder, "node_modules/@opentelemetry/api");
const sdk = join(folder, "otel.mjs");
let files = 0;

beforeAll(() => {
  cpSync(join(ROOT, "node_modules/@opentelemetry/api"), api, { recursive: true });
  copyFileSync(join(ROOT, "test/fixtures/otel-sdk.mjs"), sdk);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A gateway that was started with an SDK of the user, and the spans that this SDK was given. */
async function traced(env: Record<string, string> = {}) {
  const file = join(folder, `spans-${++files}`);
  const gateway = await startGateway(
    {
      logging: { level: "debug" },
      servers: { echo: fixture("echo"), gone: { command: "sh", args: ["-c", "exit 3"] } },
    },
    { env: { NODE_OPTIONS: `--import ${sdk}`, SPANS: file, ...env } },
  );
  const spans = (): Span[] =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .flatMap((line) => (line === "" ? [] : (JSON.parse(line) as Span)))
      : [];
  const span = (isWanted: (span: Span) => boolean, what: string): Promise<Span> =>
    until(() => spans().find(isWanted), { what });
  return { gateway, spans, span, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

/** The `_meta` of a request as its server reads it. */
const metaIn = (line: string): unknown => (JSON.parse(line) as { params: { _meta?: unknown } }).params._meta;

async function raw(
  client: StreamableClient,
  meta: object | undefined,
  headers: Record<string, string>,
): Promise<string> {
  const id = client.nextId();
  const params = { name: "raw", arguments: { n: 1 }, ...(meta && { _meta: meta }) };
  return textOf(await (await client.request("tools/call", params, { id, headers })).answer(id));
}

describe("a gateway that was started with an SDK", () => {
  it("passes the trace of an HTTP request on to the server, through spans of its own", async () => {
    await using run = await traced();
    await using client = await StreamableClient.open(`${run.gateway.url}/echo`);
    const requestId = "request-of-a-test";
    const line = await raw(client, undefined, {
      traceparent: `00-${TRACE}-${PARENT}-01`,
      tracestate: "rojo=1",
      "x-request-id": requestId,
    });
    const http = await run.span(({ name, traceId }) => name === "POST" && traceId === TRACE, "the request has ended");
    const call = await run.span(({ name }) => name === "tools/call raw", "the call has ended");
    expect(metaIn(line)).toEqual({ traceparent: `00-${TRACE}-${call.spanId}-01`, tracestate: "rojo=1" });
    expect(http).toMatchObject({
      kind: SERVER,
      parent: PARENT,
      attributes: {
        "http.request.method": "POST",
        "url.path": "/echo",
        "http.response.status_code": 200,
        "mcp_gateway.request.id": requestId,
      },
    });
    expect(call).toMatchObject({
      kind: SERVER,
      traceId: TRACE,
      parent: http.spanId,
      attributes: {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "raw",
        "gen_ai.operation.name": "execute_tool",
        "mcp.session.id": client.sessionId,
        "mcp_gateway.server": "echo",
        "mcp_gateway.request.id": requestId,
      },
    });
    expect(call.status).toBeUndefined();
    const logged = new RegExp(`tools/call ended: result.*requestId=${requestId}`);
    await until(() => logged.test(run.gateway.log()), { what: "the log has the call with the id of its request" });
    // The start of the process belongs to the request that needed it.
    const start = await run.span(({ name }) => name === "start echo", "the start has ended");
    const initialize = await run.span(({ name }) => name === "initialize", "the handshake has ended");
    expect([start.traceId, start.parent]).toEqual([initialize.traceId, initialize.parent]);
    expect(start.attributes["process.pid"]).toBe(run.gateway.children("echo")[0]);
  });

  it("goes by the trace of the message first, and links that of the HTTP request", async () => {
    await using run = await traced();
    await using client = await StreamableClient.open(`${run.gateway.url}/echo`);
    const traceparent = `00-${OTHER_TRACE}-${OTHER_PARENT}-00`;
    const line = await raw(client, { traceparent, other: "stays" }, { traceparent: `00-${TRACE}-${PARENT}-01` });
    const http = await run.span(({ traceId, name }) => name === "POST" && traceId === TRACE, "the request has ended");
    const call = await run.span(({ name }) => name === "tools/call raw", "the call has ended");
    expect(call).toMatchObject({ traceId: OTHER_TRACE, parent: OTHER_PARENT, links: [http.spanId] });
    expect(metaIn(line)).toEqual({ other: "stays", traceparent: `00-${OTHER_TRACE}-${call.spanId}-00` });
  });

  it("does so on HTTP+SSE and REST, with a new trace where none came in", async () => {
    await using run = await traced();
    await using sse = await openSession(`${run.gateway.url}/echo`);
    const line = await sse.call("raw");
    const call = await run.span(({ name }) => name === "tools/call raw", "the call has ended");
    expect(metaIn(line)).toEqual({ traceparent: `00-${call.traceId}-${call.spanId}-01` });
    const rest = new RestClient(run.gateway.url, { traceparent: `00-${TRACE}-${PARENT}-01` });
    const text = textIn(await rest.call("echo/raw", {}, { sessionId: newId() }));
    expect(JSON.stringify(metaIn(text))).toContain(`00-${TRACE}-`);
    const own = await run.span(({ name, traceId }) => name === "tools/call raw" && traceId === TRACE, "the REST call");
    expect(own.attributes["mcp_gateway.transport"]).toBe("rest");
  });

  it("marks what failed, with the kind of the error", async () => {
    await using run = await traced();
    await using client = await StreamableClient.open(`${run.gateway.url}/echo`);
    await client.call("no such tool");
    const call = await run.span(({ name }) => name === "tools/call no such tool", "the call has ended");
    expect(call).toMatchObject({ status: ERROR, attributes: { "error.type": "-32602" } });
    await expect(StreamableClient.open(`${run.gateway.url}/gone`)).rejects.toThrow("process_exited");
    const start = await run.span(({ name }) => name === "start gone", "the start has ended");
    expect(start).toMatchObject({ status: ERROR, attributes: { "error.type": "process_exited" } });
    const initialize = await run.span(({ status, name }) => status === ERROR && name === "initialize", "the handshake");
    expect(initialize.attributes["error.type"]).toBe("process_exited");
  });

  it("takes no notice of a broken trace, and none of an SDK that throws", async () => {
    await using run = await traced({ SDK_IS_BROKEN: "1" });
    await using client = await StreamableClient.open(`${run.gateway.url}/echo`);
    const line = await raw(client, { traceparent: "rubbish" }, { traceparent: "<rubbish>" });
    expect(metaIn(line)).toEqual({ traceparent: "rubbish" });
    const failures = (): number => run.gateway.log().match(/the OpenTelemetry SDK failed/g)?.length ?? 0;
    await until(() => failures() > 0, { what: "the log tells of it" });
    expect(failures()).toBe(1);
  });
});

describe("a gateway without an SDK", () => {
  const plain = (env: Record<string, string> = {}): Promise<GatewayProcess> =>
    startGateway({ servers: { echo: fixture("echo") } }, { env });

  it("relays the line as it came, with or without a trace in it", async () => {
    await using gateway = await plain();
    await using client = await StreamableClient.open(`${gateway.url}/echo`);
    const id = client.nextId();
    const body = `{"method":"tools/call", "params":{"name":"raw","_meta":{"traceparent":"00-${TRACE}-${PARENT}-01"} },"id":${id},"jsonrpc":"2.0"}`;
    const exchange = await client.post(body, { headers: { traceparent: `00-${OTHER_TRACE}-${OTHER_PARENT}-01` } });
    expect(textOf(await exchange.answer(id))).toBe(body);
    expect((await ask(`${gateway.url}/ready`)).status).toBe(200);
  });

  it("says so when the SDK's copy of the API is too old to be found", async () => {
    const old = join(folder, "old.mjs");
    writeFileSync(
      old,
      'globalThis[Symbol.for("opentelemetry.js.api.1")] = { version: "1.4.1", trace: { getTracer: () => undefined } };',
    );
    await using gateway = await plain({ NODE_OPTIONS: `--import ${old}` });
    await using client = await StreamableClient.open(`${gateway.url}/echo`);
    expect(await client.call("echo", { message: "x" })).toBe("x");
    const warning = "There are no traces: @opentelemetry/api 1.4.1";
    await until(() => gateway.log().includes(warning), { what: "the log says so" });
  });
});

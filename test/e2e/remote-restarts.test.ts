import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { descriptorsOf, startGateway } from "../helpers/gateway.ts";
import { everythingAt } from "../helpers/remote-server.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// A remote server that is killed and started again, as every deployment does.

const CLIENTS = 16;
/** The second only has to show that the other transport does the same. */
const RESTARTS = { streamableHttp: 10, sse: 3 };
/** More than any call may take here. */
const CALL_MS = 20_000;

describe.each(["streamableHttp", "sse"] as const)("a remote server (%s)", (mode) => {
  test("may be killed and started again and again under 16 clients: every call ends, and nobody reconnects", async () => {
    await using remote = await everythingAt(mode);
    const url = mode === "sse" ? `${remote.url}/sse` : `${remote.url}/mcp`;
    const type = mode === "sse" ? "sse" : "streamable-http";
    await using gateway = await startGateway({ servers: { far: { type, url, heartbeat: { interval: "1s" } } } });
    const transport = (at: number): Transport =>
      at % 2 === 0
        ? new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`))
        : new SSEClientTransport(new URL(`${gateway.url}/far/sse`));
    const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, at) => connectSdk(transport(at))));
    await Promise.all(clients.map((client) => echo(client, "before")));
    const before = descriptorsOf(gateway.pid);

    const state = { isOver: false, answered: 0, refused: 0, unclear: [] as string[] };
    const calling = clients.map(async (client) => {
      while (!state.isOver) {
        const answer = await echo(client, "during").catch(String);
        if (answer === "Echo: during") state.answered++;
        else {
          state.refused++;
          // An error of the gateway, which says what happened; never one of the client's own clock.
          if (!/MCP error -?\d+|HTTP 50[23]|"code":50/.test(answer) || answer.includes("Request timed out"))
            state.unclear.push(answer);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    for (let restart = 0; restart < RESTARTS[mode]; restart++) {
      const { answered } = state;
      await until(() => state.answered > answered + CLIENTS, { what: "calls are answered", deadlineMs: 30_000 });
      await remote.kill();
      const { refused } = state;
      await until(() => state.refused > refused, { what: "a call is refused", deadlineMs: 30_000 });
      await remote.start();
    }
    state.isOver = true;
    await Promise.all(calling);
    expect(state.unclear).toEqual([]);
    await until(
      async () =>
        (await Promise.all(clients.map((client) => echo(client, "after").catch(String)))).every(
          (answer) => answer === "Echo: after",
        ),
      {
        what: "everybody is answered again",
        deadlineMs: 30_000,
      },
    );
    await until(() => descriptorsOf(gateway.pid) <= before + 2 * CLIENTS, { what: "no connection is left over" });
    expect(gateway.log()).toContain("cannot be reached; calls are refused");
    expect(gateway.log()).toContain("answers again");
    await Promise.all(clients.map((client) => client.close()));
  }, 180_000);
});

test("a server that is down when the gateway starts comes in later, and a subscription outlives its restart", async () => {
  await using remote = await everythingAt("streamableHttp");
  await remote.kill();
  await using gateway = await startGateway({
    servers: { far: { url: `${remote.url}/mcp`, heartbeat: { interval: "500ms" } } },
  });
  const rest = new RestClient(gateway.url);
  expect(await rest.call("far/echo", { message: "x" })).toMatchObject({
    status: 502,
    json: { code: "upstream_unreachable", hint: "nothing listens at its address" },
  });
  await until(async () => (await rest.call("far/echo", { message: "x" })).status === 503, {
    what: "the circuit opens",
    deadlineMs: 30_000,
  });
  const refused = await rest.call("far/echo", { message: "x" });
  expect(refused).toMatchObject({ status: 503, json: { code: "unavailable", reason: "circuit_open" } });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);

  await remote.start();
  await until(async () => (await rest.call("far/echo", { message: "x" })).status === 200, {
    what: "it comes in",
    deadlineMs: 40_000,
  });

  await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`)));
  const uri = "demo://resource/dynamic/text/1";
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
  await client.subscribeResource({ uri });
  await remote.kill();
  await remote.start();
  // The first call that finds the session forgotten is repeated in the new one: the client notices nothing.
  await until(
    () =>
      echo(client, "again").then(
        () => true,
        () => false,
      ),
    { what: "calls go on", deadlineMs: 40_000 },
  );
  await client.callTool({ name: "toggle-subscriber-updates" });
  await until(() => updated.includes(uri), { what: "the subscription is there again", deadlineMs: 20_000 });
}, 120_000);

async function echo(client: SdkClient, message: string): Promise<string> {
  return textIn(await client.callTool({ name: "echo", arguments: { message } }, undefined, { timeout: CALL_MS }));
}

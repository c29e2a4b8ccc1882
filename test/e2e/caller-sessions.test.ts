import { afterAll, beforeAll, expect, test } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { until } from "../helpers/until.ts";

// Several people call with one credential, told apart by a header from which their server is filled in: a session is one person's.

const JSON_TYPE = { "Content-Type": "application/json" };
const ACCEPT = { Accept: "application/json, text/event-stream" };

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    limits: { orphan: "300ms" },
    servers: { own: fixture("echo", { env: { WHO: "{{headers.x-user-id}}" } }) },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const from = (person: string | undefined): Record<string, string> =>
  person === undefined ? {} : { "X-User-Id": person };

test("on REST it is found by its own person only, and is no session of a caller who does not say who it is", async () => {
  const call = async (person?: string): Promise<number> => {
    const headers = { ...JSON_TYPE, ...from(person) };
    const answer = await fetch(`${gateway.url}/api/own/pid?sessionId=session-one`, {
      method: "POST",
      headers,
      body: "{}",
    });
    return answer.status;
  };
  expect([await call("ann"), await call("bob"), await call(), await call("ann")]).toEqual([200, 404, 403, 200]);
});

test("on Streamable HTTP it stays that person's without its process, and after a restart of the gateway", async () => {
  const post = async (of: GatewayProcess, person: string | undefined, session: string | undefined, message: object) => {
    const own = session === undefined ? {} : { "Mcp-Session-Id": session };
    const headers = { ...JSON_TYPE, ...ACCEPT, ...from(person), ...own };
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    const answer = await fetch(`${of.url}/own/mcp`, { method: "POST", headers, body });
    await answer.text();
    return answer;
  };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "ann", version: "1" } };
  const opened = await post(gateway, "ann", undefined, { id: 1, method: "initialize", params });
  const session = opened.headers.get("mcp-session-id") ?? "";
  await post(gateway, "ann", session, { method: "notifications/initialized" });
  const list = async (of: GatewayProcess, person?: string): Promise<number> =>
    (await post(of, person, session, { id: 2, method: "tools/list" })).status;
  const without = async (of: GatewayProcess, method: string, person: string): Promise<number> => {
    const headers = { Accept: "text/event-stream", "Mcp-Session-Id": session, ...from(person) };
    const answer = await fetch(`${of.url}/own/mcp`, { method, headers });
    await answer.body?.cancel();
    return answer.status;
  };
  expect(await list(gateway, "ann")).toBe(200);
  for (const what of ["with its process", "without"]) {
    const [bob, nobody] = [await list(gateway, "bob"), await list(gateway)];
    const others = [bob, nobody, await without(gateway, "GET", "bob"), await without(gateway, "DELETE", "bob")];
    expect([what, ...others]).toEqual([what, 404, 403, 404, 404]);
    // The process of the REST session stays.
    await until(() => gateway.children("own").length <= 1, { what: "the session has no process", deadlineMs: 15_000 });
  }
  await gateway.stop();
  await using again = await gateway.again();
  expect([await list(again, "bob"), await list(again, "ann")]).toEqual([404, 200]);
  expect([await without(again, "DELETE", "bob"), await without(again, "DELETE", "ann")]).toEqual([404, 204]);
});

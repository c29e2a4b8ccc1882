import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask, post, refusal } from "../helpers/http.ts";
import { problem, RestClient } from "../helpers/rest-client.ts";
import { openSession } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

// limits.bodiesBytes: the total size of all request bodies in memory.

const [ALICE, BOB] = ["alice-token-0123456789", "bob-token-0123456789"];
const by = (token: string) => ({ authorization: `Bearer ${token}` });
const MIB = 1024 * 1024;

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    auth: { bearer: { tokens: [ALICE, BOB] } },
    limits: { bodyBytes: "1MiB", bodiesBytes: "4MiB" },
    servers: { echo: fixture("echo"), hangs: fixture("never-answers") },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Arguments of nearly 1 MiB. */
const large = JSON.stringify({ message: "x".repeat(MIB - 100) });

/** Sends all of a body but its last byte. */
async function unfinished(path: string, token: string): Promise<Socket> {
  const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: localhost",
    `Authorization: Bearer ${token}`,
    "Content-Type: application/json",
    `Content-Length: ${large.length}`,
  ];
  await new Promise((resolve) => socket.write(`${head.join("\r\n")}\r\n\r\n${large.slice(0, -1)}`, resolve));
  return socket;
}

/** Whether a small request is accepted. */
async function hasRoom(token: string): Promise<boolean> {
  const headers = { ...by(token), "content-type": "application/json" };
  const little = { method: "POST", headers, body: JSON.stringify({ message: "x".repeat(1_000) }), chunked: true };
  return (await ask(`${gateway.url}/api/echo/echo?sessionId=the-one-who-asks`, little)).status !== 503;
}

/** Two bodies that use up their sender's share. If another request took some of it first, one of them is refused. */
function filled(path: string, token: string): Promise<readonly Socket[]> {
  return until(
    async () => {
      const sockets = [await unfinished(path, token), await unfinished("/api/echo/echo?sessionId=alice-0001", token)];
      if (!(await hasRoom(token))) return sockets;
      for (const socket of sockets) socket.destroy();
      return undefined;
    },
    { what: "there is no room" },
  );
}

describe("bodies that do not come to an end", () => {
  test("take half of the room at most, are refused beyond it, and give it back when their client leaves", async () => {
    await using alice = await openSession(`${gateway.url}/echo`, by(ALICE));
    await using bob = await openSession(`${gateway.url}/echo`, by(BOB));
    const path = alice.postUrl.pathname + alice.postUrl.search;
    const sockets = await filled(path, ALICE);
    const call = {
      jsonrpc: "2.0",
      id: 7,
      method: "tools/call",
      params: { name: "echo", arguments: JSON.parse(large) },
    };
    const refused = await post(alice.postUrl, call, by(ALICE));
    expect(refusal(refused)).toMatchObject({ code: 50300, reason: "too_many_bodies" });
    expect(refused.headers["retry-after"]).toBe("1");
    const rest = new RestClient(gateway.url, by(ALICE));
    expect(await rest.call("echo/echo", large)).toMatchObject(problem(503, "unavailable", { retryable: true }));
    expect(await alice.call("echo", { message: "small ones pass" })).toBe("small ones pass");
    expect(await bob.call("echo", JSON.parse(large))).toHaveLength(MIB - 100);

    for (const socket of sockets) socket.destroy();
    await until(async () => (await post(alice.postUrl, { ...call, id: 8 }, by(ALICE))).status === 202, {
      what: "there is room again",
    });
    await alice.response(8);
  });
});

describe("the arguments of calls over REST", () => {
  test("count until the call is answered or its client leaves", async () => {
    const rest = new RestClient(gateway.url, by(ALICE));
    const leave = new AbortController();
    const calls = [1, 2].map(() => rest.call("hangs/hang", large, { signal: leave.signal }).catch(() => undefined));
    await until(() => gateway.children("hangs").length === 2, { what: "both have been read" });
    expect(await hasRoom(ALICE)).toBe(false);
    leave.abort();
    await Promise.all(calls);
    await until(async () => (await rest.call("echo/echo", large)).status === 200, { what: "there is room again" });
  });
});

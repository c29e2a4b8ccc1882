import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { type Answer, post, refusal } from "../helpers/http.ts";
import { openSession, openSse, type SseClient, textOf } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const CLIENTS = 20;
const CALLS = 30;
const ALICE = "Bearer alice-token-0123456789";
const BOB = "Bearer bob-token-0123456789";
const CAROL = `Basic ${Buffer.from("carol:pass:word").toString("base64")}`;

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    auth: {
      basic: { credentials: [{ username: "carol", password: "pass:word" }] },
      bearer: { tokens: [ALICE, BOB].map((header) => header.slice("Bearer ".length)) },
    },
    servers: { counter: fixture("counter"), echo: fixture("echo"), quiet: fixture("counter") },
  });
});

afterAll(() => gateway[Symbol.asyncDispose]());

const url = (server: string): string => `${gateway.url}/${server}`;

/** The parts by which a caller could distinguish two responses. */
function telling({ status, headers, body }: Answer): unknown {
  const { date: _date, "x-request-id": requestId, ...rest } = headers;
  return { status, headers: rest, body: body.replace(String(requestId), "its own id") };
}

describe("twenty clients at once, all with the same ids,", () => {
  it("each have a process of their own and get their own answers only", async () => {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        openSession(url("counter"), { authorization: n % 2 === 0 ? ALICE : BOB }),
      ),
    );
    const counts = await Promise.all(clients.map(countTo(CALLS)));
    const pids = await Promise.all(clients.map((client) => client.call("whoami")));

    const expected = Array.from({ length: CALLS }, (_, n) => String(n + 1));
    expect(counts).toEqual(clients.map(() => expected));
    expect(new Set(pids).size).toBe(CLIENTS);
    expect(new Set(pids.map(Number))).toEqual(new Set(gateway.children("counter")));
    // The endpoint, initialize, the calls, whoami: no event of another session.
    expect(clients.map((client) => client.events().length)).toEqual(clients.map(() => CALLS + 3));

    for (const client of clients) client.close();
    await until(() => gateway.children("counter").length === 0, { deadlineMs: 7_000, what: "all children are gone" });
  });

  it("keep their sessions apart when half of them leave in the middle", async () => {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => openSession(url("counter"), { authorization: ALICE })),
    );
    const stays = clients.filter((_, n) => n % 2 === 0);
    const counting = Promise.all(stays.map(countTo(CALLS)));
    for (const [n, client] of clients.entries()) if (n % 2 === 1) client.close();
    const counts = await counting;
    expect(counts.map((count) => count.at(-1))).toEqual(stays.map(() => String(CALLS)));
    await until(() => gateway.children("counter").length === stays.length, {
      deadlineMs: 7_000,
      what: "only the children of those who stayed live",
    });
    for (const client of stays) client.close();
  });
});

/** All calls in flight together; the results in the order of the ids. */
const countTo =
  (calls: number) =>
  (client: SseClient): Promise<string[]> =>
    Promise.all(
      Array.from({ length: calls }, async (_, n) =>
        textOf(await client.request("tools/call", { name: "next" }, n + 2)),
      ),
    ).then((counts) => counts.toSorted((a, b) => Number(a) - Number(b)));

describe("another principal's session id", () => {
  const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "next" } };

  it.each([
    ["another token", BOB],
    ["another method", CAROL],
  ])("is answered exactly like an unknown one (%s)", async (_who, stranger) => {
    await using alice = await openSession(url("counter"), { authorization: ALICE });
    const unknown = new URL(alice.postUrl);
    unknown.searchParams.set("sessionId", "V1StGXR8_Z5jdHi6B-myT");
    const headers = { authorization: stranger };

    for (const body of [call, "{", "", [], { jsonrpc: "1.0" }]) {
      const foreign = await post(alice.postUrl, body, headers);
      expect(telling(foreign)).toEqual(telling(await post(unknown, body, headers)));
      expect(refusal(foreign)).toMatchObject({ status: 404, code: -32001, reason: "session_not_found" });
    }
    expect(await alice.call("next")).toBe("1");
    expect(alice.messages()).toHaveLength(2);
  });

  it("is no way to learn the id of a session either: it stays unknown after its end", async () => {
    const alice = await openSession(url("quiet"), { authorization: ALICE });
    alice.close();
    await until(() => gateway.children("quiet").length === 0, { deadlineMs: 7_000, what: "the session is over" });
    const owner = await post(alice.postUrl, call, { authorization: ALICE });
    expect(telling(owner)).toEqual(telling(await post(alice.postUrl, call, { authorization: BOB })));
  });

  it("needs the credential on every request: the id alone is 401", async () => {
    await using alice = await openSession(url("counter"), { authorization: ALICE });
    for (const headers of [{}, { authorization: "Bearer wrong" }, { cookie: `sessionId=${alice.sessionId}` }]) {
      const answer = await post(alice.postUrl, call, headers);
      expect(refusal(answer)).toMatchObject({ status: 401, code: 40100, reason: "unauthorized" });
    }
    expect(await alice.call("next")).toBe("1");
  });

  it("starts no child of a session that has not spoken yet", async () => {
    await using alice = await openSse(url("quiet"), { authorization: ALICE });
    expect((await post(alice.postUrl, call, { authorization: BOB })).status).toBe(404);
    await alice.initialize();
    expect(gateway.children("quiet")).toHaveLength(1);
  });
});

describe("a session id", () => {
  it("is good for its own server only", async () => {
    await using client = await openSession(url("counter"), { authorization: ALICE });
    const elsewhere = new URL(`/echo?sessionId=${client.sessionId}`, gateway.url);
    const answer = await post(elsewhere, { jsonrpc: "2.0", id: 1, method: "ping" }, { authorization: ALICE });
    expect(refusal(answer)).toMatchObject({ status: 404, code: -32001, reason: "session_not_found" });
    expect(gateway.children("echo")).toEqual([]);
    expect(await client.call("next")).toBe("1");
  });

  it("is new each time and cannot be chosen by the client", async () => {
    const ids = new Set<string>();
    for (let n = 0; n < 10; n++) {
      await using client = await openSse(`${url("counter")}?sessionId=mine`, { authorization: ALICE });
      ids.add(client.sessionId);
    }
    expect(ids.size).toBe(10);
    expect(ids).not.toContain("mine");
  });
});

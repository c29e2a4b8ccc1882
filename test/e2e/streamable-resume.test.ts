import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema, LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { connectSdk, type SdkClient } from "../helpers/sdk-client.ts";
import { StreamableClient, textOf, type Exchange, type JsonRpc } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Which stream a message goes to, and how a client gets missed messages: MCP 2025-11-25, transports, resumability.

let gateway: GatewayProcess;
let small: GatewayProcess;
const clients: StreamableClient[] = [];

beforeAll(async () => {
  const servers = { commands: fixture("on-command") };
  gateway = await startGateway({ limits: { heartbeat: "100ms" }, servers });
  small = await startGateway({ limits: { replayEvents: 5, replayBytes: "8KiB" }, servers });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one[Symbol.asyncDispose]()));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await small[Symbol.asyncDispose]();
});

async function opened(version = "2025-11-25", at = gateway): Promise<StreamableClient> {
  const made = new StreamableClient(`${at.url}/commands/mcp`);
  clients.push(made);
  await made.initialize({ version });
  return made;
}

/** Holds a call and waits until the server has it. */
async function held(one: StreamableClient, name: string): Promise<Exchange> {
  const exchange = await one.start("hold", { name }, { id: name, progressToken: `token of ${name}` });
  await until(() => exchange.isStream, { what: "its stream begins" });
  return exchange;
}

const release = (one: StreamableClient, name: string): Promise<void> => one.notify("x/release", { name });
const say = (one: StreamableClient, text: string): Promise<void> => one.notify("x/say", { text });

/** Waits until the server has processed everything, with a request whose response no log message can accompany. */
async function allIsSaid(one: StreamableClient): Promise<void> {
  for (const message of ["once", "twice"])
    await one.call("echo", { message }, { headers: { Accept: "application/json" } });
}

/** The texts of the log messages on a stream, and the methods of other requests and notifications. */
const said = ({ messages }: Exchange): unknown[] => messages.filter(({ method }) => method !== undefined).map(toText);
const toText = (message: JsonRpc): unknown => dataOf(message)?.text ?? message.method;
const dataOf = ({ params }: JsonRpc): { text: string; n: number } | undefined =>
  params?.["data"] as { text: string; n: number } | undefined;

const hears = (stream: Exchange, text: string): Promise<unknown> =>
  until(() => said(stream).includes(text), { what: `"${text}" is on the stream` });

/** The first event of a stream: for clients that support priming, an event with an id and no message. */
const primedWith = (stream: Exchange): Promise<string> =>
  until(() => stream.items.find(({ data }) => data === "")?.id, { what: "the stream has an event without a message" });

describe("event ids", () => {
  test("are there on every event, and no two events of a session share one", async () => {
    const one = await opened();
    const stream = await one.get();
    await one.notify("x/say", { text: "unasked", times: 3 });
    await until(() => said(stream).length === 3, { what: "three are said" });
    const posts = [await held(one, "a"), await held(one, "b")];
    await one.notify("x/say", { text: "asked", times: 3 });
    for (const name of ["a", "b"]) await release(one, name);
    await Promise.all(posts.map((post) => post.over()));

    const events = [stream, ...posts].flatMap(({ items }) => items.filter(({ data }) => data !== undefined));
    const ids = events.map(({ id }) => id);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(events.filter(({ data }) => data !== "")).toHaveLength(8);
  });

  test("come first on the streams of a 2025-11-25 client, in an event without a message", async () => {
    const one = await opened("2025-11-25");
    for (const stream of [await one.get(), await held(one, "a")]) {
      await primedWith(stream);
      expect(stream.items.slice(0, 2)).toEqual([
        { comment: "ok" },
        { id: expect.any(String), retry: expect.stringMatching(/^\d+$/), data: "" },
      ]);
    }
  });

  test.each(["2024-11-05", "2025-03-26", "2025-06-18"])("come only with a message for a %s client", async (version) => {
    const one = await opened(version);
    const streams = [await one.get(), await held(one, "a")];
    for (const stream of streams) await until(() => stream.comments.includes("hb"), { what: "the stream beats" });
    await release(one, "a");
    await streams[1]?.over();
    const withIds = streams.flatMap(({ items }) => items).filter(({ id }) => id !== undefined);
    expect(withIds).toEqual([
      { id: expect.any(String), event: "message", data: expect.stringContaining("released a") },
    ]);
    expect(streams.flatMap(({ items }) => items).filter(({ data }) => data === "")).toEqual([]);
  });
});

describe("Last-Event-ID", () => {
  test("brings what the GET stream said after that event, in order, and then what it says next", async () => {
    const one = await opened();
    const first = await one.get();
    for (const text of ["one", "two", "three"]) await say(one, text);
    await hears(first, "three");
    const [, id] = first.ids;
    first.cut();
    for (const text of ["four", "five"]) await say(one, text);
    await allIsSaid(one);

    const second = await one.get({ "Last-Event-ID": id });
    await say(one, "six");
    await hears(second, "six");
    expect(said(second)).toEqual(["two", "three", "four", "five", "six"]);
    expect(second.events.slice(0, 2)).toEqual(first.events.slice(1));
  });

  test("gives ids that only grow, so that another cut at any event loses nothing", async () => {
    const one = await opened();
    const first = await one.get();
    await say(one, "one");
    await hears(first, "one");
    first.cut();
    for (const text of ["two", "three"]) await say(one, text);
    await allIsSaid(one);

    const second = await one.get({ "Last-Event-ID": first.ids.at(-1) });
    await hears(second, "three");
    for (const [index, id] of second.ids.entries()) {
      const again = await one.get({ "Last-Event-ID": id });
      await say(one, `after cut ${index}`);
      await hears(again, `after cut ${index}`);
      const missed = second.items
        .filter((item) => item.id !== undefined)
        .slice(index + 1)
        .filter(({ data }) => data !== "");
      expect(again.events.slice(0, missed.length)).toEqual(missed);
    }
  });

  test("brings an answer that was lost with its POST, and the stream ends after it", async () => {
    const one = await opened();
    const post = await held(one, "a");
    const id = await primedWith(post);
    post.cut();
    await release(one, "a");
    await until(async () => (await one.call("holding")) === "[]", { what: "the call has ended" });
    for (const _time of ["first", "second"]) {
      const stream = await (await one.get({ "Last-Event-ID": id })).over();
      expect(stream.isComplete).toBe(true);
      expect(stream.messages).toEqual([{ jsonrpc: "2.0", id: "a", result: expect.any(Object) }]);
      expect(textOf(await stream.answer("a"))).toBe("released a");
    }
  });

  test("brings an answer that comes only after the client has come back", async () => {
    const one = await opened();
    const post = await held(one, "a");
    const id = await primedWith(post);
    post.cut();
    const stream = await one.get({ "Last-Event-ID": id });
    await until(() => stream.comments.includes("hb"), { what: "the resumed stream beats" });
    expect(stream.messages).toEqual([]);
    await release(one, "a");
    expect(textOf(await stream.answer("a"))).toBe("released a");
    expect((await stream.over()).isComplete).toBe(true);
  });

  test("takes over from a POST whose connection still seems to stand", async () => {
    const one = await opened();
    const post = await held(one, "a");
    const stream = await one.get({ "Last-Event-ID": await primedWith(post) });
    await post.over("the older stream ends");
    await release(one, "a");
    expect(textOf(await stream.answer("a"))).toBe("released a");
    expect(post.messages).toEqual([]);
  });

  test("works from any event with an id for a client that is not given one first", async () => {
    const one = await opened("2025-06-18");
    const post = await held(one, "a");
    await say(one, "on the stream of a");
    await hears(post, "on the stream of a");
    post.cut();
    await release(one, "a");
    const stream = await (await one.get({ "Last-Event-ID": post.ids[0] })).over();
    expect(stream.messages).toMatchObject([{ id: "a" }]);
  });

  test("brings nothing of another stream", async () => {
    const one = await opened();
    const get = await one.get();
    const a = await held(one, "a");
    const idOfA = await primedWith(a);
    a.cut();
    const b = await held(one, "b");
    await say(one, "on the stream of b");
    await hears(b, "on the stream of b");
    b.cut();
    await one.notify("x/send", { method: "notifications/tools/list_changed" });
    await hears(get, "notifications/tools/list_changed");
    const idOfGet = get.ids[0];
    get.cut();
    for (const name of ["b", "a"]) await release(one, name);

    const resumedA = await (await one.get({ "Last-Event-ID": idOfA })).over();
    expect(resumedA.messages).toMatchObject([{ id: "a" }]);
    const resumedB = await (await one.get({ "Last-Event-ID": b.ids[0] })).over();
    expect(resumedB.messages).toMatchObject([{ method: "notifications/message" }, { id: "b" }]);
    const resumedGet = await one.get({ "Last-Event-ID": idOfGet });
    await say(one, "live");
    await hears(resumedGet, "live");
    expect(said(resumedGet)).toEqual(["notifications/tools/list_changed", "live"]);
  });

  test.each([
    ["nothing", ""],
    ["a number", "1"],
    ["__proto__", "__proto__"],
    ["a prototype's member", "constructor.1"],
    ["two parts", "g.x"],
    ["a negative place", "g.-1"],
    ["a place beyond numbers", `g.${"9".repeat(400)}`],
    ["much", "x".repeat(8_000)],
    ["not Latin", "\u00FF\u00FE"],
  ])("that is %s opens a plain new stream", async (_name, id) => {
    const one = await opened();
    await say(one, "waiting");
    await allIsSaid(one);
    const stream = await one.get({ "Last-Event-ID": id });
    expect(stream.status).toBe(200);
    await hears(stream, "waiting");
    await say(one, "live");
    await hears(stream, "live");
    expect(said(stream)).toEqual(["waiting", "live"]);
  });

  test.each([
    ["the first event of a GET stream", (they: Theirs) => they.stream.ids[0]],
    ["the last event of a GET stream", (they: Theirs) => they.stream.ids.at(-1)],
  ])("of another session (%s) opens a plain new stream, with nothing of that session's", async (_name, idOf) => {
    const [one, other] = [await opened(), await opened()];
    const stream = await other.get();
    await other.notify("x/say", { text: "theirs", times: 20 });
    await until(() => said(stream).length === 20, { what: "it is said" });
    for (const name of ["first", "second"]) {
      await held(other, name);
      await release(other, name);
    }
    const post = await held(other, "their secret");
    await primedWith(post);
    post.cut();
    await release(other, "their secret");

    await say(one, "mine, waiting");
    await allIsSaid(one);
    const mine = await one.get({ "Last-Event-ID": idOf({ stream, post }) });
    expect(mine.status).toBe(200);
    await say(one, "mine, live");
    await hears(mine, "mine, live");
    expect(said(mine)).toEqual(["mine, waiting", "mine, live"]);
    expect(mine.isOver).toBe(false);
  });

  test("of a call's stream of another session opens a stream on which nothing is said", async () => {
    const [one, other] = [await opened(), await opened()];
    const post = await held(other, "their secret");
    await primedWith(post);
    post.cut();
    await release(other, "their secret");
    const get = await one.get();
    const mine = await one.get({ "Last-Event-ID": post.ids[0] });
    expect(mine.status).toBe(200);
    await say(one, "mine, live");
    await hears(get, "mine, live");
    expect([said(mine), mine.isOver, get.isOver]).toEqual([[], false, false]);
  });
});

describe("streams with nothing to say any more", () => {
  test("stay open, eight of them; the one that was come back to longest ago ends first", async () => {
    const one = await opened();
    const ids: (string | undefined)[] = [];
    for (const name of ["a", "b", "c", "d", "e", "f", "g", "h", "i"]) ids.push(await lastIdOfFinished(one, name));
    const [a = "", b = "", ...others] = ids;
    const back = (id: string | undefined): Promise<Exchange> => one.get({ "Last-Event-ID": id });

    const [firstOfA, ofB] = [await back(a), await back(b)];
    for (const id of others.slice(0, -1)) await back(id);
    const secondOfA = await back(a);
    await firstOfA.over("the older stream of a ends");
    await back(others.at(-1));
    await ofB.over("the stream of b ends");
    expect(secondOfA.isOver).toBe(false);
  });
});

async function lastIdOfFinished(one: StreamableClient, name: string): Promise<string | undefined> {
  const post = await held(one, name);
  await release(one, name);
  return (await post.over()).ids.at(-1);
}

interface Theirs {
  readonly stream: Exchange;
  readonly post: Exchange;
}

describe("what is kept", () => {
  test("waits until a stream is open, and is sent once", async () => {
    const one = await opened();
    await say(one, "early");
    await one.notify("x/ask", { method: "roots/list" });
    await allIsSaid(one);
    const first = await one.get();
    await hears(first, "roots/list");
    expect(said(first)).toEqual(["early", "roots/list"]);
    const second = await one.get();
    await say(one, "late");
    await hears(second, "late");
    expect(said(second)).toEqual(["late"]);
  });

  test("is no more than limits.replayEvents, the oldest are forgotten", async () => {
    const one = await opened("2025-06-18", small);
    await one.notify("x/say", { text: "early", times: 20 });
    await allIsSaid(one);
    const stream = await one.get();
    await say(one, "late");
    await hears(stream, "late");
    expect(numbers(stream)).toEqual([16, 17, 18, 19, 20, 21]);
  });

  test("is no more than limits.replayBytes", async () => {
    const one = await opened("2025-06-18", small);
    await one.notify("x/say", { text: "early", times: 5, padding: 3_000 });
    await allIsSaid(one);
    const stream = await one.get();
    await say(one, "late");
    await hears(stream, "late");
    expect(numbers(stream)).toEqual([4, 5, 6]);
  });

  test("is not pushed out by a message that alone is over limits.replayBytes", async () => {
    const one = await opened("2025-06-18", small);
    await say(one, "before");
    await one.notify("x/say", { text: "huge", padding: 20_000 });
    await say(one, "after");
    await allIsSaid(one);
    const stream = await one.get();
    await hears(stream, "after");
    expect(said(stream)).toEqual(["before", "after"]);
  });

  const numbers = ({ messages }: Exchange): unknown[] => messages.map((message) => dataOf(message)?.n);
});

describe("what the server says", () => {
  test("goes to the newest call in flight that streams, else to the GET stream; its requests too", async () => {
    const one = await opened();
    const get = await one.get();
    const a = await held(one, "a");
    const b = await held(one, "b");
    await say(one, "1");
    await one.notify("x/ask", { method: "roots/list" });
    await hears(b, "roots/list");
    await release(one, "b");
    await b.over();
    await say(one, "2");
    await one.notify("x/ask", { method: "sampling/createMessage" });
    await hears(a, "sampling/createMessage");
    await release(one, "a");
    await a.over();
    await say(one, "3");
    await one.notify("x/ask", { method: "elicitation/create" });
    await hears(get, "elicitation/create");
    expect([said(b), said(a), said(get)]).toEqual([
      ["1", "roots/list"],
      ["2", "sampling/createMessage"],
      ["3", "elicitation/create"],
    ]);
  });

  test("does not go to a call that is answered as JSON, nor to one whose connection is lost", async () => {
    const one = await opened();
    const lost = await held(one, "lost");
    const json = one.start("hold", { name: "json" }, { id: "json", headers: { Accept: "application/json" } });
    await until(async () => /json/.test(await one.call("holding")), { what: "the server holds both" });
    lost.cut();
    const get = await one.get();
    await until(
      async () => {
        await say(one, "to the GET stream");
        return said(get).length > 0;
      },
      { what: "the cut is noticed and the GET stream gets the message" },
    );
    await release(one, "json");
    expect((await (await json).over()).messages).toMatchObject([{ id: "json" }]);
  });

  test("about the server as a whole goes to the GET stream, whatever is in flight", async () => {
    const one = await opened();
    const get = await one.get();
    const a = await held(one, "a");
    const methods = [
      "notifications/tools/list_changed",
      "notifications/prompts/list_changed",
      "notifications/resources/list_changed",
      "notifications/resources/updated",
    ];
    for (const method of methods) await one.notify("x/send", { method, params: { uri: "file:///x" } });
    await say(one, "last");
    await hears(a, "last");
    expect(said(get)).toEqual(methods);
    expect(said(a)).toEqual(["last"]);
  });

  test("of progress follows its token, with two calls in flight", async () => {
    const one = await opened();
    const get = await one.get();
    const a = await held(one, "a");
    const b = await held(one, "b");
    const zero = await one.start("hold", { name: "zero" }, { id: "zero", progressToken: 0 });
    const text = await one.start("hold", { name: "text" }, { id: "text", progressToken: "0" });
    const progress = async (progressToken: unknown, done: number): Promise<void> =>
      one.notify("x/send", { method: "notifications/progress", params: { progressToken, progress: done } });
    for (const [index, token] of ["token of a", "token of b", 0, "0", "token of a", 0].entries())
      await progress(token, index);
    for (const [stream, name] of [
      [zero, "zero"],
      [a, "a"],
      [text, "text"],
      [b, "b"],
    ] as const) {
      await release(one, name);
      await stream.answer(name);
    }
    const done = ({ messages }: Exchange): unknown[] => messages.map(({ params }) => params?.["progress"]);
    expect([a, b, zero, text].map(done)).toEqual([
      [0, 4, undefined],
      [1, undefined],
      [2, 5, undefined],
      [3, undefined],
    ]);
    expect(get.messages).toEqual([]);
  });
});

describe("the SDK client behind a connection that breaks", () => {
  test("gets the answer of a call whose connection was cut", async () => {
    await using proxy = await tcpProxy(gateway.url);
    await using sdk = await sdkClient(`${proxy.url}/commands/mcp`);
    const tokens: string[] = [];
    const answer = sdk.client.callTool({ name: "hold", arguments: { name: "a" } }, CallToolResultSchema, {
      onresumptiontoken: (token) => tokens.push(token),
    });
    await until(() => tokens.length > 0, { what: "the client knows where to resume" });
    proxy.cut();
    await release(sameSession(sdk), "a");
    expect(await answer).toMatchObject({ content: [{ text: "released a" }] });
    expect(tokens.length).toBeGreaterThan(1);
  });

  test("gets the answer too when it was not yet there as the client came back", async () => {
    await using proxy = await tcpProxy(gateway.url);
    await using sdk = await sdkClient(`${proxy.url}/commands/mcp`);
    const tokens: string[] = [];
    const answer = sdk.client.callTool({ name: "hold", arguments: { name: "a" } }, CallToolResultSchema, {
      onresumptiontoken: (token) => tokens.push(token),
    });
    await until(() => tokens.length === 1, { what: "the client knows where to resume" });
    proxy.cut();
    await until(() => tokens.length > 1, { what: "the client has come back" });
    await release(sameSession(sdk), "a");
    expect(await answer).toMatchObject({ content: [{ text: "released a" }] });
  });

  test("gets the messages of its GET stream that it missed", async () => {
    await using proxy = await tcpProxy(gateway.url);
    await using sdk = await sdkClient(`${proxy.url}/commands/mcp`);
    const texts: unknown[] = [];
    sdk.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      texts.push((params.data as { text: string }).text);
    });
    const raw = sameSession(sdk);
    await say(raw, "before");
    await until(() => texts.length === 1, { what: "the client hears the server" });
    proxy.cut();
    await say(raw, "while it is away");
    await until(() => texts.includes("while it is away"), { what: "the client hears what it missed" });
    await say(raw, "after");
    await until(() => texts.includes("after"), { what: "the client hears the server again" });
    expect(texts).toEqual(["before", "while it is away", "after"]);
  });

  test("can hand its session and its place to another client (resumptionToken)", async () => {
    await using proxy = await tcpProxy(gateway.url);
    await using sdk = await sdkClient(`${proxy.url}/commands/mcp`);
    const tokens: string[] = [];
    const call = { name: "hold", arguments: { name: "a" } };
    const lost = sdk.client.callTool(call, CallToolResultSchema, { onresumptiontoken: (token) => tokens.push(token) });
    lost.catch(() => "its client was closed");
    await until(() => tokens.length > 0, { what: "the client knows where to resume" });
    await sdk.client.close();

    await using heir = await sdkClient(`${gateway.url}/commands/mcp`, sdk.transport.sessionId);
    await release(sameSession(sdk), "a");
    const answer = await heir.client.callTool(call, CallToolResultSchema, { resumptionToken: String(tokens[0]) });
    expect(answer).toMatchObject({ content: [{ text: "released a" }] });
  });
});

interface Connected extends AsyncDisposable {
  readonly client: SdkClient;
  readonly transport: StreamableHTTPClientTransport;
}

async function sdkClient(url: string, sessionId?: string): Promise<Connected> {
  const transport = new StreamableHTTPClientTransport(new URL(url), sessionId === undefined ? {} : { sessionId });
  const client = await connectSdk(transport);
  return { client, transport, [Symbol.asyncDispose]: () => client.close() };
}

/** A raw client of the same session, on connections of its own. */
function sameSession({ transport }: Connected): StreamableClient {
  const raw = new StreamableClient(`${gateway.url}/commands/mcp`);
  clients.push(raw);
  raw.sessionId = transport.sessionId;
  return raw;
}

/** Relays bytes until it is told to cut every connection. */
async function tcpProxy(target: string): Promise<AsyncDisposable & { readonly url: string; cut(): void }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    [Symbol.asyncDispose]: async () => {
      server.close();
      cut();
    },
  };
}

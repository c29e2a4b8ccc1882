import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn, type RestAnswer } from "../helpers/rest-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Which process responds to a call, and what is known of a server before it is called.

type Gateway = Awaited<ReturnType<typeof startGateway>>;

let gateway: Gateway;
let rest: RestClient;
const folder = mkdtempSync(join(tmpdir(), "rest-sessions-"));
const toolsFile = join(folder, "tools");

beforeAll(async () => {
  writeFileSync(toolsFile, "first\n");
  gateway = await startGateway({
    // One of them never starts; the others may take their time.
    limits: { start: "6s" },
    servers: {
      counter: fixture("counter"),
      other: fixture("counter"),
      echo: fixture("echo"),
      asks: fixture("asks-the-client"),
      pages: fixture("lists-in-pages"),
      endless: fixture("endless-pages"),
      circular: fixture("endless-pages", { env: { CURSOR: "same" } }),
      toolless: fixture("big-ids"),
      changing: fixture("tools-from-file", { env: { TOOLS_FILE: toolsFile } }),
      ends: fixture("exits-at-once"),
      silent: fixture("never-initializes"),
    },
  });
  rest = new RestClient(gateway.url);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const next = async (sessionId: string, caller = rest, server = "counter"): Promise<string> =>
  textIn(await caller.call(`${server}/next`, {}, { sessionId }));
const session = (id: string, method = "GET", caller = rest): Promise<RestAnswer> =>
  caller.ask(`/api/sessions/${id}`, { method });

describe("POST /api/sessions", () => {
  test("gives an id and its times, at a place of its own, and starts nothing", async () => {
    const before = gateway.children().length;
    const { status, headers, json } = await rest.post("/api/sessions", "");
    expect(status).toBe(201);
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers.location).toBe(`/api/sessions/${String(json["sessionId"])}`);
    expect(json).toMatchObject({ sessionId: expect.stringMatching(/^[A-Za-z0-9_-]{21,}$/) as string, ttlSeconds: 600 });
    const [created, expires] = ["createdAt", "expiresAt"].map((name) => Date.parse(String(json[name])));
    expect((expires ?? 0) - (created ?? 0)).toBe(600_000);
    expect(await rest.ask(String(headers.location))).toMatchObject({ status: 200 });
    expect(gateway.children().length).toBe(before);
  });

  test("gives a place below publicUrl", async () => {
    await using proxied = await startGateway({
      publicUrl: "https://mcp.example.com/gateway/",
      servers: { counter: fixture("counter") },
    });
    const throughProxy = new RestClient(proxied.url, { Host: "mcp.example.com" });
    const { headers } = await throughProxy.post("/api/sessions", "");
    expect(headers.location).toMatch(/^(?:https:\/\/mcp\.example\.com)?\/gateway\/api\/sessions\/[\w-]+$/);
  });
});

describe("GET /api/sessionid", () => {
  test("gives another id each time, which no cache may keep", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => rest.ask("/api/sessionid")));
    expect(new Set(answers.map(({ json }) => json["sessionId"])).size).toBe(3);
    for (const { status, headers } of answers) {
      expect(status).toBe(200);
      expect(headers).toMatchObject({ "cache-control": "no-store" });
      expect(headers["content-type"]).toMatch(/^application\/json/);
    }
  });
});

describe("GET /api/sessions/<id>", () => {
  test("shows which servers run in it", async () => {
    const id = newId();
    await next(id);
    await next(id, rest, "other");
    const { status, headers, json } = await session(id);
    expect({ status, cache: headers["cache-control"] }).toEqual({ status: 200, cache: "no-store" });
    expect(json).toMatchObject({
      sessionId: id,
      servers: { counter: { state: "running" }, other: { state: "running" }, echo: { state: "not started" } },
    });
  });

  test.each([newId(), "x", "__proto__", "constructor", "%00", "%2e%2e", "a b".replace(" ", "%20")])(
    "is a 404 when there is none: %s",
    async (id) => {
      expect(await session(id)).toMatchObject(problem(404, "session_not_found"));
    },
  );
});

describe("DELETE /api/sessions/<id>", () => {
  test("ends the processes of all its servers before it answers, and the next call begins anew", async () => {
    const id = newId();
    await next(id);
    await next(id, rest, "other");
    const pids = await Promise.all(
      ["counter", "other"].map(async (server) =>
        Number(textIn(await rest.call(`${server}/whoami`, {}, { sessionId: id }))),
      ),
    );
    expect(gateway.children()).toEqual(expect.arrayContaining(pids));
    expect(await session(id, "DELETE")).toMatchObject({ status: 204, text: "" });
    expect(gateway.children().filter((pid) => pids.includes(pid))).toEqual([]);
    expect(await session(id)).toMatchObject({ status: 404 });
    const answer = await rest.call("counter/next", {}, { sessionId: id });
    expect([textIn(answer), answer.headers["x-mcp-session"]]).toEqual(["1", "new"]);
  });

  test("may be repeated, and is answered the same for an id that never was", async () => {
    const id = newId();
    await next(id);
    for (const one of [id, id, newId(), "__proto__"])
      expect(await session(one, "DELETE")).toMatchObject({ status: 204 });
  });
});

describe("the state of a server", () => {
  test("is kept within a session and not shared with another one", async () => {
    const [mine, yours] = [newId(), newId()];
    expect([await next(mine), await next(mine), await next(yours), await next(mine)]).toEqual(["1", "2", "1", "3"]);
  });

  test("is that of one server, though the session has several", async () => {
    const id = newId();
    expect([await next(id), await next(id, rest, "other"), await next(id)]).toEqual(["1", "1", "2"]);
  });

  test("is one process's also when the first calls of a session come at once", async () => {
    const sessionId = newId();
    const pids = await Promise.all(Array.from({ length: 20 }, () => rest.call("counter/whoami", {}, { sessionId })));
    expect(new Set(pids.map(textIn)).size).toBe(1);
  });

  test("is lost when its process is killed, and X-MCP-Session says so", async () => {
    const sessionId = newId();
    await next(sessionId);
    process.kill(Number(textIn(await rest.call("counter/whoami", {}, { sessionId }))), "SIGKILL");
    await until(async () => (await session(sessionId)).status === 404, { what: "the session is gone" });
    const answer = await rest.call("counter/next", {}, { sessionId });
    expect([textIn(answer), answer.headers["x-mcp-session"]]).toEqual(["1", "new"]);
  });

  test("of an MCP session is untouched by a REST call that names its id", async () => {
    await using client = await StreamableClient.open(`${gateway.url}/counter/mcp`);
    const id = client.sessionId ?? "";
    expect(await client.call("next")).toBe("1");
    const answer = await rest.call("counter/next", {}, { sessionId: id });
    // A session of its own, or a refusal.
    expect(["1", 400, 404, 409]).toContain(answer.status === 200 ? textIn(answer) : answer.status);
    expect(await client.call("next")).toBe("2");
    await session(id, "DELETE");
    expect(await client.call("next")).toBe("3");
  });
});

describe("concurrent calls", () => {
  const messages = (count: number): string[] => Array.from({ length: count }, (_, n) => `message ${n} ${newId()}`);
  const echo = async (message: string, sessionId: string): Promise<string> =>
    textIn(await rest.call("echo/echo", { message }, { sessionId }));

  test("in one session, 64 of them, get each its own answer", async () => {
    const [sessionId, sent] = [newId(), messages(64)];
    expect(await Promise.all(sent.map((message) => echo(message, sessionId)))).toEqual(sent);
  });

  test("in ten sessions, 16 in each, get each its own answer from its own process", async () => {
    const sessions = Array.from({ length: 10 }, () => ({ id: newId(), sent: messages(16) }));
    const pids = await Promise.all(
      sessions.map(async ({ id, sent }) => {
        const got = Promise.all(sent.map((message) => echo(message, id)));
        const pid = await rest.call("echo/pid", {}, { sessionId: id });
        expect(await got).toEqual(sent);
        return textIn(pid);
      }),
    );
    expect(new Set(pids).size).toBe(10);
  });
});

describe("two callers", () => {
  let guarded: Gateway;
  let alice: RestClient;
  let bob: RestClient;

  beforeAll(async () => {
    const tokens = ["the-token-of-alice", "the-token-of-bob-"];
    const servers = { counter: fixture("counter") };
    guarded = await startGateway({ auth: { bearer: { tokens } }, servers });
    const callers = tokens.map((token) => new RestClient(guarded.url, { Authorization: `Bearer ${token}` }));
    [alice, bob] = callers as [RestClient, RestClient];
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  test("have each a session of their own under the same id", async () => {
    const id = newId();
    expect([await next(id, alice), await next(id, alice), await next(id, bob)]).toEqual(["1", "2", "1"]);
  });

  test("see and end nothing of one another", async () => {
    const id = newId();
    await next(id, alice);
    expect(await session(id, "GET", bob)).toMatchObject(problem(404, "session_not_found"));
    expect(await session(id, "DELETE", bob)).toMatchObject({ status: 204 });
    expect(await next(id, alice)).toBe("2");
    const minted = String((await alice.post("/api/sessions", "")).json["sessionId"]);
    expect(await session(minted, "GET", bob)).toMatchObject({ status: 404 });
    expect(await session(minted, "GET", alice)).toMatchObject({ status: 200 });
  });

  test("cannot use one another's ids where only the gateway's ids count", async () => {
    const tokens = ["the-token-of-alice", "the-token-of-bob-"];
    const config = { rest: { sessionCreate: "explicit" }, auth: { bearer: { tokens } } };
    await using explicit = await startGateway({ ...config, servers: { counter: fixture("counter") } });
    const [first, second] = tokens.map((token) => new RestClient(explicit.url, { Authorization: `Bearer ${token}` }));
    const id = String((await first?.ask("/api/sessionid"))?.json["sessionId"]);
    expect(await second?.call("counter/next", {}, { sessionId: id })).toMatchObject(problem(404, "session_not_found"));
    expect(await first?.call("counter/next", {}, { sessionId: id })).toMatchObject({ status: 200 });
  });
});

describe("rest.sessionCreate: explicit", () => {
  test("takes the ids that the gateway gave out, until they are deleted, and no others", async () => {
    await using explicit = await startGateway({
      rest: { sessionCreate: "explicit" },
      servers: { counter: fixture("counter") },
    });
    const caller = new RestClient(explicit.url);
    expect(await caller.call("counter/next")).toMatchObject(problem(404, "session_not_found"));
    const ids = [await caller.ask("/api/sessionid"), await caller.post("/api/sessions", "")].map(({ json }) =>
      String(json["sessionId"]),
    );
    for (const id of ids) expect([await next(id, caller), await next(id, caller)]).toEqual(["1", "2"]);
    const [id = ""] = ids;
    await session(id, "DELETE", caller);
    expect(await caller.call("counter/next", {}, { sessionId: id })).toMatchObject(problem(404, "session_not_found"));
  });
});

describe("an id that the gateway gave out", () => {
  test("is known as long as its session lives, though it was not named for longer than rest.idle", async () => {
    await using explicit = await startGateway({
      rest: { sessionCreate: "explicit", idle: "1s" },
      servers: { echo: fixture("echo"), commands: fixture("on-command") },
    });
    const caller = new RestClient(explicit.url);
    const minted = async (): Promise<string> => String((await caller.ask("/api/sessionid")).json["sessionId"]);
    const sessionId = await minted();
    const call = caller.call("commands/hold", { name: "a" }, { sessionId });
    await until(() => explicit.children("commands").length === 1, { what: "its session is open" });
    const unused = await minted();
    const other = Number(textIn(await caller.call("echo/pid", {}, { sessionId: await minted() })));
    await until(() => !explicit.children("echo").includes(other), { what: "a session younger than the id was idle" });
    expect(await caller.call("echo/pid", {}, { sessionId: unused })).toMatchObject(problem(404, "session_not_found"));
    expect(await session(sessionId, "GET", caller)).toMatchObject({ status: 200 });
    expect(textIn(await caller.call("commands/release", { name: "a" }, { sessionId }))).toBe("done");
    expect(textIn(await call)).toBe("released a");
  });
});

describe("rest.implicitSession", () => {
  test("lets a header stand for the session id", async () => {
    await using implicit = await startGateway({
      rest: { implicitSession: ["openai-conversation-id"] },
      servers: { counter: fixture("counter") },
    });
    const caller = new RestClient(implicit.url);
    const within = async (conversation: string): Promise<string> =>
      textIn(await caller.post("/api/counter/next", {}, { "Openai-Conversation-Id": conversation }));
    const [one, two] = [newId(), newId()];
    expect([await within(one), await within(two), await within(one)]).toEqual(["1", "1", "2"]);
    expect(await caller.post("/api/counter/next", {})).toMatchObject(problem(400, "session_required"));
    const named = { sessionId: newId(), headers: { "Openai-Conversation-Id": one } };
    expect(textIn(await caller.call("counter/next", {}, named))).toBe("1");
  });

  test("lets no header do so by default", async () => {
    const answer = await rest.post("/api/counter/next", {}, { "Openai-Conversation-Id": newId() });
    expect(answer).toMatchObject(problem(400, "session_required"));
  });
});

describe("rest.sessionless: oneshot", () => {
  test("gives each call without an id a process of its own, which is gone afterwards", async () => {
    await using oneshot = await startGateway({
      rest: { sessionless: "oneshot" },
      limits: { crashLoop: 0 },
      servers: { counter: fixture("counter"), dies: fixture("dies-mid-call"), narrates: fixture("narrates") },
    });
    const caller = new RestClient(oneshot.url);
    const answers = await Promise.all(Array.from({ length: 5 }, () => caller.post("/api/counter/next", {})));
    expect(answers.map(textIn)).toEqual(["1", "1", "1", "1", "1"]);
    expect(await caller.post("/api/dies/die", {})).toMatchObject({ status: 502 });
    expect(await caller.post("/api/dies/hang?timeoutMs=100", {})).toMatchObject({ status: 504 });
    expect(await caller.post("/api/narrates/story", {}, { Accept: "text/event-stream" })).toMatchObject({
      status: 200,
    });
    await until(() => oneshot.children().length === 0, { what: "no process is left" });
    const id = newId();
    expect([await next(id, caller), await next(id, caller)]).toEqual(["1", "2"]);
  });
});

describe("rest.idle", () => {
  let hasty: Gateway;
  let caller: RestClient;

  beforeAll(async () => {
    const servers = { counter: fixture("counter"), commands: fixture("on-command") };
    hasty = await startGateway({ rest: { idle: "300ms" }, servers });
    caller = new RestClient(hasty.url);
  });
  afterAll(() => hasty[Symbol.asyncDispose]());

  test("ends a session in which nothing is called", async () => {
    const sessionId = newId();
    await next(sessionId, caller);
    await until(() => hasty.children("counter").length === 0, { what: "its process is gone" });
    expect(await session(sessionId, "GET", caller)).toMatchObject({ status: 404 });
    const answer = await caller.call("counter/next", {}, { sessionId });
    expect([textIn(answer), answer.headers["x-mcp-session"]]).toEqual(["1", "new"]);
  });

  test("does not end a session while a call runs", async () => {
    const sessionId = newId();
    const call = caller.call("commands/hold", { name: "a" }, { sessionId });
    await until(() => hasty.children("commands").length === 1, { what: "its session is open" });
    await next(newId(), caller);
    await until(() => hasty.children("counter").length === 0, { what: "a session younger than it was idle" });
    expect(textIn(await caller.call("commands/release", { name: "a" }, { sessionId }))).toBe("done");
    expect(textIn(await call)).toBe("released a");
  });
});

describe("what a server asks of its client", () => {
  test.each(["ask-sampling", "ask-elicitation", "ask-roots"])("is declined: %s", async (tool) => {
    const answer = JSON.parse(textIn(await rest.call(`asks/${tool}`))) as object;
    expect(answer).toMatchObject({ jsonrpc: "2.0", error: { code: -32601 } });
  });

  test("is answered when it is a ping", async () => {
    expect(JSON.parse(textIn(await rest.call("asks/ask-ping")))).toMatchObject({ result: {} });
  });

  test("is not taken for an answer, though the ids are the same", async () => {
    const sessionId = newId();
    const tools = ["ask-sampling", "ask-ping", "ask-roots", "ask-sampling", "ask-ping"];
    const all = await Promise.all(tools.map((tool) => rest.call(`asks/${tool}`, {}, { sessionId })));
    const kinds = all.map((answer) => ("error" in (JSON.parse(textIn(answer)) as object) ? "declined" : "answered"));
    expect(kinds).toEqual(["declined", "answered", "declined", "declined", "answered"]);
  });
});

describe("the tools of a server", () => {
  const toolsOf = async (server: string): Promise<string[]> => {
    const { tools } = (await rest.ask(`/api/${server}`)).json as { tools: { name: string }[] };
    return tools.map(({ name }) => name);
  };

  test("are those of all its pages", async () => {
    expect(await toolsOf("pages")).toEqual(["one", "two", "three", "four", "five", "six", "grow"]);
    expect(textIn(await rest.call("pages/six"))).toBe("six");
  });

  test("end somewhere, though its pages do not", async () => {
    const names = await toolsOf("endless");
    expect(names).toEqual(expect.arrayContaining(["echo", "tool-2", "tool-10"]));
    expect(names).toHaveLength(50);
    expect(textIn(await rest.call("endless/echo", { message: "hi" }))).toBe("hi");
  });

  test("end where a page leads back", async () => {
    expect(await toolsOf("circular")).toEqual(["echo", "tool-2"]);
  });

  test("are none when it says that it has none", async () => {
    expect(await toolsOf("toolless")).toEqual([]);
    expect(await rest.call("toolless/x")).toMatchObject(problem(404, "tool_not_found"));
  });

  test("are more in a session in which the server said so, and only there", async () => {
    const [mine, yours] = [newId(), newId()];
    expect(textIn(await rest.call("pages/grow", {}, { sessionId: mine }))).toBe("grown-1");
    expect(textIn(await rest.call("pages/grown-1", {}, { sessionId: mine }))).toBe("grown-1");
    expect(textIn(await rest.call("pages/one", {}, { sessionId: mine }))).toBe("one");
    textIn(await rest.call("pages/one", {}, { sessionId: yours }));
    expect(await rest.call("pages/grown-1", {}, { sessionId: yours })).toMatchObject(problem(404, "tool_not_found"));
  });

  test("are looked up anew when a caller names one that is not known", async () => {
    expect(await toolsOf("changing")).toEqual(["first"]);
    expect(await rest.call("changing/second")).toMatchObject({ status: 404 });
    writeFileSync(toolsFile, "first\nsecond\n");
    await until(async () => (await rest.call("changing/second")).status === 200, { what: "the new tool is found" });
    expect(await toolsOf("changing")).toEqual(["first", "second"]);
  });

  test("are described without being called", async () => {
    const { status, json } = await rest.ask("/api/echo/echo");
    expect(status).toBe(200);
    expect(json).toMatchObject({
      name: "echo",
      description: "Says it back",
      inputSchema: { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
    });
    expect((await rest.ask("/api/echo")).json).toMatchObject({ name: "echo", serverInfo: { name: "echo.mjs" } });
  });

  test("are all in GET /api, whatever becomes of one broken server", async () => {
    const { status, json, text } = await rest.ask("/api");
    const { servers } = json as { servers: { name: string; tools?: string[]; error?: string }[] };
    expect(status).toBe(200);
    const names = "counter other echo asks pages endless circular toolless changing ends silent".split(" ");
    expect(servers.map(({ name }) => name)).toEqual(names);
    const [counter, ends, silent] = ["counter", "ends", "silent"].map((name) =>
      servers.find((one) => one.name === name),
    );
    expect(counter?.tools).toEqual(["next", "whoami"]);
    for (const broken of [ends, silent]) {
      expect(broken?.error).toMatch(/./);
      expect(broken).not.toHaveProperty("tools");
    }
    expect(text).not.toContain("left-pad");
  });
});

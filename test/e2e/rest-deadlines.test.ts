import { describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn } from "../helpers/rest-client.ts";
import { until } from "../helpers/until.ts";

// A call has one deadline, counted from its arrival, whatever it waits for.

const overdue = (limit: string): object => problem(504, "call_timeout", { limit, retryable: true });

describe("the time of a call goes on", () => {
  test("while its server starts, and the start goes on for others", async () => {
    const entry = fixture("slow-start", { env: { START_MS: "2000" } });
    await using gateway = await startGateway({ servers: { slow: entry } });
    const rest = new RestClient(gateway.url);
    textIn(await rest.call("slow/echo", { message: "its tools are known from here on" }));
    const sessionId = newId();
    const hasty = await rest.call("slow/echo", { message: "x" }, { sessionId, query: { timeoutMs: "200" } });
    expect(hasty).toMatchObject(overdue("?timeoutMs="));
    expect(hasty.json["detail"]).toContain("starting");
    const patient = await rest.call("slow/echo", { message: "patient" }, { sessionId });
    expect([textIn(patient), patient.headers["x-mcp-session"]]).toEqual(["patient", "reused"]);
  });

  test("while the tools of its server are listed, which another call asked for", async () => {
    const servers = { mute: fixture("never-lists", { timeout: "300ms" }) };
    await using gateway = await startGateway({ servers });
    const rest = new RestClient(gateway.url);
    const patient = rest.call("mute/echo", {}, { query: { timeoutMs: "6000" } });
    const hasty = await rest.call("mute/echo", {}, { headers: { Prefer: "wait=0.2" } });
    expect(hasty).toMatchObject(overdue("Prefer: wait="));
    expect(await rest.call("mute/echo")).toMatchObject(overdue("servers.mute.timeout"));
    expect(await patient).toMatchObject(overdue("?timeoutMs="));
  });

  test("while it waits for its turn", async () => {
    const entry = fixture("one-at-a-time", { serial: true });
    await using gateway = await startGateway({ rest: { timeout: "3s" }, servers: { serial: entry } });
    const rest = new RestClient(gateway.url);
    const sessionId = newId();
    textIn(await rest.call("serial/busy", {}, { sessionId }));
    const running = rest.call("serial/busy", { ms: 5_000 }, { sessionId, query: { timeoutMs: "20000" } });
    const waiting = await Promise.all([1, 2, 3].map(() => rest.call("serial/busy", {}, { sessionId })));
    for (const answer of waiting) expect(answer).toMatchObject(overdue("rest.timeout"));
    expect(waiting[0]?.json["detail"]).toContain("earlier calls of its session");
    expect(textIn(await running)).toBe("1");
    expect(textIn(await rest.call("serial/busy", {}, { sessionId }))).toBe("1");
  });

  test("until limits.requestMax, whatever its caller asks for", async () => {
    await using gateway = await startGateway({
      limits: { request: "300ms", requestMax: "300ms" },
      servers: { echo: fixture("echo") },
    });
    const rest = new RestClient(gateway.url);
    const call = rest.call("echo/sleep", { ms: 10_000 }, { sessionId: newId(), query: { timeoutMs: "9000" } });
    expect(await call).toMatchObject(overdue("limits.requestMax"));
  });
});

describe("servers that are silent", () => {
  const servers = {
    echo: fixture("echo"),
    hangs: fixture("never-answers"),
    mute: fixture("never-lists"),
    unborn: fixture("never-initializes"),
  };
  // Each of these is given up long before the silent servers are (limits.start, limits.request).
  test("keep nobody from the others, however often that is asked", async () => {
    await using gateway = await startGateway({ servers });
    const rest = new RestClient(gateway.url);
    for (const _again of [1, 2]) {
      const [index, document, page, api] = await Promise.all(
        ["/api", "/openapi.json", "/docs", "/api/openapi.gpt.yaml"].map((path) => rest.ask(path)),
      );
      const told = index?.json["servers"] as Record<string, unknown>[];
      expect(told.map(({ name, tools, error }) => [name, tools === undefined ? error : "listed"])).toEqual([
        ["echo", "listed"],
        ["hangs", "listed"],
        ["mute", expect.stringContaining("within 5000 ms")],
        ["unborn", expect.stringContaining("within 5000 ms")],
      ]);
      expect([document?.status, document?.headers["x-mcp-unavailable"]]).toEqual([200, "mute, unborn"]);
      expect(Object.keys(document?.json["paths"] ?? {})).toContain("/api/echo/echo");
      expect([api?.status, api?.headers["x-mcp-unavailable"]]).toEqual([200, "mute, unborn"]);
      expect([page?.status, page?.text.includes("It is still starting")]).toEqual([200, true]);
    }
  });

  test("are waited for by each caller as long as that one wants, whoever asked first", async () => {
    await using gateway = await startGateway({ servers });
    const rest = new RestClient(gateway.url);
    for (const server of ["mute", "unborn"]) {
      const patient = rest.call(`${server}/echo`, {}, { query: { timeoutMs: "6000" } });
      const over: unknown[] = [];
      void patient.then(() => over.push("patient"));
      const hasty = await Promise.all([
        rest.call(`${server}/echo`, {}, { query: { timeoutMs: "300" } }),
        rest.ask(`/api/${server}?timeoutMs=200`),
        rest.ask(`/api/${server}/echo`, { headers: { Prefer: "wait=0.2" } }),
        rest.ask("/api?timeoutMs=200"),
      ]);
      expect(over).toEqual([]);
      expect(hasty.slice(0, 3)).toMatchObject([
        overdue("?timeoutMs="),
        overdue("?timeoutMs="),
        overdue("Prefer: wait="),
      ]);
      expect(hasty[3]?.text).toContain("within 200 ms (?timeoutMs=)");
      expect(await patient).toMatchObject(overdue("?timeoutMs="));
    }
  });

  test("end a call at the time of its entry or of rest.timeout, however long limits.request is", async () => {
    const entry = fixture("never-answers", { timeout: "400ms" });
    await using gateway = await startGateway({
      limits: { request: "1h", requestMax: "2h" },
      rest: { timeout: "700ms" },
      servers: { own: entry, hangs: fixture("never-answers") },
    });
    const rest = new RestClient(gateway.url);
    expect(await rest.call("own/hang")).toMatchObject(overdue("servers.own.timeout"));
    expect(await rest.call("hangs/hang")).toMatchObject(overdue("rest.timeout"));
    expect(await rest.call("hangs/hang", {}, { headers: { Prefer: "wait=0.3" } })).toMatchObject(
      overdue("Prefer: wait="),
    );
  });

  test("are waited for longer than limits.request says, where the caller wants that", async () => {
    await using gateway = await startGateway({ limits: { request: "200ms" }, servers: { echo: fixture("echo") } });
    const call = new RestClient(gateway.url).call("echo/sleep", { ms: 1_500 }, { query: { timeoutMs: "10000" } });
    expect((await call).status).toBe(200);
  });
});

describe("calls of one session that wait", () => {
  const config = { limits: { inFlight: 3 }, servers: { serial: fixture("one-at-a-time", { serial: true }) } };

  test("for their turn are no more than limits.inFlight; the next is refused", async () => {
    await using gateway = await startGateway(config);
    const rest = new RestClient(gateway.url);
    const sessionId = newId();
    textIn(await rest.call("serial/busy", {}, { sessionId }));
    const calls = Array.from({ length: 8 }, () => rest.call("serial/busy", { ms: 300 }, { sessionId }));
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ status }) => status === 503);
    expect([answers.filter(({ status }) => status === 200).length, refused.length]).toEqual([4, 4]);
    for (const answer of refused) expect(answer).toMatchObject(problem(503, "unavailable", { retryable: true }));
  });

  test("for its start are no more than that either", async () => {
    await using gateway = await startGateway({ limits: { inFlight: 3 }, servers: { slow: fixture("slow-start") } });
    const rest = new RestClient(gateway.url);
    textIn(await rest.call("slow/echo", { message: "its tools are known from here on" }));
    const sessionId = newId();
    const calls = Array.from({ length: 5 }, () => rest.call("slow/echo", { message: "x" }, { sessionId }));
    const statuses = (await Promise.all(calls)).map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 200, 200, 503, 503]);
  });

  test("are called no more once their callers have left, and the turn goes on to who stays", async () => {
    await using gateway = await startGateway(config);
    const rest = new RestClient(gateway.url);
    const sessionId = newId();
    textIn(await rest.call("serial/busy", {}, { sessionId }));
    const running = rest.call("serial/busy", { ms: 1_500 }, { sessionId });
    const leaving = new AbortController();
    const left = [1, 2, 3].map(() => rest.call("serial/busy", { ms: 60_000 }, { sessionId, signal: leaving.signal }));
    const isFull = async (): Promise<boolean> => {
      const probe = await rest.call("serial/busy", {}, { sessionId, query: { timeoutMs: "50" } });
      return probe.status === 503;
    };
    await until(isFull, { what: "all places to wait are taken" });
    leaving.abort();
    await Promise.allSettled(left);
    expect([textIn(await rest.call("serial/busy", {}, { sessionId })), textIn(await running)]).toEqual(["1", "1"]);
  });
});

describe("a caller who leaves while the server starts", () => {
  test.each(["application/json", "text/event-stream"])("has nothing sent to it (Accept: %s)", async (Accept) => {
    const entry = fixture("slow-start", { env: { START_MS: "1500" } });
    await using gateway = await startGateway({ debug: { level: "verbose" }, servers: { slow: entry } });
    const rest = new RestClient(gateway.url);
    textIn(await rest.call("slow/echo", { message: "its tools are known from here on" }));
    const sessionId = newId();
    const leaving = new AbortController();
    const options = { sessionId, signal: leaving.signal, headers: { Accept } };
    const call = rest.call("slow/echo", { message: "nobody hears this" }, options);
    await until(async () => (await rest.ask(`/api/sessions/${sessionId}`)).status === 200, { what: "it starts" });
    leaving.abort();
    await expect(call).rejects.toThrow("aborted");
    expect(textIn(await rest.call("slow/echo", { message: "still here" }, { sessionId }))).toBe("still here");
    expect(gateway.log()).toContain("still here");
    expect(gateway.log()).not.toContain("nobody hears this");
  });
});

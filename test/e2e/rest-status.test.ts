import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn } from "../helpers/rest-client.ts";
import { until } from "../helpers/until.ts";

// Every outcome and its status, with real servers.

let gateway: Awaited<ReturnType<typeof startGateway>>;
let rest: RestClient;
const folder = mkdtempSync(join(tmpdir(), "rest-status-"));

beforeAll(async () => {
  const plainFile = join(folder, "no-program");
  writeFileSync(plainFile, "", { mode: 0o644 });
  gateway = await startGateway({
    limits: { start: "1s", bodyBytes: "64KiB", crashLoop: 0 },
    servers: {
      echo: fixture("echo"),
      counter: fixture("counter"),
      checked: fixture("checked-arguments"),
      verbatim: fixture("verbatim"),
      narrates: fixture("narrates"),
      dies: fixture("dies-mid-call"),
      bad: fixture("bad-results"),
      rubbish: fixture("prints-rubbish"),
      hangs: fixture("never-answers"),
      missing: { command: "no-such-program-anywhere" },
      forbidden: { command: plainFile },
      homeless: { ...fixture("echo"), path: join(folder, "nowhere") },
      ends: fixture("exits-at-once"),
      refuses: fixture("refuses-init"),
      endsLater: fixture("exits-on-init"),
      silent: fixture("never-initializes"),
    },
  });
  rest = new RestClient(gateway.url);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A separate gateway for tests that need another config. */
async function another(config: Parameters<typeof startGateway>[0]) {
  const started = await startGateway(config);
  return {
    gateway: started,
    rest: new RestClient(started.url),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

describe("a problem body", () => {
  test("has all members that a program or a language model can use", async () => {
    const answer = await rest.call("dies/die", {}, { headers: { "X-Request-Id": "a-request-id" } });
    expect(answer.headers).toMatchObject({
      "content-type": "application/problem+json",
      "x-request-id": "a-request-id",
    });
    expect(answer.json).toEqual({
      type: "/problems/process_exited",
      title: "Process exited",
      status: 502,
      detail: expect.stringContaining("dies") as string,
      instance: "/requests/a-request-id",
      code: "process_exited",
      requestId: "a-request-id",
      server: "dies",
      tool: "die",
      retryable: false,
      exit: { code: 1, signal: null },
    });
  });

  test("has the same members as application/json when Accept leaves problem+json out", async () => {
    const { headers, json } = await rest.call("echo/nope", {}, { headers: { Accept: "application/json" } });
    expect(headers["content-type"]).toBe("application/json");
    expect(Object.keys(json)).toEqual(Object.keys((await rest.call("echo/nope")).json));
  });

  test("names a type that the gateway serves", async () => {
    const { json } = await rest.call("echo/nope");
    expect(await rest.ask(String(json["type"]))).toMatchObject({ status: 200 });
  });

  test("is never stored by a cache", async () => {
    expect((await rest.call("echo/nope")).headers["cache-control"]).toBe("no-store");
  });
});

describe("400 is answered", () => {
  test.each(["{", "{'a':1}", "undefined", '{"a":1}{', '{"a":1,}', "\u0000"])(
    "when the body is no JSON: %j",
    async (body) => {
      expect(await rest.call("echo/echo", body)).toMatchObject(problem(400, "invalid_json", { retryable: false }));
    },
  );

  test("when the body is no UTF-8", async () => {
    const answer = await rest.ask(`/api/echo/echo?sessionId=${newId()}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: Buffer.from('{"message":"\u00ff"}', "latin1"),
    });
    expect(answer).toMatchObject(problem(400, "invalid_json"));
  });

  test.each(["[]", "null", "1", '"text"', "true"])("when the body is no object: %s", async (body) => {
    expect(await rest.call("echo/echo", body)).toMatchObject(problem(400, "invalid_request"));
  });

  test("when the body is nested more than a hundred levels deep", async () => {
    const body = `{"message":${"[".repeat(101)}${"]".repeat(101)}}`;
    expect(await rest.call("echo/echo", body)).toMatchObject(problem(400, "invalid_request"));
  });

  test("when there is no session id", async () => {
    expect(await rest.post("/api/echo/echo", { message: "x" })).toMatchObject(
      problem(400, "session_required", { detail: expect.stringContaining("sessionId") as string }),
    );
  });

  test.each([
    "",
    "short-1",
    "x".repeat(129),
    "with a blank",
    "../../../etc",
    "größe-größe",
    "a,b,c,d,e,f",
    "12345678\n",
  ])("when the session id is none: %j", async (sessionId) => {
    expect(await rest.call("echo/pid", {}, { sessionId })).toMatchObject(problem(400, "invalid_request"));
  });

  test.each(["x".repeat(8), "x".repeat(128), "A-Za.z0_9~"])("not when the session id is one: %j", async (sessionId) => {
    expect(await rest.call("echo/pid", {}, { sessionId })).toMatchObject({ status: 200 });
  });

  test.each(["abc", "0", "-1", "1e999", ""])("when ?timeoutMs=%s", async (timeoutMs) => {
    expect(await rest.call("echo/pid", {}, { query: { timeoutMs } })).toMatchObject(problem(400, "invalid_request"));
  });

  test("when the path holds a broken percent escape", async () => {
    expect(await rest.post(`/api/echo/%zz?sessionId=${newId()}`, {})).toMatchObject(problem(400, "invalid_request"));
  });
});

describe("401 is answered", () => {
  test("with the challenge of every method that is on, before anything else is looked at", async () => {
    await using guarded = await another({
      auth: {
        basic: { credentials: [{ username: "admin", password: "s3cret" }] },
        bearer: { tokens: ["a-token-of-the-test"] },
      },
      servers: { echo: fixture("echo") },
    });
    const paths = ["/api", "/api/sessionid", "/api/echo", "/api/echo/echo", "/api/nope/nope", "/api/sessions/12345678"];
    for (const path of paths) {
      const answer = await guarded.rest.ask(path);
      expect(answer).toMatchObject(problem(401, "unauthorized"));
      expect(answer.headers["www-authenticate"]).toMatch(/^Basic realm=.*Bearer|^Bearer.*Basic realm=/);
    }
    const wrong = { Authorization: "Bearer another" };
    expect(await guarded.rest.call("echo/pid", {}, { headers: wrong })).toMatchObject(problem(401, "unauthorized"));
    const basic = { Authorization: `Basic ${Buffer.from("admin:s3cret").toString("base64")}` };
    for (const headers of [basic, { Authorization: "Bearer a-token-of-the-test" }])
      expect(await guarded.rest.call("echo/pid", {}, { headers })).toMatchObject({ status: 200 });
    expect(await guarded.rest.call("echo/pid", {}, { query: { access_token: "a-token-of-the-test" } })).toMatchObject({
      status: 401,
    });
  });
});

describe("403 is answered", () => {
  test("to the page of a foreign origin", async () => {
    const headers = { Origin: "https://evil.example" };
    expect(await rest.call("echo/pid", {}, { headers })).toMatchObject(problem(403, "origin_denied"));
  });

  test("when the request is addressed to a foreign host", async () => {
    const answer = await rest.call("echo/pid", {}, { headers: { Host: "evil.example" } });
    expect(answer).toMatchObject(problem(403, "origin_denied"));
  });
});

describe("404 is answered", () => {
  test.each(["/api/nope", "/api/nope/echo", "/api/%65cho/echo"])("when there is no such server: %s", async (path) => {
    expect(await rest.ask(path)).toMatchObject(problem(404, "server_not_found"));
    const posted = await rest.post(`${path}?sessionId=${newId()}`, {});
    expect(posted).toMatchObject(problem(404, "server_not_found"));
  });

  test("when the server has no such tool, without asking it", async () => {
    const sessionId = newId();
    const answer = await rest.call("verbatim/nope", {}, { sessionId });
    expect(answer).toMatchObject(problem(404, "tool_not_found", { server: "verbatim", tool: "nope" }));
    expect(answer.headers).not.toHaveProperty("x-mcp-session");
    expect(await rest.ask("/api/verbatim/nope")).toMatchObject(problem(404, "tool_not_found"));
    expect(await rest.ask(`/api/sessions/${sessionId}`)).toMatchObject(problem(404, "session_not_found"));
  });

  test.each(["/api/echo/echo/more", "/api/sessionid/more", "/api/sessions/12345678/more"])(
    "when there is no such route: %s",
    async (path) => {
      expect(await rest.ask(path)).toMatchObject(problem(404, "not_found"));
    },
  );
});

describe("405 is answered, with what is allowed,", () => {
  test.each([
    ["PUT", "/api/echo/echo", "GET, HEAD, POST"],
    ["DELETE", "/api/echo/echo", "GET, HEAD, POST"],
    ["POST", "/api/echo", "GET, HEAD"],
    ["POST", "/api", "GET, HEAD"],
    ["POST", "/api/sessionid", "GET, HEAD"],
    ["GET", "/api/sessions", "POST"],
    ["PATCH", "/api/sessions/12345678", "GET, HEAD, DELETE"],
  ])("to %s %s", async (method, path, allow) => {
    const answer = await rest.ask(path, { method });
    expect(answer).toMatchObject(problem(405, "method_not_allowed"));
    expect(answer.headers.allow).toBe(allow);
  });

  test("but not to HEAD, which is a GET without a body", async () => {
    for (const path of ["/api", "/api/echo", "/api/echo/echo", "/api/sessionid"])
      expect(await rest.ask(path, { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });
});

describe("406 is answered", () => {
  test("before the tool is called", async () => {
    const sessionId = newId();
    const answer = await rest.call("counter/next", {}, { sessionId, headers: { Accept: "text/html" } });
    expect(answer).toMatchObject(problem(406, "not_acceptable"));
    expect(textIn(await rest.call("counter/next", {}, { sessionId }))).toBe("1");
  });
});

describe("413 is answered", () => {
  const body = `{"message":"${"x".repeat(64 * 1024)}"}`;

  test("when the body is longer than limits.bodyBytes", async () => {
    expect(await rest.call("echo/echo", body)).toMatchObject(problem(413, "payload_too_large"));
  });

  test("when it turns out to be on the way", async () => {
    const chunked = { headers: { "Transfer-Encoding": "chunked" } };
    expect(await rest.call("echo/echo", body, chunked)).toMatchObject(problem(413, "payload_too_large"));
  });
});

describe("415 is answered", () => {
  test.each([
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "text/json",
    undefined,
  ])("to a body of type %s, with the one that is wanted", async (type) => {
    const answer = await rest.call("echo/echo", { message: "x" }, { headers: { "Content-Type": type } });
    expect(answer).toMatchObject(problem(415, "unsupported_media_type"));
    expect(answer.json["detail"]).toContain("application/json");
  });

  test("to a body that is compressed", async () => {
    const headers = { "Content-Encoding": "gzip" };
    expect(await rest.call("echo/echo", { message: "x" }, { headers })).toMatchObject(
      problem(415, "unsupported_media_type"),
    );
  });
});

describe("422 is answered to arguments that do not fit the schema", () => {
  const rejected = async (tool: string, args: object): Promise<unknown> => {
    const answer = await rest.call(`checked/${tool}`, args);
    expect(answer).toMatchObject(problem(422, "invalid_arguments", { server: "checked", tool, retryable: false }));
    return answer.json["errors"];
  };
  const error = (pointer: string, keyword: string, more: object = {}): unknown =>
    expect.objectContaining({ pointer, keyword, message: expect.any(String) as string, ...more });

  test.each([
    ["a wrong type", { "a/b~c": "x" }, error("/a~1b~0c", "type", { expected: "integer" })],
    ["a fraction", { "a/b~c": 1.5 }, error("/a~1b~0c", "type", { expected: "integer" })],
    ["none of a list", { mode: "x", pair: [] }, error("/mode", "enum", { expected: ["r", "w"] })],
    ["an unknown property", { nope: 1 }, error("/nope", "additionalProperties")],
    ["a tuple's second", { pair: ["a", "b"] }, error("/pair/1", "type", { expected: "number" })],
    ["a tuple's third", { pair: ["a", 1, 2] }, error("/pair", "additionalItems")],
    ["a dependency", { mode: "r" }, error("/pair", "dependencies")],
  ])("in draft-07, with a JSON Pointer to it: %s", async (_what, args, expected) => {
    expect(await rejected("draft-07", args)).toEqual([expected]);
  });

  test.each([
    ["a tuple's second", { pair: ["a", "b"] }, error("/pair/1", "type", { expected: "number" })],
    ["a tuple's third", { pair: ["a", 1, 2] }, error("/pair", "items")],
    ["a dependency", { edits: [] }, error("/pair", "dependentRequired")],
    ["an unevaluated property", { nope: 1 }, error("/nope", "unevaluatedProperties")],
  ])("in 2020-12, with a JSON Pointer to it: %s", async (_what, args, expected) => {
    expect(await rejected("draft-2020-12", args)).toEqual([expected]);
  });

  test("in 2020-12 when the schema does not say which dialect it is", async () => {
    expect(await rejected("no-dialect", { pair: ["a", "b"] })).toEqual([error("/pair/1", "type")]);
    expect(await rejected("no-dialect", {})).toEqual([error("/pair", "required")]);
  });

  test.each(["draft-07", "draft-2020-12"])("through a reference in %s, and names every error", async (tool) => {
    const errors = await rejected(tool, { edits: [{ oldText: 1, more: true }], pair: ["a", 1] });
    expect(errors).toHaveLength(3);
    expect(errors).toEqual(
      expect.arrayContaining([
        error("/edits/0/oldText", "type", { expected: "string" }),
        error("/edits/0/newText", "required"),
        error("/edits/0/more", "additionalProperties"),
      ]),
    );
  });

  test("but only to those: what fits is passed on", async () => {
    const args = { edits: [{ oldText: "a", newText: "b" }], pair: ["a", 1] };
    for (const tool of ["draft-07", "draft-2020-12"])
      expect(JSON.parse(textIn(await rest.call(`checked/${tool}`, args)))).toEqual(args);
  });

  test("before a server is started for the call", async () => {
    const sessionId = newId();
    await rest.call("checked/no-dialect", {}, { sessionId });
    expect(await rest.ask(`/api/sessions/${sessionId}`)).toMatchObject({ status: 404 });
  });

  test.each(["warn", "off"])("unless rest.validateInput is %s", async (validateInput) => {
    await using lax = await another({ rest: { validateInput }, servers: { checked: fixture("checked-arguments") } });
    expect(textIn(await lax.rest.call("checked/no-dialect", { pair: 1 }))).toBe('{"pair":1}');
  });

  test("or to what the server itself calls invalid params", async () => {
    const error32602 = { code: -32602, message: "no such branch", data: { branch: "x" } };
    const answer = await rest.call("verbatim/error", { error: error32602 });
    expect(answer).toMatchObject(problem(422, "invalid_arguments", { rpc: error32602 }));
  });
});

describe("422 is answered to a tool's error when that is asked for", () => {
  const result = { content: [{ type: "text", text: "no such file" }], isError: true };
  const args = { text: JSON.stringify(result) };
  const expected = problem(422, "tool_error", { server: "verbatim", tool: "result", result });

  test.each([
    ["by ?toolErrors=http", { query: { toolErrors: "http" } }],
    ["by Prefer: tool-errors=http", { headers: { Prefer: "tool-errors=http" } }],
    ["by Prefer among others", { headers: { Prefer: 'wait=20, Tool-Errors="http"' } }],
  ])("%s", async (_how, options) => {
    expect(await rest.call("verbatim/result", args, options)).toMatchObject(expected);
  });

  test("by rest.toolErrors: http, unless the caller wants a result", async () => {
    await using strict = await another({ rest: { toolErrors: "http" }, servers: { verbatim: fixture("verbatim") } });
    const sessionId = newId();
    expect(await strict.rest.call("verbatim/result", args, { sessionId })).toMatchObject(expected);
    const lenient = await strict.rest.call("verbatim/result", args, { sessionId, query: { toolErrors: "result" } });
    expect(lenient).toMatchObject({ status: 200, text: args.text, headers: { "x-mcp-tool-error": "true" } });
  });
});

describe("428 is answered", () => {
  test("when the user has to visit a URL first, with that URL", async () => {
    const error = {
      code: -32042,
      message: "sign in first",
      data: {
        elicitations: [{ mode: "url", elicitationId: "1", url: "https://example.com/sign-in", message: "Sign in" }],
      },
    };
    expect(await rest.call("verbatim/error", { error })).toMatchObject(
      problem(428, "interaction_required", { rpc: error }),
    );
  });
});

describe("501 is answered", () => {
  test("when the server does not know the method", async () => {
    const error = { code: -32601, message: "Method not found" };
    expect(await rest.call("verbatim/error", { error })).toMatchObject(problem(501, "not_supported", { rpc: error }));
  });

  test("when the tool runs only as a task, and not when it may run as one", async () => {
    expect(await rest.call("checked/task-required")).toMatchObject(problem(501, "task_required"));
    for (const tool of ["task-optional", "task-forbidden"])
      expect(textIn(await rest.call(`checked/${tool}`))).toBe("{}");
  });
});

describe("502 is answered", () => {
  test.each([-32603, -32000, -32099, -32700, 1, 404])("to the server's error %i, and shows it", async (code) => {
    const error = { code, message: "out of paper", data: { tray: 2 } };
    expect(await rest.call("verbatim/error", { error })).toMatchObject(problem(502, "upstream_error", { rpc: error }));
  });

  test.each([
    ["die", { code: 1, signal: null }],
    ["kill", { code: null, signal: "SIGKILL" }],
    ["half", { code: 0, signal: null }],
  ])("when the server ends in the middle of the call: %s", async (tool, exit) => {
    const answer = await rest.call(`dies/${tool}`);
    expect(answer).toMatchObject(problem(502, "process_exited", { exit }));
    expect(answer.text).not.toContain("about to die");
  });

  test("to all calls in flight when the server ends, and the next one works", async () => {
    const sessionId = newId();
    const all = await Promise.all(
      Array.from({ length: 10 }, () => rest.call("narrates/crash", { of: 10 }, { sessionId })),
    );
    const expected = problem(502, "process_exited", { exit: { code: 7, signal: null } });
    for (const answer of all) expect(answer).toMatchObject(expected);
    const next = await rest.call("narrates/story", {}, { sessionId });
    expect([textIn(next), next.headers["x-mcp-session"]]).toEqual(["the end", "new"]);
  });

  test("with what the server wrote to stderr only when rest.exposeStderr says so", async () => {
    await using open = await another({ rest: { exposeStderr: true }, servers: { dies: fixture("dies-mid-call") } });
    const { json } = await open.rest.call("dies/die");
    expect(json).toMatchObject({ code: "process_exited", stderr: "about to die" });
  });

  test.each([
    "string",
    "null",
    "array",
    "number",
    "error-without-code",
    "error-string",
    "error-null",
    "both",
    "neither",
  ])("to a bad message of the server: %s", async (kind) => {
    expect(await rest.call("bad/bad", { kind })).toMatchObject(problem(502, "protocol_violation"));
  });

  test("not to a right answer among rubbish", async () => {
    expect(textIn(await rest.call("rubbish/echo", { message: "hi" }))).toBe("hi");
  });

  test.each([
    ["missing", "spawn_failed", "was not found"],
    ["forbidden", "spawn_failed", "permission to run"],
    ["homeless", "spawn_failed", "working directory"],
    ["refuses", "spawn_failed", ""],
    ["ends", "process_exited", "exit code 3"],
    ["endsLater", "process_exited", "exit code 1"],
  ])("when the server does not start: %s", async (server, code, detail) => {
    const answer = await rest.call(`${server}/echo`);
    expect(answer).toMatchObject(problem(502, code, { server, tool: "echo" }));
    expect(answer.json["detail"]).toContain(detail);
    for (const secret of [process.env["PATH"], "left-pad", "API_KEY"]) expect(answer.text).not.toContain(secret);
  });
});

describe("503 is answered, with the time to wait,", () => {
  const busyAnswer = {
    ...problem(503, "unavailable", { retryable: true }),
    headers: { "retry-after": expect.stringMatching(/^[1-9]\d*$/) as string },
  };

  test.each(["sessions", "sessionsPerServer", "sessionsPerPrincipal"])("at limits.%s", async (limit) => {
    await using busy = await another({ limits: { [limit]: 2 }, servers: { echo: fixture("echo") } });
    const [first, second] = [newId(), newId()];
    for (const sessionId of [first, second]) textIn(await busy.rest.call("echo/pid", {}, { sessionId }));
    expect(await busy.rest.call("echo/pid")).toMatchObject(busyAnswer);
    // Existing sessions continue, and one that ends makes room.
    textIn(await busy.rest.call("echo/pid", {}, { sessionId: first }));
    await busy.rest.ask(`/api/sessions/${second}`, { method: "DELETE" });
    textIn(await busy.rest.call("echo/pid"));
  });

  test("at limits.inFlight, and to the call whose session is ended", async () => {
    await using busy = await another({ limits: { inFlight: 1 }, servers: { hangs: fixture("never-answers") } });
    const sessionId = newId();
    const first = busy.rest.call("hangs/hang", {}, { sessionId });
    const session = `/api/sessions/${sessionId}`;
    await until(async () => (await busy.rest.ask(session)).status === 200, { what: "the call runs" });
    expect(await busy.rest.call("hangs/cancelled", {}, { sessionId })).toMatchObject(busyAnswer);
    await busy.rest.ask(session, { method: "DELETE" });
    expect(await first).toMatchObject(problem(503, "unavailable", { retryable: true }));
  });

  test("while a server rests that keeps ending", async () => {
    await using crashing = await another({ limits: { crashLoop: 2 }, servers: { dies: fixture("dies-mid-call") } });
    expect(await crashing.rest.call("dies/die")).toMatchObject({ status: 502 });
    expect(await crashing.rest.call("dies/die")).toMatchObject({ status: 502 });
    expect(await crashing.rest.call("dies/echo", { message: "x" })).toMatchObject(busyAnswer);
  });

  test("when processes start faster than limits.startsPerSecond", async () => {
    const limits = { startsPerSecond: 1, startBurst: 1, startQueue: "50ms" };
    await using slow = await another({ limits, servers: { echo: fixture("echo") } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => slow.rest.call("echo/pid")));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).not.toEqual([]);
    for (const answer of refused) expect(answer).toMatchObject(busyAnswer);
  });
});

describe("504 is answered", () => {
  test("when the server says nothing within limits.start", async () => {
    const answer = await rest.call("silent/echo");
    expect(answer).toMatchObject(problem(504, "start_timeout", { retryable: true }));
  });

  test.each([
    ["?timeoutMs", { query: { timeoutMs: "100" } }],
    ["Prefer: wait", { headers: { Prefer: "wait=1" } }],
    ["?timeoutMs before Prefer", { query: { timeoutMs: "100" }, headers: { Prefer: "wait=1000" } }],
  ])("when a call lasts longer than %s allows, and the server is told", async (_how, options) => {
    const sessionId = newId();
    // Only a server that has started was sent the call.
    expect(textIn(await rest.call("hangs/cancelled", {}, { sessionId }))).toBe("[]");
    const answer = await rest.call("hangs/hang", {}, { ...options, sessionId });
    expect(answer).toMatchObject(problem(504, "call_timeout", { server: "hangs", tool: "hang", retryable: true }));
    expect(JSON.parse(textIn(await rest.call("hangs/cancelled", {}, { sessionId })))).toHaveLength(1);
  });

  test("when a call lasts longer than rest.timeout", async () => {
    await using hasty = await another({ rest: { timeout: "100ms" }, servers: { hangs: fixture("never-answers") } });
    expect(await hasty.rest.call("hangs/hang")).toMatchObject(problem(504, "call_timeout"));
  });

  test("when a call lasts longer than limits.requestMax, whatever the caller asks for", async () => {
    const limits = { request: "1s", requestMax: "1s" };
    await using hasty = await another({ limits, servers: { hangs: fixture("never-answers") } });
    const answer = await hasty.rest.call("hangs/hang", {}, { query: { timeoutMs: "3600000" } });
    expect(answer).toMatchObject(problem(504, "call_timeout"));
  });
});

describe("an Idempotency-Key", () => {
  const keyed = (key = newId(), more: Record<string, string> = {}) => ({
    headers: { "Idempotency-Key": key, ...more },
  });

  test("gives the answer of the first call again, without calling", async () => {
    const sessionId = newId();
    const options = { sessionId, ...keyed() };
    const first = await rest.call("counter/next", {}, options);
    const again = await rest.call("counter/next", {}, options);
    expect([textIn(first), textIn(again)]).toEqual(["1", "1"]);
    expect(first.headers).not.toHaveProperty("idempotency-replayed");
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(again.headers["content-type"]).toBe(first.headers["content-type"]);
    expect(textIn(await rest.call("counter/next", {}, { sessionId }))).toBe("2");
  });

  test("gives the failure of the first call again, for it may have run", async () => {
    const options = { sessionId: newId(), ...keyed() };
    expect(await rest.call("dies/die", {}, options)).toMatchObject(problem(502, "process_exited"));
    const again = await rest.call("dies/die", {}, options);
    expect(again).toMatchObject(problem(502, "process_exited"));
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(again.headers["content-type"]).toBe("application/problem+json");
  });

  test("is free again when the call was refused before it ran", async () => {
    const options = keyed();
    expect(await rest.call("echo/echo", {}, options)).toMatchObject({ status: 422 });
    expect(textIn(await rest.call("echo/echo", { message: "right" }, options))).toBe("right");
  });

  test("is free again when the call was not even sent", async () => {
    await using busy = await another({ limits: { inFlight: 1 }, servers: { hangs: fixture("never-answers") } });
    const sessionId = newId();
    const leaving = new AbortController();
    const first = busy.rest.call("hangs/hang", {}, { sessionId, signal: leaving.signal });
    const session = `/api/sessions/${sessionId}`;
    await until(async () => (await busy.rest.ask(session)).status === 200, { what: "the call runs" });
    const options = { sessionId, ...keyed() };
    expect(await busy.rest.call("hangs/cancelled", {}, options)).toMatchObject({
      status: 503,
      json: { retryable: true },
    });
    leaving.abort();
    await expect(first).rejects.toThrow("aborted");
    const again = async (): Promise<boolean> => (await busy.rest.call("hangs/cancelled", {}, options)).status === 200;
    await until(again, { what: "the same call with the same key gets through" });
  });

  test("is a 422 with other arguments", async () => {
    const options = keyed();
    textIn(await rest.call("echo/echo", { message: "one" }, options));
    expect(await rest.call("echo/echo", { message: "two" }, options)).toMatchObject(problem(422, "invalid_arguments"));
  });

  test.each([
    ["session", { sessionId: newId() }, {}],
    ["form", { query: { result: "text" } }, {}],
    ["Accept", {}, { Accept: "text/plain" }],
    ["way to tell a tool's error", { query: { toolErrors: "http" } }, {}],
  ])("is a 422 with another %s", async (_what, more, headers) => {
    const options = { sessionId: newId(), ...keyed() };
    textIn(await rest.call("counter/next", {}, options));
    const other = { ...options, ...more, headers: { ...options.headers, ...headers } };
    expect(await rest.call("counter/next", {}, other)).toMatchObject(problem(422, "invalid_arguments"));
    const again = await rest.call("counter/next", {}, options);
    expect([textIn(again), again.headers["idempotency-replayed"]]).toEqual(["1", "true"]);
  });

  test("is a 409 while its call runs", async () => {
    const sessionId = newId();
    const options = { sessionId, ...keyed() };
    const first = rest.call("narrates/meet", { name: "a", of: 2 }, options);
    await until(async () => (await rest.ask(`/api/sessions/${sessionId}`)).status === 200, { what: "the call runs" });
    const second = await rest.call("narrates/meet", { name: "a", of: 2 }, options);
    expect(second).toMatchObject(problem(409, "in_progress", { retryable: true }));
    expect(textIn(await rest.call("narrates/meet", { name: "b", of: 2 }, { sessionId }))).toBe("b");
    expect(textIn(await first)).toBe("a");
  });

  test("keeps the call alive whose caller went away, and its answer for who comes back", async () => {
    const sessionId = newId();
    const options = { sessionId, ...keyed() };
    const leaving = new AbortController();
    const first = rest.call("narrates/meet", { name: "a", of: 2 }, { ...options, signal: leaving.signal });
    await until(async () => (await rest.ask(`/api/sessions/${sessionId}`)).status === 200, { what: "the call runs" });
    leaving.abort();
    await expect(first).rejects.toThrow("aborted");
    expect(textIn(await rest.call("narrates/meet", { name: "b", of: 2 }, { sessionId }))).toBe("b");
    const back = await rest.call("narrates/meet", { name: "a", of: 2 }, options);
    expect([textIn(back), back.headers["idempotency-replayed"]]).toEqual(["a", "true"]);
  });

  test("means nothing to another tool or another server", async () => {
    const options = { sessionId: newId(), ...keyed() };
    const pids = await Promise.all(["echo/pid", "counter/whoami"].map((tool) => rest.call(tool, {}, options)));
    expect(new Set(pids.map(textIn)).size).toBe(2);
    expect(await rest.call("echo/cwd", {}, options)).toMatchObject({ status: 200 });
  });

  test("means nothing to another caller", async () => {
    const tokens = ["a-token-for-alice", "a-token-for-bob-"];
    await using guarded = await another({ auth: { bearer: { tokens } }, servers: { counter: fixture("counter") } });
    const key = newId();
    const pids = await Promise.all(
      tokens.map((token) => guarded.rest.call("counter/whoami", {}, keyed(key, { Authorization: `Bearer ${token}` }))),
    );
    expect(new Set(pids.map(textIn)).size).toBe(2);
    expect(pids.filter(({ headers }) => headers["idempotency-replayed"] !== undefined)).toEqual([]);
  });

  test("runs one of many calls that come at once", async () => {
    const options = { sessionId: newId(), ...keyed() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => rest.call("counter/next", {}, options)));
    expect(answers.filter(({ status }) => status === 200).map(textIn)).not.toContain("2");
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
  });

  test.each(["x".repeat(256), "with a blank"])("is a 400 when it is none: %j", async (key) => {
    expect(await rest.call("echo/pid", {}, keyed(key))).toMatchObject(problem(400, "invalid_request"));
  });
});

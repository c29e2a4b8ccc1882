import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, RestClient, textIn, type RestAnswer } from "../helpers/rest-client.ts";

// Hostile names, schemas and sizes.

let gateway: Awaited<ReturnType<typeof startGateway>>;
let rest: RestClient;
const sessionId = newId();

beforeAll(async () => {
  gateway = await startGateway({
    limits: { messageBytes: "32MiB" },
    servers: {
      odd: fixture("odd-names"),
      hostile: fixture("hostile-schemas"),
      checked: fixture("checked-arguments"),
      echo: fixture("echo"),
      utf8: fixture("bad-utf8"),
      verbatim: fixture("verbatim"),
      abyss: fixture("abysmal-schema"),
    },
  });
  rest = new RestClient(gateway.url);
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function toolsOf(server: string): Promise<{ name: string; url: string }[]> {
  const { tools } = (await rest.ask(`/api/${server}`)).json as { tools: { name: string; url: string }[] };
  return tools;
}

const isRefusal = ({ status, json }: RestAnswer): boolean =>
  status >= 400 && status < 500 && (json["status"] === status || "error" in json);

/** Whether the response is that of the tool, which is its own name, or a refusal with a reason. */
const isItsOwn = (answer: RestAnswer, name: string): boolean =>
  answer.status === 200 ? textIn(answer) === name : isRefusal(answer);

describe("a tool with an odd name", () => {
  const encodings = {
    "percent-encoded": encodeURIComponent,
    "percent-encoded to the last letter": (name: string): string =>
      [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  };

  test("is listed under exactly that name, once", async () => {
    const names = (await toolsOf("odd")).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(50);
    expect(new Set(names).size).toBe(names.length);
    for (const name of ["__proto__", "..", "a%2Fb", "größe", "gro\u0308ße", "\u{1F527}", "n".repeat(200)])
      expect(names).toContain(name);
  });

  test.each(Object.entries(encodings))(
    "is called, or refused with a 4xx, when its name is %s",
    async (_how, encode) => {
      const wrong: unknown[] = [];
      let called = 0;
      for (const { name } of await toolsOf("odd")) {
        const answer = await rest.post(`/api/odd/${encode(name)}?sessionId=${sessionId}`, {});
        if (!isItsOwn(answer, name)) wrong.push([name, answer.status, answer.text.slice(0, 200)]);
        if (answer.status === 200) called++;
      }
      expect(wrong).toEqual([]);
      expect(called).toBeGreaterThan(50);
    },
  );

  test.each(Object.entries(encodings))(
    "is described, or refused with a 4xx, when its name is %s",
    async (_how, encode) => {
      const wrong: unknown[] = [];
      for (const { name } of await toolsOf("odd")) {
        const answer = await rest.ask(`/api/odd/${encode(name)}`);
        // `openapi.json` is the document of the server.
        const isRight =
          answer.status === 200 ? answer.json["name"] === name || name === "openapi.json" : isRefusal(answer);
        if (!isRight) wrong.push([name, answer.status, answer.text.slice(0, 200)]);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("is called at the URL that its description gives", async () => {
    const wrong: unknown[] = [];
    for (const { name, url } of await toolsOf("odd")) {
      const answer = await rest.post(`${url}?sessionId=${sessionId}`, {});
      if (!isItsOwn(answer, name)) wrong.push([name, url, answer.status]);
    }
    expect(wrong).toEqual([]);
  });

  test("is decoded once and no more", async () => {
    expect(textIn(await rest.post(`/api/odd/a%252Fb?sessionId=${sessionId}`, {}))).toBe("a%2Fb");
    expect(textIn(await rest.post(`/api/odd/a%2Fb?sessionId=${sessionId}`, {}))).toBe("a/b");
    expect(textIn(await rest.post(`/api/odd/%252e%252e?sessionId=${sessionId}`, {}))).toBe("%2e%2e");
  });

  test.each(["%00", "a%0d%0aX-Evil:%201", "%c0%ae", "%ff", "%ed%a0%80", "%", "%z", "%u0041", "..%2f..%2fechoo"])(
    "that nobody has is a 4xx: %s",
    async (segment) => {
      const answer = await rest.post(`/api/odd/${segment}?sessionId=${sessionId}`, {});
      // `%` and `%zz` are tools of this server, but in a URL they need an escape of their own.
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers).not.toHaveProperty("x-evil");
    },
  );

  test("of 10,000 characters is a 4xx and shown short", async () => {
    const answer = await rest.post(`/api/odd/${"n".repeat(10_000)}?sessionId=${sessionId}`, {});
    expect([404, 414]).toContain(answer.status);
    expect(answer.text.length).toBeLessThan(2_000);
  });
});

describe("a name of a prototype", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];

  test.each(names)("is no server: %s", async (name) => {
    const id = newId();
    const paths = [`/api/${name}`, `/api/${name}/echo`, `/api/${name}/openapi.json`, `/${name}`, `/${name}/mcp`];
    const statuses = await Promise.all(paths.map(async (path) => [path, (await rest.ask(path)).status]));
    expect(statuses).toEqual(paths.map((path) => [path, 404]));
    expect(await rest.post(`/api/${name}/echo?sessionId=${id}`, {})).toMatchObject({ status: 404 });
  });

  test.each(names)("is no tool of a server that has none of that name: %s", async (name) => {
    expect(await rest.call(`echo/${name}`)).toMatchObject({ status: 404, json: { code: "tool_not_found" } });
  });

  test.each(names.filter((name) => name.length >= 8))("is a session id like any other: %s", async (id) => {
    const first = await rest.call("echo/pid", {}, { sessionId: id });
    const second = await rest.call("echo/pid", {}, { sessionId: id });
    expect(textIn(first)).toBe(textIn(second));
    expect([first, second].map(({ headers }) => headers["x-mcp-session"])).toEqual(["new", "reused"]);
    expect(await rest.ask(`/api/sessions/${id}`, { method: "DELETE" })).toMatchObject({ status: 204 });
  });

  test("is no trouble as a query parameter, a header or a key", async () => {
    const query = Object.fromEntries(names.map((name) => [name, "x"]));
    const headers = Object.fromEntries(names.map((name) => [name, "x"]));
    const answer = await rest.call("echo/echo", '{"message":"hi","__proto__":{"message":"evil"}}', { query, headers });
    expect(textIn(answer)).toBe("hi");
    const keyed = { sessionId: newId(), headers: { "Idempotency-Key": "__proto__" } };
    expect(textIn(await rest.call("echo/echo", { message: "keyed" }, keyed))).toBe("keyed");
    expect(textIn(await rest.call("echo/echo", { message: "keyed" }, keyed))).toBe("keyed");
  });
});

describe("a tool with a hostile schema", () => {
  /** Bodies of each kind: matching, not matching, empty, deep. */
  const bodies = [
    {},
    { a: "x" },
    { a: 1 },
    { a: null },
    { a: { a: { a: "x" } } },
    { node: { child: { child: {} } } },
    { pair: ["x", 1], d: "x" },
    { pair: ["x", 1, 2] },
    { a: 1, b: null, c: 2 },
    { tool: 1, args: 2, constructor: 3 },
  ].map((body) => JSON.stringify(body));
  const special = ['{"__proto__":1}', '{"__proto__":"x","constructor":{}}', `${'{"a":'.repeat(99)}{}${"}".repeat(99)}`];

  const statusesOf = (calls: [string, object][]): Promise<unknown[]> =>
    Promise.all(
      calls.map(async ([tool, args]) => [tool, (await rest.call(`hostile/${tool}`, args, { sessionId })).status]),
    );

  test("answers its own name or a 4xx to whatever arguments, never a 5xx", async () => {
    const wrong: unknown[] = [];
    for (const { name } of await toolsOf("hostile")) {
      const answers = await Promise.all(
        [...bodies, ...special].map((body) => rest.call(`hostile/${encodeURIComponent(name)}`, body, { sessionId })),
      );
      for (const answer of answers) {
        const isRight =
          answer.status === 200
            ? (JSON.parse(textIn(answer)) as { tool: string }).tool === name
            : answer.status === 422;
        if (!isRight) wrong.push([name, answer.status, answer.text.slice(0, 300)]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("that refers to itself for ever is a schema that cannot be checked, not a 500", async () => {
    expect(textIn(await rest.call("checked/circular", { a: 1 }, { sessionId }))).toBe('{"a":1}');
  });

  test("takes the arguments that fit it", async () => {
    const fitting: [string, object][] = [
      ["plain", { a: "x" }],
      ["recursive", { node: { child: { child: {} } } }],
      ["draft-07", { pair: ["x", 1], d: "x" }],
      ["bad-pattern", { a: "([" }],
      ["same-id-1", { a: "x" }],
      ["same-id-2", { a: 1 }],
      ["nullable", { a: null }],
      ["no-schema", { anything: 1 }],
      ["unknown-type", { a: "2024-01-01" }],
      ["remote-ref", { a: 1 }],
      ["dangling-ref", { a: 1 }],
      ["ref-to-itself", { a: 1 }],
    ];
    expect(await statusesOf(fitting)).toEqual(fitting.map(([tool]) => [tool, 200]));
  });

  test("refuses the arguments that do not fit it, as far as it can be understood", async () => {
    const misfits: [string, object][] = [
      ["plain", {}],
      ["recursive", { node: { child: 1 } }],
      ["draft-07", { pair: [1, 1] }],
      ["same-id-1", { a: 1 }],
      ["same-id-2", { a: "x" }],
      ["nullable", { a: 1 }],
    ];
    expect(await statusesOf(misfits)).toEqual(misfits.map(([tool]) => [tool, 422]));
  });

  test("that is nested too deep to be written hides no other tool of its server", async () => {
    const { status, text } = await rest.ask("/api/abyss");
    expect(status).toBe(200);
    expect(text).toContain('"echo"');
    expect((await rest.ask("/api/abyss/abyss")).status).toBe(200);
    expect((await rest.ask("/api/abyss/openapi.json")).status).toBe(200);
    expect(textIn(await rest.call("abyss/abyss", { a: 1 }, { sessionId }))).toBe('{"a":1}');
  });

  test("is described as it was listed", async () => {
    const wrong: unknown[] = [];
    for (const { name } of await toolsOf("hostile")) {
      const { status, json } = await rest.ask(`/api/hostile/${encodeURIComponent(name)}`);
      if (status !== 200 || json["name"] !== name) wrong.push([name, status]);
    }
    expect(wrong).toEqual([]);
  });
});

describe("a neighbour is answered", () => {
  /** Calls a second server repeatedly while `call` runs; each call must be answered in time. */
  async function whileRunning(call: Promise<RestAnswer>): Promise<RestAnswer> {
    const state = { isRunning: true };
    const over = call.finally(() => (state.isRunning = false));
    try {
      while (state.isRunning) {
        const signal = AbortSignal.timeout(4_000);
        expect(textIn(await rest.call("echo/echo", { message: "hi" }, { sessionId, signal }))).toBe("hi");
      }
    } finally {
      await over;
    }
    return over;
  }

  test("while somebody calls a tool whose pattern takes for ever", async () => {
    const evil = { a: `${"a".repeat(40)}!` };
    expect([200, 422]).toContain((await whileRunning(rest.call("hostile/redos", evil, { sessionId }))).status);
  });

  test("while somebody gives a long list that has to be unique", async () => {
    const items = Array.from({ length: 20_000 }, (_, n) => ({ n }));
    const { status } = await whileRunning(rest.call("checked/unique", { items }, { sessionId }));
    expect(status).toBe(200);
  });

  test("while somebody is wrong in two million places, and memory stays bounded", async () => {
    await using small = await startGateway(
      { servers: { checked: fixture("checked-arguments"), echo: fixture("echo") } },
      { env: { NODE_OPTIONS: "--max-old-space-size=256" } },
    );
    const caller = new RestClient(small.url);
    const { status, json } = await caller.call("checked/choices", `{"items":[${"1,".repeat(2_000_000)}1]}`);
    expect({ status, code: json["code"] }).toEqual({ status: 422, code: "invalid_arguments" });
    expect(textIn(await caller.call("echo/echo", { message: "hi" }))).toBe("hi");
  });
});

describe("a long or hard result", () => {
  const bytes = 10 * 1024 * 1024;
  const whole = JSON.stringify({ content: [{ type: "text", text: "x".repeat(bytes) }] });

  test.each(["raw", "text"])("of 10 MiB arrives whole as %s", async (form) => {
    const answer = await rest.call("echo/big", { bytes }, { query: { result: form } });
    expect(answer.status).toBe(200);
    expect(answer.text === (form === "text" ? "x".repeat(bytes) : whole)).toBe(true);
  });

  test("of 10 MiB arrives whole at the end of a stream", async () => {
    const stream = await rest.stream("echo/big", { bytes });
    await stream.over();
    expect(stream.events.map(({ event, data }) => [event, data === whole])).toEqual([["result", true]]);
  });

  test("over limits.messageBytes is a 502, and the session goes on", async () => {
    const answer = await rest.call("echo/big", { bytes: 33 * 1024 * 1024 }, { sessionId });
    expect(answer).toMatchObject({ status: 502, json: { code: "protocol_violation" } });
    expect(textIn(await rest.call("echo/echo", { message: "hi" }, { sessionId }))).toBe("hi");
  });

  // The raw form relays a long result without parsing it.
  test.each(["text", "structured", "blob"])("that is no JSON is a 502 when it is asked for as %s", async (form) => {
    for (const end of ['"isError":tru}', '"other":tru}']) {
      const text = `{"content":[{"type":"text","text":"${"x".repeat(20_000)}"}],${end}`;
      const answer = await rest.call("verbatim/result", { text }, { sessionId, query: { result: form } });
      expect(answer).toMatchObject({ status: 502, json: { code: "protocol_violation" } });
    }
  });

  test.each(["invalid", "split", "surrogate", "control", "separators", "escaped-separators"])(
    "is valid JSON, and one event of a stream, when its text is hard to decode: %s",
    async (kind) => {
      const answer = await rest.call("utf8/utf8", { kind }, { sessionId });
      const text = textIn(answer);
      expect(text).toMatch(kind === "split" ? /^before \u{1F600} after$/u : /./);
      const stream = await rest.stream("utf8/utf8", { kind }, { sessionId });
      await stream.over();
      expect(stream.events.map(({ event, data }) => [event, data])).toEqual([["result", answer.text]]);
    },
  );
});

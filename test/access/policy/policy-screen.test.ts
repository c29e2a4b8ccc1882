import { describe, expect, it } from "vitest";
import { PolicyScreen } from "../../../src/access/policy/policy-screen.ts";
import { policyStep } from "../../../src/access/policy/policy-step.ts";
import { Pieces } from "../../../src/lib/pieces.ts";
import type { Line } from "../../../src/lib/lines.ts";
import type { NotificationFrame, RequestFrame, ResponseFrame } from "../../../src/protocol/frame.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import type { Policy } from "../../../src/protocol/policy.ts";
import { clientMessages } from "../../session/fakes.ts";
import { caller, policyFrom, rules } from "./policies.ts";

const ann = caller();

function request(method: string, params: JsonObject = {}): RequestFrame {
  return { kind: "request", id: 7, method, params, line: JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }) };
}

const notification = (method: string, params: JsonObject = {}): NotificationFrame => ({
  kind: "notification",
  method,
  params,
  line: JSON.stringify({ jsonrpc: "2.0", method, params }),
});

const response = (line: Line): ResponseFrame => ({ kind: "response", id: 7, failed: false, line });

const screened = (policy: Policy, frame: RequestFrame, server = "git") =>
  new PolicyScreen(policy).request(ann, server, frame);

/** What the client gets when the server answers a list request with this result. */
function listed(policy: Policy, method: string, result: string): string {
  const answer = response(`{"jsonrpc":"2.0","id":7,"result":${result}}`);
  return screened(policy, request(method))?.revise?.(answer).line.toString() ?? "not looked into";
}

const parsed = (line: Line | undefined): { params: JsonObject } => JSON.parse(String(line)) as { params: JsonObject };

describe("a list", () => {
  const policy = rules({
    allow: { tools: ["git:read_*"], prompts: ["ask"], resources: ["file:///public/*"] },
    deny: { tools: ["read_secrets"] },
  });

  it("has only the tools that the caller may call, each exactly as the server wrote it", () => {
    const kept = '{"name":"read_a","n":12345678901234567890, "f":1.0}';
    const other = '{ "title":"A ] and a } in \\"text\\"","name":"read_b" }';
    const result = `{"x":1,"tools":[${kept},{"name":"write"},{"name":"read_secrets"}, ${other}],"nextCursor":"c,]"}`;
    expect(listed(policy, "tools/list", result)).toBe(
      `{"jsonrpc":"2.0","id":7,"result":{"x":1,"tools":[${kept},${other}],"nextCursor":"c,]"}}`,
    );
  });

  it("of prompts, resources and templates is filtered alike", () => {
    expect(listed(policy, "prompts/list", '{"prompts":[{"name":"ask"},{"name":"tell"}]}')).toContain(
      '[{"name":"ask"}]',
    );
    const resources = '{"resources":[{"uri":"file:///public/a"},{"uri":"file:///public/../b"},{"uri":"file:///c"}]}';
    expect(listed(policy, "resources/list", resources)).toContain('[{"uri":"file:///public/a"}]');
    const templates = '{"resourceTemplates":[{"uriTemplate":"file:///public/{x}"},{"uriTemplate":"db://{x}"}]}';
    expect(listed(policy, "resources/templates/list", templates)).toContain('[{"uriTemplate":"file:///public/{x}"}]');
  });

  it("of which everything is visible stays the very same answer", () => {
    const answer = response('{"result":{"tools":[{"name":"read_a"}]}, "id":7,"jsonrpc":"2.0"}');
    expect(screened(policy, request("tools/list"))?.revise?.(answer)).toBe(answer);
    const refusal: ResponseFrame = { ...answer, failed: true, line: '{"jsonrpc":"2.0","id":7,"error":{"code":1}}' };
    expect(screened(policy, request("tools/list"))?.revise?.(refusal)).toBe(refusal);
  });

  it.each([
    ["null"],
    ["[]"],
    ['"text"'],
    ["{}"],
    ['{"tools":{"name":"read_a"}}'],
    ['{"tools":null}'],
    ['{"Tools":[{"name":"secret"}]}'],
    ['{"tools":[{"name":"secret"}],"tools":[{"name":"read_a"}]}'],
  ])("that is none is kept from the client: %s", (result) => {
    expect(() => listed(policy, "tools/list", result)).toThrow(
      expect.objectContaining({ reason: "protocol_violation" }),
    );
  });

  it.each([
    [
      '[{"name":["read_a"]},{"name":7},{"title":"x"},null,"read_a",[{"name":"read_a"}],{"__proto__":{"name":"read_a"}}]',
    ],
    [
      '[{"name":"Read_a"},{"name":"read\\u200b_a\\u0000x "},{"name":"READ_SECRETS"}]'.replace(
        "read\\u200b_a",
        "xread_a",
      ),
    ],
  ])("leaves out entries without a name that is allowed: %s", (entries) => {
    expect(listed(policy, "tools/list", `{"tools":${entries}}`)).toContain('"tools":[]');
  });

  it("of ten thousand tools, and one of 10 MiB in pieces, is filtered too", () => {
    const tools = Array.from(
      { length: 10_000 },
      (_none, index) => `{"name":"${index % 2 === 0 ? "read" : "write"}_${index}"}`,
    );
    expect(listed(policy, "tools/list", `{"tools":[${tools.join(",")}]}`).split('"name":"read_')).toHaveLength(5_001);
    const long = `{"name":"read_a","description":"${'é]}\\"'.repeat(1_000_000)}"}`;
    const line = `{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"write","description":"${"y".repeat(4_000_000)}"},${long}]}}`;
    const bytes = Buffer.from(line);
    const pieces = new Pieces([bytes.subarray(0, 3_000_001), bytes.subarray(3_000_001)]);
    const revised = screened(policy, request("tools/list"))?.revise?.(response(pieces)).line.toString();
    expect(revised).toBe(`{"jsonrpc":"2.0","id":7,"result":{"tools":[${long}]}}`);
  });
});

describe("a result that its server lets everybody cache", () => {
  const policy = rules({ allow: { servers: ["git"] } });
  const revised = (method: string, result: string): string =>
    screened(policy, request(method, { uri: "file:///x", name: "x" }))
      ?.revise?.(response(`{"result":${result},"jsonrpc":"2.0","id":7}`))
      .line.toString() ?? "not looked into";

  it("may be cached for its caller only", () => {
    const list = '{"tools":[{"name":"a","cacheScope":"public"}], "cacheScope" : "public","ttlMs":1}';
    expect(revised("tools/list", list)).toBe(
      '{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a","cacheScope":"public"}], "cacheScope" : "private","ttlMs":1}}',
    );
    expect(revised("resources/read", '{"contents":[],"cacheScope":"public"}')).toContain('"cacheScope":"private"');
    const plain = '{"contents":[{"text":"\\"cacheScope\\":\\"public\\""}]}';
    expect(revised("resources/read", plain)).toBe(`{"result":${plain},"jsonrpc":"2.0","id":7}`);
    expect(revised("tools/call", "{}")).toBe("not looked into");
  });
});

describe("a refused tool, prompt or resource", () => {
  const policy = rules(
    { allow: { servers: ["git"] } },
    { deny: { tools: ["push"], prompts: ["p*"], resources: ["db:*", "https:*"] } },
  );

  it.each([
    ["tools/call", { name: "push", arguments: { secret: 1 }, _meta: { progressToken: 3 } }, "name"],
    ["prompts/get", { name: "plan", arguments: {} }, "name"],
    ["resources/read", { uri: "db://a/b" }, "uri"],
    ["resources/subscribe", { uri: "https://a/b" }, "uri"],
  ])("is asked for under a name that does not exist: %s", (method, params, key) => {
    const { frame, revise } = screened(policy, request(method, params)) ?? {};
    const sent = parsed(frame?.line).params;
    const standIn = String(sent[key]);
    expect(sent).toEqual({
      [key]: expect.stringMatching(/^(db:\/\/|https:\/\/)?x[0-9a-f]{22}/),
      ...(key === "name" && { arguments: {} }),
      ...("_meta" in params && { _meta: { progressToken: 3 } }),
    });
    expect(frame?.params).toEqual(sent);
    const asked = String((params as JsonObject)[key]);
    const answer = `{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"Unknown: ${standIn} (${standIn})"}}`;
    expect(revise?.({ ...response(answer), failed: true }).line).toBe(answer.replaceAll(standIn, asked));
  });

  it("gets its own name back in the answer, whatever characters it has", () => {
    const name = 'p"\\\n$&é';
    const { frame, revise } = screened(policy, request("prompts/get", { name })) ?? {};
    const standIn = String(parsed(frame?.line).params["name"]);
    const line = revise?.(response(JSON.stringify({ jsonrpc: "2.0", id: 7, result: { text: `no ${standIn}` } }))).line;
    expect(JSON.parse(String(line))).toMatchObject({ result: { text: `no ${name}` } });
  });

  it("cannot be made long by a server that repeats it", () => {
    const { frame, revise } = screened(policy, request("prompts/get", { name: `p${"x".repeat(1_000_000)}` })) ?? {};
    const standIn = String(parsed(frame?.line).params["name"]);
    const answer = (times: number): ResponseFrame => response(JSON.stringify({ text: standIn.repeat(times) }));
    expect(revise?.(answer(2)).line.length).toBeGreaterThan(2_000_000);
    expect(() => revise?.(answer(10_000))).toThrow("too often");
  });

  it("is refused in completions too", () => {
    const ref = { type: "ref/prompt", name: "plan" };
    const { frame } =
      screened(policy, request("completion/complete", { ref, argument: { name: "a", value: "b" } })) ?? {};
    expect(parsed(frame?.line).params).toEqual({
      ref: { type: "ref/prompt", name: expect.stringMatching(/^x/) },
      argument: { name: "a", value: "b" },
    });
  });

  it("whose key is repeated where nobody looked is relayed as it was decided on", () => {
    const params = { ref: { type: "ref/prompt", name: "fine" }, argument: { name: "a", value: "b" } };
    const line =
      '{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"name":"plan","name":"fine"}}}';
    const { frame } = screened(policy, { ...request("completion/complete", params), line }) ?? {};
    expect(frame?.line).not.toContain("plan");
  });
});

describe("a refused method", () => {
  const policy = rules({ allow: { tools: ["git:*"] } });

  it("is answered as a server without it answers, without asking the server", () => {
    for (const method of ["resources/list", "resources/read", "completion/complete", "future/method"]) {
      const { frame, answer } = screened(policy, request(method, { uri: "file:///x" })) ?? {};
      expect(frame).toBeUndefined();
      expect(JSON.parse(String(answer?.line))).toEqual({
        jsonrpc: "2.0",
        id: 7,
        error: { code: -32601, message: "Method not found" },
      });
    }
  });

  it("is not relayed as a notification, unlike housekeeping", () => {
    const screen = new PolicyScreen(policy);
    const passing = [
      "notifications/initialized",
      "notifications/cancelled",
      "notifications/progress",
      "notifications/x",
    ];
    expect(passing.map((method) => screen.passes(ann, "git", notification(method)))).toEqual([true, true, true, false]);
  });
});

describe("what a server says unasked", () => {
  it("about a resource reaches those only who may read it", () => {
    const screen = new PolicyScreen(rules({ allow: { resources: ["file:///public/*"] } }));
    const delivers = (params: JsonObject) =>
      screen.delivers(ann, "git", notification("notifications/resources/updated", params));
    expect([delivers({ uri: "file:///public/a" }), delivers({ uri: "file:///b" }), delivers({})]).toEqual([
      true,
      false,
      false,
    ]);
    expect(screen.delivers(ann, "git", notification("notifications/message"))).toBe(true);
  });

  it("is subscribed to for the resources only that the caller may read", () => {
    const policy = rules({ allow: { resources: ["file:///public/*"] } });
    const [allowed, denied] = ["file:///public/a", "file:///b"];
    const asked = {
      toolsListChanged: true,
      ResourceSubscriptions: [denied],
      resourceSubscriptions: [allowed, denied, 7],
    };
    const { frame } = screened(policy, request("subscriptions/listen", { notifications: asked })) ?? {};
    expect(parsed(frame?.line).params).toEqual({
      notifications: { toolsListChanged: true, resourceSubscriptions: ["file:///public/a"] },
    });
    expect(screened(policy, request("subscriptions/listen", { notifications: {} }))).toBeUndefined();
  });
});

describe("messages", () => {
  const submission = (messages: object | readonly object[]) => ({
    principal: ann,
    server: "git",
    sessionId: "s",
    transport: "sse" as const,
    messages: clientMessages(messages),
    reception: { requestId: "r" },
  });
  const batch = [
    { id: 1, method: "tools/call", params: { name: "pull" } },
    { id: 2, method: "tools/call", params: { name: "push" } },
  ];

  it("with a refused one are refused together where the policy reveals it", () => {
    const step = policyStep(policyFrom({ reveal: true, rules: [{ allow: { tools: ["git:pull"] } }] }));
    expect(() => step.admit?.(submission(batch))).toThrow(
      expect.objectContaining({ reason: "forbidden", status: 403 }),
    );
    expect(step.admit?.(submission(batch.slice(0, 1)))).toBeUndefined();
    expect(() => step.admit?.(submission({ method: "notifications/x" }))).toThrow(/may not use/);
  });

  it("that lack a scope are told which would do", () => {
    const step = policyStep(policyFrom({ reveal: true }, { "git:push": ["scope:push"] }));
    expect(() => step.admit?.(submission(batch.slice(1)))).toThrow(
      expect.objectContaining({
        reason: "insufficient_scope",
        details: expect.objectContaining({ scopes: ["scope:push"], data: { scopes: ["scope:push"] } }) as unknown,
      }),
    );
  });

  it("go on where it does not, except for initialize, which cannot be hidden", () => {
    const step = policyStep(rules({ allow: { methods: ["tools/call"], tools: ["pull"] } }));
    expect(step.admit?.(submission(batch))).toBeUndefined();
    expect(() => step.admit?.(submission({ id: 1, method: "initialize" }))).toThrow(
      expect.objectContaining({ reason: "forbidden" }),
    );
  });
});

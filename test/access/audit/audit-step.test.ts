import { describe, expect, it } from "vitest";
import { AuditStep, type AuditStepOptions } from "../../../src/access/audit/audit-step.ts";
import { activeAudit, auditSchema, environmentOf } from "../../../src/access/audit/config.ts";
import { WhoCache } from "../../../src/access/audit/who-cache.ts";
import { RefusalQuota } from "../../../src/access/audit/refusal-quota.ts";
import { Redactor } from "../../../src/lib/redactor.ts";
import type { Submission } from "../../../src/protocol/admission.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import { faultFrame } from "../../../src/protocol/fault-frame.ts";
import type { RequestFrame } from "../../../src/protocol/frame.ts";
import type { Policy } from "../../../src/protocol/policy.ts";
import type { Principal } from "../../../src/protocol/principal.ts";

const DEV: Principal = {
  kind: "apiKey",
  id: "dev",
  tenant: "acme",
  client: "ci",
  claims: { sub: "alice" },
};

function call(tool: string, given: object = {}): RequestFrame {
  const params = { name: tool, arguments: given };
  const line = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  return { kind: "request", id: 1, method: "tools/call", params, line };
}

function submissionOf(frames: Submission["messages"]["frames"], principal = DEV): Submission {
  const messages = { frames, isBatch: false };
  const reception = { requestId: "request-1" };
  return { principal, server: "git", sessionId: "0123456789abcdef", transport: "sse", messages, reception };
}

function stepWith(settings: object = {}, more: Partial<AuditStepOptions> = {}) {
  const lines: string[] = [];
  const step = new AuditStep({
    config: auditSchema.parse(settings),
    environment: "production",
    redactor: new Redactor(["password"], ["a-known-secret"]),
    write: (line) => void lines.push(line),
    isFailing: () => false,
    ...more,
  });
  const read = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { step, lines, read };
}

const policyThat = (isAllowed: boolean, rule: string): Policy => ({
  reveals: false,
  decide: () => ({ isAllowed, rule }),
  sees: () => true,
  opensConsole: () => false,
  viewKey: () => "",
});

describe("a line of the trail", () => {
  it("says by which transport a request came, also where the session has no name", () => {
    const { step, read } = stepWith();
    const error = new GatewayError("rate_limited", "Too often.");
    for (const transport of ["modern", "rest"] as const)
      step.refused({ ...submissionOf([call("push")]), sessionId: "", transport }, error);
    expect(read().map(({ transport }) => transport)).toEqual(["modern", "rest"]);
  });

  it("says who called what, who allowed it, how it ended, how long it took and how large it was", () => {
    const { step, read } = stepWith({}, { policy: policyThat(true, "policy.rules[0].allow") });
    const request = call("push", { branch: "main" });
    const record = step.open(submissionOf([request]), request);
    const answer = { kind: "response", id: 1, failed: false, line: '{"é":1}' } as const;
    record.closed("result", answer);
    const [{ time, ms, ...fields } = {}] = read();
    expect(fields).toEqual({
      event: "call",
      environment: "production",
      requestId: "request-1",
      session: "01234567",
      transport: "sse",
      principal: "apiKey:dev",
      apiKeyId: "dev",
      tenant: "acme",
      client: "ci",
      sub: "alice",
      server: "git",
      method: "tools/call",
      tool: "push",
      verdict: "allow",
      rule: "policy.rules[0].allow",
      outcome: "result",
      bytesIn: Buffer.byteLength(String(request.line)),
      bytesOut: 8,
    });
    expect(String(time)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(ms).toBeGreaterThanOrEqual(0);
  });

  it("has the outcome of a call that the client cancelled, and of one that the gateway failed", () => {
    const { step, read } = stepWith();
    const request = call("push");
    step.open(submissionOf([request]), request).closed("cancelled", undefined);
    const fault = faultFrame(1, new GatewayError("call_timeout", "late"));
    step.open(submissionOf([request]), request).closed("call_timeout", fault);
    expect(read().map(({ outcome, bytesOut }) => [outcome, bytesOut])).toEqual([
      ["cancelled", undefined],
      ["call_timeout", undefined],
    ]);
  });

  it("tells of a refusal that the client does not see as one", () => {
    const { step, read } = stepWith({}, { policy: policyThat(false, "policy.default") });
    const request = call("push");
    step.open(submissionOf([request]), request).closed("error", undefined);
    expect(read()).toMatchObject([
      { event: "call", tool: "push", verdict: "deny", rule: "policy.default", outcome: "error" },
    ]);
  });

  it("names the prompt or the resource that a request is about", () => {
    const { step, read } = stepWith();
    const about = (method: string, params: Record<string, unknown>): void => {
      const request: RequestFrame = { kind: "request", id: 1, method, params, line: "" };
      step.open(submissionOf([request]), request).closed("result", undefined);
    };
    about("prompts/get", { name: "review" });
    about("resources/read", { uri: "file:///etc/passwd" });
    about("tools/list", { name: "nothing" });
    const named = read().map(({ tool, prompt, uri }) => ({ tool, prompt, uri }));
    expect(named).toEqual([{ prompt: "review" }, { uri: "file:///etc/passwd" }, {}]);
  });

  it.each([
    ["none", undefined],
    ["digest", "sha256:6fb36f5d999c20d2c2ac77f4a1f28b5d5ab024f3b35fdab6dd6244e75445895a"],
    ["redacted", '{"password":"[redacted]"}'],
  ])("has the arguments as audit.arguments: %s says", (how, written) => {
    const { step, read } = stepWith({ arguments: how });
    const request = call("login", { password: "hunter22" });
    step.open(submissionOf([request]), request).closed("result", undefined);
    const [line = {}] = read();
    expect(line["arguments"]).toBe(written);
    expect(JSON.stringify(line)).not.toContain("hunter22");
  });

  it("holds no line break, control character or bidirectional control, whatever a tool is called", () => {
    const hostile = 'x"}\n{"event":"call"}\r\u0000\u001b[2J\u0085\u2028\u2029\u202e\u200b\ud800' + "y".repeat(10_000);
    const { step, lines, read } = stepWith();
    const request = call(hostile);
    step.open(submissionOf([request]), request).closed("result", undefined);
    step.refused(submissionOf([request]), new GatewayError("rate_limited", "no"));
    expect(lines).toHaveLength(2);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u200b]/);
    expect(read().map(({ tool }) => tool)).toEqual([hostile.slice(0, 512), hostile.slice(0, 512)]);
  });

  it("stays short with names of any length", () => {
    const long = "z".repeat(100_000);
    const { step, lines } = stepWith();
    const request: RequestFrame = { kind: "request", id: 1, method: long, params: { name: long, uri: long }, line: "" };
    const principal = { ...DEV, id: long, tenant: long, client: long, claims: { sub: long } };
    step.open(submissionOf([request], principal), request).closed("result", undefined);
    expect(lines[0]?.length).toBeLessThan(3_000);
  });
});

describe("a refusal", () => {
  it("is written for each request of the body, with the rule that refuses", () => {
    const { step, read } = stepWith();
    const error = new GatewayError("rate_limited", "no", { log: { rule: "rateLimit.byTool.push" } });
    const note = { kind: "notification", method: "notifications/x", params: undefined, line: "" } as const;
    step.refused(submissionOf([call("push"), note, call("pull")]), error);
    step.refused(submissionOf([note]), error);
    const written = read().map(({ event, method, tool, verdict, rule, outcome }) => [
      event,
      method,
      tool,
      verdict,
      rule,
      outcome,
    ]);
    const rest = ["deny", "rateLimit.byTool.push", "rate_limited"];
    expect(written).toEqual([
      ["refused", "tools/call", "push", ...rest],
      ["refused", "tools/call", "pull", ...rest],
      ["refused", "notifications/x", undefined, ...rest],
    ]);
  });

  it.each([
    ["a full queue", new GatewayError("queue_full", "no"), undefined, ["allow", undefined]],
    ["a full queue, where a rule allows", new GatewayError("queue_full", "no"), policyThat(true, "a"), ["allow", "a"]],
    [
      "a hidden tool",
      new GatewayError("tool_not_found", "no"),
      policyThat(false, "policy.default"),
      ["deny", "policy.default"],
    ],
    [
      "a shown refusal",
      new GatewayError("origin_denied", "no", { log: { rule: "b" } }),
      policyThat(false, "a"),
      ["deny", "b"],
    ],
    ["a lost Redis", new GatewayError("limits_unavailable", "no"), policyThat(true, "a"), ["deny", undefined]],
  ] as const)("because of %s has the verdict of who refused", (_what, error, policy, verdict) => {
    const { step, read } = stepWith({}, { policy });
    step.refused(submissionOf([call("push")]), error);
    expect(read().map((line) => [line["verdict"], line["rule"]])).toEqual([verdict]);
  });

  it("is known to be written, also with the id of its request", () => {
    const { step } = stepWith();
    const error = new GatewayError("rate_limited", "no", { log: { rule: "x" } });
    expect(step.hasWritten(error)).toBe(false);
    step.refused(submissionOf([call("push")]), error);
    const copy = new GatewayError("rate_limited", "no", { ...error.details, rpcId: 1 });
    expect([step.hasWritten(error), step.hasWritten(copy)]).toEqual([true, true]);
    expect(step.hasWritten(new GatewayError("unauthorized", "no"))).toBe(false);
  });

  it("of a flood is counted, not written, and hides nobody else's", () => {
    const { step, lines, read } = stepWith();
    const error = new GatewayError("rate_limited", "no");
    const other = { ...DEV, id: "other" };
    for (let at = 0; at < 100_000; at++) step.refused(submissionOf([call("push")]), error);
    step.refused(submissionOf([call("push")], other), error);
    expect(lines.length).toBeLessThan(1_000);
    expect(read().at(-1)).toMatchObject({ principal: "apiKey:other" });
    expect(read().at(-1)).not.toHaveProperty("leftOut");
  });

  it("of 10,000 sessions takes no more room than that of 1,000, and tells principals with the same session id apart", () => {
    const who = new WhoCache("e");
    for (let at = 0; at < 10_000; at++) who.membersOf({ ...submissionOf([]), sessionId: `session-${at}` });
    expect(who.size).toBe(1_000);
    const others = [{ tenant: "other" }, { id: "other" }, { claims: { sub: "other" } }, {}];
    const members = others.map((other) => who.membersOf(submissionOf([], { ...DEV, ...other })));
    expect(members.map((text) => text.includes("other"))).toEqual([true, true, true, false]);
  });

  it("of 10,000 callers takes no more room than that of 1,000", () => {
    const quota = new RefusalQuota();
    for (let at = 0; at < 10_000; at++) quota.take(`caller-${at}`);
    expect(quota.size).toBe(1_000);
  });
});

describe("a trail that cannot be written", () => {
  it.each([
    ["allow", undefined],
    ["refuse", "audit_unavailable"],
  ])("with onError: %s gives %s", (onError, reason) => {
    const { step } = stepWith({ onError }, { isFailing: () => true });
    const ask = (): string | undefined => {
      try {
        step.admit();
        step.foresee();
      } catch (error) {
        return error instanceof GatewayError ? error.reason : "another error";
      }
      return undefined;
    };
    expect(ask()).toBe(reason);
  });
});

describe("the trail is written", () => {
  it.each([
    ["not without any reason to", { auth: { bearer: {} } }, {}, false],
    ["with API keys", { auth: { apiKeys: [{ id: "a" }] } }, {}, true],
    ["not with an empty list of them", { auth: { apiKeys: [] } }, {}, false],
    ["with JWT", { auth: { jwt: { issuer: "x" } } }, {}, true],
    ["with permissions", { auth: { permissions: { "n8n:*": ["scope:user"] } } }, {}, true],
    ["with a policy", { policy: { default: "deny" } }, {}, true],
    ["with an audit block", { audit: {} }, {}, true],
    ["not when it is switched off", { policy: { default: "deny" }, audit: { enabled: false } }, {}, false],
    ["when it is switched on", { audit: { enabled: true } }, {}, true],
    ["in a named environment", { audit: { environments: ["production"] } }, { NODE_ENV: "production" }, true],
    ["in no other", { audit: { environments: ["production"] } }, {}, false],
    ["in every one", { audit: { environments: ["*"] } }, { MCP_GATEWAY_ENV: "x" }, true],
  ])("%s", (_what, config, env, isWritten) => {
    expect(activeAudit(config, env) !== undefined).toBe(isWritten);
  });

  it.each([
    [{ MCP_GATEWAY_ENV: "staging", NODE_ENV: "production" }, "staging"],
    [{ MCP_GATEWAY_ENV: "", NODE_ENV: "production" }, "production"],
    [{}, "development"],
  ])("with %j in the environment %s", (env, name) => {
    expect(environmentOf(env)).toBe(name);
  });

  it.each([[{ sink: "file" }], [{ sink: "stderr", file: "/x" }], [{ sink: "syslog" }], [{ arguments: "all" }]])(
    "not with the settings %j, which are refused",
    (settings) => {
      expect(auditSchema.safeParse(settings).success).toBe(false);
    },
  );
});

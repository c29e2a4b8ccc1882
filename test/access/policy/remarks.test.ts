import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";

const SERVERS = "servers: { git: { command: x }, n8n: { command: x } }\n";

/** What is said about a config, without the name of the file. */
function remarks(yaml: string): string[] {
  return parseConfig("c.yaml", `${SERVERS}${yaml}`, {}).notes.map(({ text }) => text.replace("c.yaml:", ""));
}

const rules = (...all: readonly string[]): string[] =>
  remarks(`policy:\n  rules:\n${all.map((one) => `    - ${one}\n`).join("")}`);

describe("a rule that cannot do what it seems to be for is reported with its line:", () => {
  it.each([
    ["{}", "4:7 policy.rules.0 has neither allow nor deny: it has no effect"],
    ["{ allow: {} }", "4:16 policy.rules.0.allow names nothing: it has no effect"],
    ["{ deny: { tools: [] } }", "4:24 policy.rules.0.deny.tools is empty: nothing matches it"],
    [
      "{ allow: { tools: ['gti:*'] } }",
      '4:26 policy.rules.0.allow.tools.0: no server has the name "gti"; did you mean "git"?',
    ],
    ["{ deny: { prompts: ['zzz:x'] } }", '4:27 policy.rules.0.deny.prompts.0: no server has the name "zzz"'],
    [
      "{ allow: { servers: ['g1t'] } }",
      '4:28 policy.rules.0.allow.servers.0: no server has the name "g1t"; did you mean "git"?',
    ],
    ["{ allow: { servers: ['x*'] } }", '4:28 policy.rules.0.allow.servers.0: no server has the name "x*"'],
    [
      "{ allow: { methods: [tools/list], tools: ['*'] } }",
      "4:48 policy.rules.0.allow.tools has no effect: the methods of the rule do not include tools/call",
    ],
    [
      "{ allow: { methods: [tools/call, prompts/get], tools: ['*'] } }",
      "4:40 policy.rules.0.allow.methods includes prompts/get, but the rule names no prompts: it allows none",
    ],
    [
      "{ allow: { tools: ['git:push'] }, deny: { tools: ['git:p*'] } }",
      '4:26 policy.rules.0.allow.tools.0 "git:push" has no effect: policy.rules.0.deny denies it, and denying wins',
    ],
    [
      "{ allow: { tools: ['git:push'] }, deny: { tools: ['push'] } }",
      '4:26 policy.rules.0.allow.tools.0 "git:push" has no effect: policy.rules.0.deny denies it, and denying wins',
    ],
    [
      "{ allow: { servers: ['git'] }, deny: { servers: ['*'] } }",
      '4:28 policy.rules.0.allow.servers.0 "git" has no effect: policy.rules.0.deny denies it, and denying wins',
    ],
    [
      "{ subject: { tenant: acme }, allow: { tools: ['*'] } }",
      '4:28 policy.rules.0.subject.tenant: no API key has the tenant "acme"',
    ],
  ])("%s", (rule, remark) => {
    expect(rules(rule)).toEqual([remark]);
  });

  it("one rule against another, if that one is about the same callers or about everybody", () => {
    const allow = "{ subject: { principal: ann }, allow: { tools: ['git:push'] } }";
    const remark =
      '4:55 policy.rules.0.allow.tools.0 "git:push" has no effect: policy.rules.1.deny denies it, and denying wins';
    expect(rules(allow, "{ deny: { tools: ['git:*'] } }")).toEqual([remark]);
    expect(rules(allow, "{ subject: { principal: ann }, deny: { tools: ['git:*'] } }")).toEqual([remark]);
    expect(rules(allow, "{ subject: { principal: bob }, deny: { tools: ['git:*'] } }")).toEqual([]);
    expect(rules(allow, "{ deny: { tools: ['git:pus'] } }")).toEqual([]);
    expect(rules(allow, "{ deny: { tools: ['g*'] } }")).toEqual([]);
    expect(rules(allow, "{ deny: { tools: ['git:*'], servers: ['n8n'] } }")).toEqual([]);
  });

  it("one that stands there twice, or that a default makes superfluous", () => {
    expect(rules("{ allow: { tools: ['*'] } }", "{ allow: { tools: ['*'] } }")).toEqual([
      "5:7 policy.rules.1 is the same as policy.rules.0",
    ]);
    expect(remarks("policy: { default: allow, rules: [ { allow: { tools: ['*'] } } ] }\n")).toEqual([
      "2:45 policy.rules.0.allow has no effect: policy.default is allow",
    ]);
  });

  it("and so are permissions", () => {
    expect(remarks("auth:\n  permissions:\n    'gti:*': ['scope:a']\n    'git:x': []\n")).toEqual([
      '4:14 auth.permissions.gti:*: no server has the name "gti"; did you mean "git"?',
      "5:14 auth.permissions.git:x lists no scope: it denies everybody",
    ]);
  });

  it("and a client that no API key has, unless tokens may bring it", () => {
    const keys = "auth: { apiKeys: [ { id: a, key: 0123456789abcdef, tenant: acme, client: cursor } ] }\n";
    const rule = "policy: { rules: [ { subject: { client: cursr }, allow: { tools: ['*'] } } ] }\n";
    expect(remarks(keys + rule)).toEqual([
      '3:41 policy.rules.0.subject.client: no API key has the client "cursr"; did you mean "cursor"?',
    ]);
    expect(remarks(keys + rule.replace("cursr", "'*'"))).toEqual([]);
    const jwt = "auth: { jwt: { issuer: https://idp.example.com, audience: x } }\n";
    expect(remarks(jwt + rule)).toEqual([]);
  });
});

it("a rule about the console alone is fine; it is not about the use of its servers", () => {
  expect(rules("{ allow: { console: true } }")).toEqual([]);
  expect(rules("{ allow: { servers: [git] } }", "{ deny: { console: true, servers: [git] } }")).toEqual([]);
  expect(remarks("policy: { default: allow, rules: [ { allow: { console: true } } ] }\n")).toEqual([]);
  expect(rules("{ allow: { console: false } }")).toEqual(["4:16 policy.rules.0.allow names nothing: it has no effect"]);
});

it("the policies of the ancestors are fine as they stand", () => {
  const sample = `
auth: { apiKeys: [ { id: a, key: 0123456789abcdef, tenant: acme, client: cursor } ] }
policy:
  default: deny
  rules:
    - subject: { tenant: acme, client: cursor }
      allow:
        methods: [initialize, tools/list, tools/call, resources/list, resources/read, prompts/list, prompts/get]
        tools: ["*"]
        resources: ["*"]
        prompts: ["*"]
`;
  expect(remarks(sample)).toEqual([]);
  expect(
    remarks('auth: { permissions: { "n8n:*": ["scope:user"] }, options: { scope_mode: any, default_scope: null } }\n'),
  ).toEqual([]);
});

it("nine hundred rules with ten patterns each are not compared with each other", () => {
  const many = Array.from(
    { length: 900 },
    (_none, index) => `{ allow: { tools: [${Array.from({ length: 10 }, (_x, at) => `t${index}_${at}`).join(", ")}] } }`,
  );
  expect(rules(...many)).toEqual([]);
});

it.each([
  ["an unknown key", "policy: { rules: [ { allow: { tool: ['x'] } } ] }", 'unknown key "tool"; did you mean "tools"?'],
  ["a text for a list", "policy: { rules: [ { allow: { tools: x } } ] }", "policy.rules.0.allow.tools: must be a list"],
  ["an empty pattern", "policy: { rules: [ { allow: { tools: [''] } } ] }", "must not be empty"],
  ["another default", "policy: { default: maybe }", "policy.default: must be one of deny, allow"],
])("%s is a mistake", (_what, yaml, message) => {
  expect(() => remarks(`${yaml}\n`)).toThrow(message);
});

import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../../src/lib/glob.ts";
import { policyOf } from "../../../src/access/policy/rule-policy.ts";
import { actionOf } from "../../../src/protocol/policy.ts";
import { caller, decides, may, policyFrom, rules, SERVERS } from "./policies.ts";

const ann = caller();

describe("without a policy and permissions", () => {
  it("there is nothing to ask", () => {
    expect(policyOf({ policy: undefined, permissions: undefined, options: undefined }, SERVERS)).toBeUndefined();
    const options = { scope_mode: "any", default_scope: null } as const;
    expect(policyOf({ policy: undefined, permissions: undefined, options }, SERVERS)).toBeUndefined();
  });

  it("an empty one of either kind denies everything", () => {
    for (const empty of [policyFrom({}), policyFrom(undefined, {})]) {
      expect(may(empty, ann, "tools/call git:push")).toBe(false);
      expect(empty.sees(ann, "git")).toBe(false);
    }
  });
});

describe("the policy of the API gateway that lists methods", () => {
  const policy = policyFrom({
    default: "deny",
    rules: [
      {
        subject: { tenant: "acme", client: "cursor" },
        allow: {
          methods: [
            "initialize",
            "tools/list",
            "tools/call",
            "resources/list",
            "resources/read",
            "prompts/list",
            "prompts/get",
          ],
          tools: ["math.*", "kb.*"],
          resources: ["*"],
          prompts: ["*"],
        },
        deny: { tools: ["kb.delete"] },
      },
    ],
  });
  const cursor = caller({ tenant: "acme", client: "cursor" });

  it.each([
    ["initialize git", true, "policy.rules[0].allow"],
    ["ping git", true, "policy.rules[0].allow"],
    ["notifications/initialized git", true, "policy.rules[0].allow"],
    ["notifications/cancelled git", true, "policy.rules[0].allow"],
    ["notifications/unheard git", false, "policy.default"],
    ["tools/list git", true, "policy.rules[0].allow"],
    ["tools/call git:math.add", true, "policy.rules[0].allow"],
    ["tools/call git:kb.search", true, "policy.rules[0].allow"],
    ["tools/call git:kb.delete", false, "policy.rules[0].deny"],
    ["tools/call git:reports.make", false, "policy.default"],
    ["resources/read files:file:///a/b/c?d=e", true, "policy.rules[0].allow"],
    ["resources/subscribe files:file:///a", false, "policy.default"],
    ["prompts/get git:anything/at:all", true, "policy.rules[0].allow"],
    ["completion/complete git:x", false, "policy.default"],
    ["logging/setLevel git", false, "policy.default"],
    ["future/method git", false, "policy.default"],
  ])("decides %s: %s, by %s", (what, isAllowed, rule) => {
    expect(decides(policy, cursor, what)).toMatchObject({ isAllowed, rule });
    expect(may(policy, caller({ tenant: "acme", client: "other" }), what)).toBe(false);
    expect(may(policy, caller({ tenant: "other", client: "cursor" }), what)).toBe(false);
    expect(may(policy, caller(), what)).toBe(false);
  });
});

describe("the permissions of the OAuth gateway", () => {
  const permissions = { "n8n:*": ["scope:user"], "admin:user_management": ["scope:admin"] };
  const policy = policyFrom(undefined, permissions, { scope_mode: "any", default_scope: null });
  const user = caller({ scopes: ["scope:user"] });
  const admin = caller({ scopes: ["scope:admin"] });
  const both = caller({ scopes: ["admin", "user"] });

  it.each([
    ["tools/call n8n:run", true, false, true],
    ["prompts/get n8n:any", true, false, true],
    ["resources/read n8n:file:///x", true, false, true],
    ["tools/list n8n", true, false, true],
    ["future/method n8n", true, false, true],
    ["tools/call admin:user_management", false, true, true],
    ["tools/call admin:other", false, false, false],
    ["tools/list admin", false, true, true],
    ["initialize admin", false, true, true],
    ["ping admin", false, true, true],
    ["prompts/get admin:any", false, false, false],
    ["future/method admin", false, false, false],
    ["tools/call git:push", false, false, false],
    ["initialize git", false, false, false],
  ])("decide %s: with user %s, with admin %s, with both %s", (what, asUser, asAdmin, asBoth) => {
    expect([user, admin, both, caller()].map((who) => may(policy, who, what))).toEqual([
      asUser,
      asAdmin,
      asBoth,
      false,
    ]);
  });

  it("show a server to who has a scope for something on it", () => {
    const seen = [user, admin, both, caller()].map((who) => SERVERS.filter((server) => policy.sees(who, server)));
    expect(seen).toEqual([["n8n"], ["admin"], ["n8n", "admin"], []]);
  });

  it("name the line that decides, and the scopes that would do", () => {
    expect(decides(policy, user, "tools/call admin:user_management")).toEqual({
      isAllowed: false,
      rule: 'auth.permissions["admin:user_management"]',
      scopes: ["scope:admin"],
    });
  });

  it("let the most specific line decide, in whatever order they stand", () => {
    const lines = { "*": ["any"], "git:*": ["git"], "git:push*": ["push"], "git:push_all": ["all"] };
    for (const order of [Object.entries(lines), Object.entries(lines).toReversed()]) {
      const { decide } = bound(policyFrom(undefined, Object.fromEntries(order)));
      expect(decide("any", "n8n:x")).toBe(true);
      expect(decide("any", "git:x")).toBe(false);
      expect(decide("git", "git:x")).toBe(true);
      expect(decide("git", "git:push_one")).toBe(false);
      expect(decide("push", "git:push_one")).toBe(true);
      expect(decide("push", "git:push_all")).toBe(false);
      expect(decide("all", "git:push_all")).toBe(true);
    }
  });

  it("need all the scopes with scope_mode: all, and a default scope where no line fits", () => {
    const strict = policyFrom(undefined, { "n8n:*": ["a", "b"] }, { scope_mode: "all", default_scope: "scope:c" });
    const asked = (...scopes: string[]) =>
      ["tools/call n8n:x", "tools/call git:x", "prompts/get git:x", "initialize git"].map((what) =>
        may(strict, caller({ scopes }), what),
      );
    expect(asked("a")).toEqual([false, false, false, false]);
    expect(asked("a", "b")).toEqual([true, false, false, false]);
    expect(asked("c")).toEqual([false, true, true, true]);
    expect(decides(strict, ann, "tools/call git:x")).toMatchObject({
      rule: "auth.options.default_scope",
      scopes: ["scope:c"],
    });
  });

  it("and rules apply together: what a rule denies is denied, what it allows needs no scope", () => {
    const mixed = policyFrom(
      {
        rules: [{ allow: { tools: ["git:status"] } }, { subject: { groups: "guests" }, deny: { tools: ["n8n:drop"] } }],
      },
      permissions,
    );
    expect(may(mixed, caller(), "tools/call git:status")).toBe(true);
    expect(may(mixed, user, "tools/call n8n:drop")).toBe(true);
    expect(may(mixed, caller({ scopes: ["user"], groups: ["guests"] }), "tools/call n8n:drop")).toBe(false);
  });

  function bound(of: ReturnType<typeof policyFrom>) {
    return { decide: (scope: string, tool: string) => may(of, caller({ scopes: [scope] }), `tools/call ${tool}`) };
  }
});

describe("a rule", () => {
  it("that denies wins over every rule that allows, in whatever order they stand", () => {
    const [allow, deny] = [{ allow: { tools: ["*"] } }, { deny: { tools: ["git:push"] } }];
    for (const policy of [rules(allow, deny), rules(deny, allow)]) {
      expect(may(policy, ann, "tools/call git:push")).toBe(false);
      expect(may(policy, ann, "tools/call n8n:push")).toBe(true);
      expect(may(policy, ann, "tools/call git:pull")).toBe(true);
    }
  });

  it("about tools allows what using tools takes, and nothing else", () => {
    const policy = rules({ allow: { tools: ["git:*"] } });
    const methods = ["initialize", "ping", "server/discover", "tools/list", "tasks/get", "logging/setLevel"];
    expect(methods.filter((method) => !may(policy, ann, `${method} git`))).toEqual([]);
    const others = ["prompts/list", "prompts/get", "resources/list", "resources/read", "completion/complete", "x/y"];
    expect(others.filter((method) => may(policy, ann, `${method} git`))).toEqual([]);
    expect(may(policy, ann, "initialize n8n")).toBe(false);
  });

  it("that lists methods and tools allows calls of these tools, and of no prompt", () => {
    const policy = rules({ allow: { methods: ["*"], tools: ["git:*"] } });
    expect(may(policy, ann, "tools/call git:push")).toBe(true);
    expect(may(policy, ann, "future/method git")).toBe(true);
    expect(may(policy, ann, "prompts/get git:x")).toBe(false);
    expect(may(policy, ann, "tools/call n8n:x")).toBe(false);
    expect(SERVERS.filter((server) => policy.sees(ann, server))).toEqual(["git"]);
  });

  it("that lists methods only is about all tools", () => {
    const policy = rules({ allow: { methods: ["initialize", "tools/*"] } });
    expect(may(policy, ann, "tools/call git:push")).toBe(true);
    expect(may(policy, ann, "prompts/get git:x")).toBe(false);
  });

  it("about a server allows everything on it, and with other keys only these on it", () => {
    const policy = rules({ allow: { servers: ["g*"] } }, { allow: { servers: ["n8n"], tools: ["read_*"] } });
    expect(may(policy, ann, "future/method git")).toBe(true);
    expect(may(policy, ann, "resources/read git:file:///x")).toBe(true);
    expect(may(policy, ann, "tools/call n8n:read_x")).toBe(true);
    expect(may(policy, ann, "tools/call n8n:write_x")).toBe(false);
    expect(may(policy, ann, "tools/call files:read_x")).toBe(false);
    expect(SERVERS.filter((server) => policy.sees(ann, server))).toEqual(["git", "n8n"]);
  });

  it("hides a server of which it leaves nothing", () => {
    const everything = { allow: { servers: ["*"] } };
    const seenWith = (deny: object) => SERVERS.filter((server) => rules(everything, { deny }).sees(ann, server));
    expect(seenWith({ servers: ["git"] })).toEqual(["n8n", "admin", "files"]);
    expect(seenWith({ servers: ["git"], methods: ["*"] })).toEqual(["n8n", "admin", "files"]);
    expect(seenWith({ servers: ["git"], tools: ["*"] })).toEqual(SERVERS);
    const tools = rules({ allow: { tools: ["git:*", "n8n:*"] } }, { deny: { tools: ["git:*"] } });
    expect(SERVERS.filter((server) => tools.sees(ann, server))).toEqual(["n8n"]);
  });

  it("that names nothing allows and denies nothing", () => {
    const policy = policyFrom({ default: "allow", rules: [{ allow: {}, deny: {} }, {}] });
    expect(may(policy, ann, "tools/call git:push")).toBe(true);
    expect(may(rules({ allow: {} }), ann, "tools/call git:push")).toBe(false);
  });

  it("with default: allow only takes away", () => {
    const policy = policyFrom({ default: "allow", rules: [{ deny: { tools: ["git:push"], methods: ["prompts/*"] } }] });
    expect(may(policy, ann, "tools/call git:push")).toBe(false);
    expect(may(policy, ann, "prompts/list git")).toBe(false);
    expect(may(policy, ann, "tools/call git:pull")).toBe(true);
    expect(may(policy, ann, "future/method git")).toBe(true);
  });
});

describe("the subject of a rule", () => {
  it.each([
    [{}, caller(), true],
    [{ tenant: "acme" }, caller({ tenant: "acme" }), true],
    [{ tenant: "acme" }, caller({ tenant: "ACME" }), false],
    [{ tenant: "acme" }, caller(), false],
    [{ tenant: "ac*" }, caller({ tenant: "acme" }), true],
    [{ tenant: "*" }, caller(), true],
    [{ tenant: "?*" }, caller(), false],
    [{ tenant: "acme", client: "ci" }, caller({ tenant: "acme" }), false],
    [{ client: ["ci", "cli"] }, caller({ client: "cli" }), true],
    [{ principal: "ann" }, caller(), true],
    [{ principal: "bearer:ann" }, caller(), true],
    [{ principal: "basic:ann" }, caller(), false],
    [{ principal: "basic:*" }, caller({ kind: "basic" }), true],
    [{ scopes: ["a", "b"] }, caller({ scopes: ["b"] }), true],
    [{ scopes: "scope:a" }, caller({ scopes: ["a"] }), true],
    [{ scopes: ["a"] }, caller(), false],
    [{ groups: ["dev*"] }, caller({ groups: ["ops", "devs"] }), true],
    [{ groups: ["*"] }, caller({ groups: [] }), false],
    [{ tenant: "__proto__" }, caller({ tenant: "__proto__" }), true],
  ])("%j fits %j: %s", (subject, principal, isSubject) => {
    expect(may(rules({ subject, allow: { tools: ["*"] } }), principal, "tools/call git:x")).toBe(isSubject);
  });

  it("is asked again when the same principal comes with other scopes", () => {
    const policy = rules({ subject: { scopes: ["w"] }, allow: { tools: ["*"] } });
    expect(may(policy, caller({ scopes: ["w"] }), "tools/call git:x")).toBe(true);
    expect(may(policy, caller({ scopes: ["r"] }), "tools/call git:x")).toBe(false);
    expect(may(policy, caller({ scopes: ["w"], tenant: "t" }), "tools/call git:x")).toBe(true);
  });
});

describe("a name", () => {
  it.each([
    ["git:push", "git:push", true],
    ["git:push", "n8n:push", false],
    ["push", "n8n:push", true],
    ["push", "git:Push", false],
    ["git:ns:read", "git:ns:read", true],
    ["*:ns:read", "git:ns:read", true],
    [String.raw`ns\:read`, "git:ns:read", true],
    // The first colon ends the name of a server, so that a tool of another one cannot take its place.
    ["git:push", "n8n:git:push", false],
    ["git:*", "n8n:git:push", false],
    ["a[b]*", "git:a[b]c", true],
    ["a[b]*", "git:ab", false],
    [String.raw`a\*b`, "git:a*b", true],
    [String.raw`a\*b`, "git:axb", false],
    ["a?b", "git:axb", false],
    ["*", "git:", true],
    ["*", `git:${"x".repeat(10_000)}`, true],
    ["*", `git:${"x".repeat(100_000)}`, false],
    ["**", "git:x", true],
    ["g*t:p*h", "git:push", true],
  ])("is allowed by %s: %s → %s", (pattern, tool, isAllowed) => {
    expect(may(rules({ allow: { tools: [pattern] } }), ann, `tools/call ${tool}`)).toBe(isAllowed);
  });

  it.each([
    ["git:push", "git:PUSH"],
    ["git:push", "git:pu\u200Bsh"],
    ["git:push", "git:ｐｕｓｈ"],
    ["kill", "git:Kill"],
    ["git:caf\u00E9", "git:cafe\u0301"],
    ["ns:read", "git:ns:read"],
    ["git:*", "git:anything"],
  ])("is denied by %s in another spelling too: %s", (pattern, tool) => {
    expect(
      may(policyFrom({ default: "allow", rules: [{ deny: { tools: [pattern] } }] }), ann, `tools/call ${tool}`),
    ).toBe(false);
  });

  it("that is no text is never allowed", () => {
    const policy = policyFrom({ default: "allow", rules: [{ deny: { tools: ["push"] } }] });
    for (const name of [["push"], { toString: "push" }, 7, null, undefined]) {
      expect(policy.decide(ann, actionOf("git", "tools/call", { name })).isAllowed).toBe(false);
    }
    expect(policy.decide(ann, actionOf("git", "tools/call", undefined)).isAllowed).toBe(false);
  });
});

describe("a resource", () => {
  it.each([
    ["file:///public/*", "file:///public/a/b", true],
    ["file:///public/*", "file:///public/../etc/passwd", false],
    ["file:///public/*", "file:///public/%2e%2e/etc/passwd", false],
    ["file:///public/*", "file:///public/%252e%252e/etc/passwd", false],
    ["file:///public/*", "file:///public/..%5Cetc", false],
    ["file:///public/*", "file:///public/./a%20b", true],
    ["file:///a%20b", "file:///a%20b", true],
    ["*", "anything at all", true],
    ["notes://*", "notes://today", true],
    ["notes://*", "NOTES://today", false],
  ])("is allowed by %s: %s → %s", (pattern, uri, isAllowed) => {
    expect(may(rules({ allow: { resources: [pattern] } }), ann, `resources/read files:${uri}`)).toBe(isAllowed);
  });

  it.each([
    ["file:///secret/*", "file:///public/../secret/a"],
    ["file:///secret/*", "file:///%73ecret/a"],
    ["file:///secret/*", "FILE:///Secret/a"],
    ["file:///secret/*", "file:////secret//a"],
    ["file:///a%20b", "file:///a b"],
  ])("is denied by %s in another spelling too: %s", (pattern, uri) => {
    const policy = policyFrom({ default: "allow", rules: [{ deny: { resources: [pattern] } }] });
    expect(may(policy, ann, `resources/read files:${uri}`)).toBe(false);
  });
});

it("a pattern full of stars is matched in linear time", () => {
  const policy = rules({ allow: { tools: [`${"a*".repeat(500)}b`] } });
  expect(may(policy, ann, `tools/call git:${"a".repeat(16_000)}`)).toBe(false);
  expect(matchesGlob(`${"a*".repeat(500)}b`, "a".repeat(1_000_000))).toBe(false);
});

it("ten thousand tools are decided for a thousand callers, and the same again", () => {
  const policy = rules({ allow: { tools: ["git:t*"] } }, { deny: { tools: ["git:t7*"] } });
  const counts = Array.from({ length: 1_000 }, (_none, index) => caller({ id: `c${index}` })).map(
    (who) =>
      Array.from({ length: 10 }, (_none, tool) => may(policy, who, `tools/call git:t${tool}`)).filter(Boolean).length,
  );
  expect(new Set(counts)).toEqual(new Set([9]));
  const many = Array.from({ length: 10_000 }, (_none, tool) => may(policy, ann, `tools/call git:t${tool}`));
  expect(many.filter(Boolean)).toHaveLength(10_000 - 1_111);
});

describe("the console", () => {
  const operator = caller({ id: "olga" });
  const opens = (policy: ReturnType<typeof rules>, server: string, who = operator): boolean =>
    policy.opensConsole(who, server);
  const all = { allow: { servers: ["*"] } };

  it("is for those whom a rule allows it, and for no others", () => {
    const policy = rules(all, { subject: { principal: "olga" }, allow: { console: true } });
    expect([opens(policy, "git"), opens(policy, "git", ann)]).toEqual([true, false]);
  });

  it("is not allowed by a default, nor by a rule about everything", () => {
    expect(opens(policyFrom({ default: "allow" }), "git")).toBe(false);
    expect(opens(rules(all), "git")).toBe(false);
    expect(opens(rules(all, { allow: { console: false } }), "git")).toBe(false);
  });

  it("shows only servers that the caller may use", () => {
    const policy = rules({ allow: { servers: ["git"] } }, { allow: { console: true } });
    expect(SERVERS.filter((server) => opens(policy, server))).toEqual(["git"]);
  });

  it("may be allowed, or denied, for some servers", () => {
    const some = rules(
      all,
      { allow: { console: true, servers: ["git", "n8n"] } },
      { deny: { console: true, servers: ["n8n"] } },
    );
    expect(SERVERS.filter((server) => opens(some, server))).toEqual(["git"]);
    // About the console only: everything else is as it was.
    expect(may(some, ann, "tools/call n8n:push")).toBe(true);
  });

  it("gives no right to use anything", () => {
    const policy = rules({ allow: { console: true, servers: ["git"] } });
    expect(may(policy, operator, "tools/call git:push")).toBe(false);
    expect(policy.sees(operator, "git")).toBe(false);
    expect(opens(policy, "git")).toBe(false);
  });
});

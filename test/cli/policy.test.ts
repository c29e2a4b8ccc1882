import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../helpers/cli.ts";

// `mcp-gateway policy`, as an operator asks it.

const CONFIG = `
auth:
  apiKeys:
    - { id: a, key: 0123456789abcdef, tenant: acme, client: ci }
  permissions: { "n8n:*": ["scope:user"] }
policy:
  rules:
    - { subject: { tenant: acme }, allow: { methods: ["*"], tools: ["git:*"] } }
    - { subject: { client: ci }, deny: { tools: ["git:push"] } }
    - { subject: { principal: "basic:alice", groups: [ops] }, allow: { servers: [git] } }
servers: { git: { command: x }, n8n: { command: x } }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-policy-"));
  writeFileSync(join(folder, "config.yaml"), CONFIG);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ask = async (...flags: readonly string[]) => {
  const { code, stdout, stderr } = await runCli(["policy", ...flags], { cwd: folder });
  return { code, lines: stdout.trimEnd().split("\n"), stderr };
};

it("prints the rules about a caller, and what they make of each server", async () => {
  expect(await ask("--as", "acme:ci")).toEqual({
    code: 0,
    lines: [
      "tenant acme, client ci:",
      "  allow  methods *; tools git:*  by policy.rules[0].allow",
      "  deny   tools git:push  by policy.rules[1].deny",
      "  needs  n8n:*  by auth.permissions: scope:user",
      "git:",
      "  allowed  git  initialize  by policy.rules[0].allow",
      "  allowed  git  tools/list  by policy.rules[0].allow",
      "  allowed  git  prompts/list  by policy.rules[0].allow",
      "  allowed  git  resources/list  by policy.rules[0].allow",
      "  allowed  git  logging/setLevel  by policy.rules[0].allow",
      "n8n: does not exist for this caller",
    ],
    stderr: "",
  });
});

it.each([
  [["--as", "acme:ci", "--tool", "git:pull"], 0, "  allowed  git  tools/call pull  by policy.rules[0].allow"],
  [["--as", "acme:ci", "--tool", "git:push"], 1, "  refused  git  tools/call push  by policy.rules[1].deny"],
  [["--as", "acme", "--tool", "git:push"], 0, "  allowed  git  tools/call push  by policy.rules[0].allow"],
  [
    ["--as", "acme:ci", "--tool", "n8n:run"],
    1,
    '  refused  n8n  tools/call run  by auth.permissions["n8n:*"] (needs the scope scope:user)',
  ],
  [
    ["--as", "acme:ci", "--scopes", "mail, user", "--tool", "n8n:run"],
    0,
    '  allowed  n8n  tools/call run  by auth.permissions["n8n:*"]',
  ],
  [
    ["--principal", "basic:alice", "--groups", "dev,ops", "--resource", "git:file:///a:b"],
    0,
    "  allowed  git  resources/read file:///a:b  by policy.rules[2].allow",
  ],
  [
    ["--principal", "alice", "--groups", "ops", "--prompt", "git:x"],
    1,
    "  refused  git  prompts/get x  by policy.default",
  ],
  [["--as", "x:ci", "--method", "git:future/method"], 1, "  refused  git  future/method  by policy.default"],
])("%j exits with %i", async (flags, code, line) => {
  const answer = await ask(...flags);
  expect([answer.code, answer.lines.at(-1)]).toEqual([code, line]);
});

it("says when nothing decides, and which server there is not", async () => {
  writeFileSync(join(folder, "open.yaml"), "servers: { git: { command: x } }\n");
  expect((await ask("-c", "open.yaml", "--tool", "git:push")).lines.at(-1)).toBe(
    "  may do everything: the config has neither policy nor auth.permissions",
  );
  expect(await ask("--tool", "gti:push")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no server "gti"') as unknown,
  });
});

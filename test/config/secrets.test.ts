import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { isSecretName, isSecretPath } from "../../src/config/secret-names.ts";

const SECRET = "Tr0ub4dor-and-3";
const OK = "servers: { git: { command: x } }\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-secrets-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("no error text holds a secret that stands in the file:", () => {
  it.each([
    [
      "a password beside an unknown key",
      `auth: { basic: { credentials: [{ username: a, password: ${SECRET}, x: 1 }] } }\n${OK}`,
    ],
    [
      "a password below an unknown key",
      `auth:\n  basic:\n    credentials:\n      - usrname: a\n        password: ${SECRET}\n${OK}`,
    ],
    [
      "a password whose key is misspelt",
      `auth:\n  basic:\n    credentials:\n      - username: a\n        pasword: ${SECRET}\n${OK}`,
    ],
    ["a password in the place of a list", `auth:\n  basic:\n    credentials: ${SECRET}\n${OK}`],
    ["a token in the place of a list", `auth:\n  bearer:\n    tokens: ${SECRET}\n${OK}`],
    ["a token that is no token", `auth:\n  bearer:\n    tokens:\n      - ok\n      - "${SECRET} ü"\n${OK}`],
    ["a token in one line with a mistake", `auth: { bearer: { tokens: [${SECRET}], enabld: true } }\n${OK}`],
    ["a token on the wrong level", `auth:\n  tokens: [${SECRET}]\n${OK}`],
    ["a token below a misspelt auth", `athu: { bearer: { tokens: [${SECRET}] } }\n${OK}`],
    [
      "a user name with a colon and a password",
      `auth: { basic: { credentials: [{ username: "a:${SECRET}", password: b }] } }\n${OK}`,
    ],
    [
      "a duplicate password",
      `auth:\n  basic:\n    credentials:\n      - password: ${SECRET}\n        password: ${SECRET}\n${OK}`,
    ],
    ["a token with an unknown tag", `auth: { bearer: { tokens: [!x ${SECRET}] } }\n${OK}`],
    ["a token in broken YAML", `auth: { bearer: { tokens: [ "${SECRET} ] } }\n${OK}`],
    ["a token in YAML that breaks right there", `auth:\n  bearer:\n    tokens: [a]${SECRET}\n${OK}`],
    ["a variable of a server beside a mistake", `servers: { git: { command: 5, env: { API_KEY: ${SECRET} } } }\n`],
    ["a variable whose block is misspelt", `servers:\n  git: { command: x, enviroment: { API_KEY: ${SECRET} } }\n`],
    ["a variable that is a list", `servers:\n  git:\n    command: x\n    env:\n      DATABASE_URL: [${SECRET}]\n`],
    ["a variable in a list of variables", `servers:\n  git:\n    command: x\n    env:\n      - API_KEY=${SECRET}\n`],
    ["an argument beside a mistake", `servers:\n  git: { command: x, args: [--token, ${SECRET}, 5] }\n`],
    ["an argument after a flag, in one text", `servers:\n  git:\n    command: x\n    args: --token ${SECRET}\n`],
    ["an alias that is nowhere", `auth: { bearer: { tokens: [*${SECRET}] } }\n${OK}`],
    ["a secret that holds what looks like a placeholder", `auth: { bearer: { tokens: ["a\${${SECRET}}b"] } }\n${OK}`],
    ["a publicUrl with a password that is no URL", `publicUrl: "http//me:${SECRET}@x"\n${OK}`],
    ["a list as a top-level config", `- password: ${SECRET}\n`],
    ["a text as a top-level config", `password=${SECRET}\n`],
  ])("%s", (_what, yaml) => {
    expect(errorOf(yaml)).not.toContain(SECRET);
  });
});

describe("no error text holds a secret that was filled in:", () => {
  it.each([
    ["a variable as port", "port: ${API_KEY}\n"],
    ["a variable as a quoted port", 'port: "${API_KEY}"\n'],
    ["a variable as level", 'logging: { level: "${API_KEY}" }\n'],
    ["a variable as publicUrl", 'publicUrl: "${API_KEY}"\n'],
    ["a variable as a duration", 'limits: { idle: "${API_KEY}" }\n'],
    ["a variable as an unfit token", 'auth: { bearer: { tokens: ["${API_KEY} ü"] } }\n'],
    [
      "a variable as a user name with a colon",
      'auth: { basic: { credentials: [{ username: "${API_KEY}:", password: b }] } }\n',
    ],
    ["a variable as an allowed origin", 'allowedOrigins: ["${API_KEY}"]\n'],
    ["a variable beside one that is not set", 'auth: { bearer: { tokens: ["${API_KEY}${NOPE}"] } }\n'],
    ["a variable as the name of a file", 'auth: { bearer: { tokens: ["${file:/nowhere/${API_KEY}}"] } }\n'],
    ["a default beside a variable that is not set", `auth: { bearer: { tokens: ["\${NOPE}\${X:-${SECRET}}"] } }\n`],
    ["a file as port", 'port: "${file:SECRET_FILE}"\n'],
  ])("%s", (_what, yaml) => {
    const file = join(folder, "secret");
    writeFileSync(file, SECRET);
    expect(errorOf(yaml.replace("SECRET_FILE", file) + OK, { API_KEY: SECRET })).not.toContain(SECRET);
  });
});

describe("what a config lists as secrets", () => {
  it("are the credentials of callers, and what stands behind names that tell", () => {
    const file = join(folder, "from-file");
    writeFileSync(file, "value-of-file\n");
    const { secrets } = parseConfig(
      "config.yaml",
      `
auth:
  basic: { credentials: [{ username: some-user, password: value-of-password }] }
  bearer: { tokens: [value-of-token-1, "\${GATEWAY}"] }
servers:
  git:
    command: some-command
    args: ["--key=\${API_KEY}", "\${file:${file}}", "\${PLAIN}"]
    env: { GITHUB_TOKEN: value-of-github, LOG: some-level }
`,
      { API_KEY: "value-of-api-key", GATEWAY: "value-of-token-2", PLAIN: "some-plain" },
    );
    expect(secrets).toEqual(
      expect.arrayContaining([
        "value-of-password",
        "value-of-token-1",
        "value-of-token-2",
        "value-of-api-key",
        "value-of-github",
        "value-of-file",
      ]),
    );
    expect(secrets.filter((secret) => secret.startsWith("some-"))).toEqual([]);
  });
});

describe("a name", () => {
  it.each([
    "API_KEY",
    "githubToken",
    "client-secret",
    "DB_PASSWORD",
    "PASSWD",
    "AUTH",
    "SENTRY_DSN",
    "Cookie",
    "credentials",
  ])("such as %s tells of a secret", (name) => {
    expect(isSecretName(name)).toBe(true);
    expect(isSecretPath(["servers", "git", name])).toBe(true);
  });

  it.each(["HOME", "LOG_LEVEL", "port", "command", "DEBUG"])("such as %s tells of none", (name) => {
    expect(isSecretName(name)).toBe(false);
    expect(isSecretPath([name])).toBe(false);
  });

  it("tells of one anywhere below auth, env and headers", () => {
    for (const path of [
      ["auth", "basic", "credentials", 0, "username"],
      ["servers", "git", "env", "LOG_LEVEL"],
      ["servers", "git", "headers", "x-user"],
    ]) {
      expect(isSecretPath(path)).toBe(true);
    }
  });
});

function errorOf(yaml: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    parseConfig("config.yaml", yaml, env);
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
  throw new Error("it was accepted");
}

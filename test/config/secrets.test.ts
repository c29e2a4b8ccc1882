import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { isHarmless } from "../../src/config/harmless.ts";
import { isSecretName } from "../../src/config/secret-names.ts";
import { secretsOf } from "../../src/config/secrets.ts";

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
  it("are the credentials of callers, and values of keys named like a secret", () => {
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
  });

  it.each(["HOME", "LOG_LEVEL", "port", "command", "DEBUG"])("such as %s tells of none", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

const ofServer = (entry: object): string[] => secretsOf({ servers: { git: { command: "x", ...entry } } });

describe("of a server's variables,", () => {
  it.each([
    ["DATABASE_URL", "postgres://user:hunter2@host/db"],
    ["MONGO", "mongodb+srv://user:p%40ss@host"],
    ["SLACK_WEBHOOK", "https://hooks.slack.com/services/T000/B000/hunter2hunter2"],
    ["GITHUB_PAT", "hunter"],
    ["DB_PASS", "correct horse"],
    ["API_KEY", "12345678"],
    ["WHATEVER", "ghp_hunter2HUNTER2hunter2"],
    ["WHATEVER", "3f2b8c1d9e0a4b5c"],
    ["WHATEVER", "3f2b8c1d-9e0a-4b5c-8d7e-6f5a4b3c2d1e"],
    ["WHATEVER", '{"type":"service_account"}'],
    ["WHATEVER", "-----BEGIN KEY-----\nMIIEvQIBADANBg"],
    ["WHATEVER", "Bearer hunter2-hunter2"],
    ["WHATEVER", "12345678901234567890"],
    ["WHATEVER", "admin:hunter2"],
  ])("%s=%s is a secret as a whole", (name, value) => {
    expect(ofServer({ env: { [name]: value } })).toContain(value);
  });

  it.each([
    ["DEBUG", "0"],
    ["DEBUG", "true"],
    ["LOG_LEVEL", "info"],
    ["NODE_ENV", "production"],
    ["AUTH", "enabled"],
    ["REQUIRE_TOKEN", "true"],
    ["API_KEY", ""],
    ["DATA", "/data"],
    ["DATA", "/var/lib/my files/data-1.db"],
    ["PATH", "/usr/local/bin:/usr/bin:/bin"],
    ["DATA", "./data"],
    ["LANG", "en_US.UTF-8"],
    ["REGION", "eu-west-1"],
    ["TIMEOUT", "30s"],
    ["PORT", "8080"],
    ["HOST", "127.0.0.1:8080"],
    ["HOST", "db.example.com:5432"],
    ["BASE", "http://localhost:3000"],
    ["MODEL", "gpt-4o-mini"],
    ["NAME", "some plain words"],
  ])("%s=%s is none, and does not garble the log", (name, value) => {
    expect(ofServer({ env: { [name]: value } })).toEqual([]);
  });

  it("what a placeholder stands for counts the same, also within a longer value", () => {
    const yaml = "servers: { git: { command: x, args: [a], env: { A: 'x ${PLACE} ${WORD}', B: '${PLACE}' } } }\n";
    const { secrets } = parseConfig("config.yaml", yaml, { PLACE: "h9x8-hunter2-77aa", WORD: "debug" });
    expect(new Set(secrets)).toEqual(new Set(["h9x8-hunter2-77aa", "x h9x8-hunter2-77aa debug"]));
  });
});

describe("of a server's arguments,", () => {
  it.each<[readonly string[], ...string[]]>([
    [["--token", "hunter2"], "hunter2"],
    [["--token=hunter2"], "hunter2"],
    [["-token", "hunter2"], "hunter2"],
    [["--password", "pw"], "pw"],
    [["--api-key", "hunter2"], "hunter2"],
    [["--apiKey=hunter2"], "hunter2"],
    [["--secret", "correct horse"], "correct horse"],
    [["--key", "hunter2"], "hunter2"],
    [["--auth", "hunter2"], "hunter2"],
    [["--auth", "-hunter2"], "-hunter2"],
    [["-H", "Authorization: Bearer hunter2"], "Bearer hunter2", "hunter2"],
    [["--header", "Authorization:Bearer hunter2"], "Bearer hunter2", "hunter2"],
    [["--header=X-Api-Key: hunter2"], "hunter2"],
    [["-HAuthorization: hunter2"], "hunter2"],
    [["--header", "X-Other: 3f2b8c1d9e0a4b5c"], "3f2b8c1d9e0a4b5c"],
    [["run", "-e", "GITHUB_TOKEN=hunter2", "image"], "hunter2"],
    [["run", "--env=GITHUB_TOKEN=hunter2"], "hunter2"],
    [["run", "-e", "URL=https://x/y?z=9f8e7d6c5b4a"], "https://x/y?z=9f8e7d6c5b4a"],
    [["-u", "me:hunter2-9f8e7d"], "hunter2-9f8e7d"],
    [["postgres://me:hunter2@host/db"], "hunter2"],
    [["--url", "postgres://me:p%40ss@host/db"], "p%40ss", "p@ss"],
    [["https://hunter2-token@github.com/x"], "hunter2-token"],
    [["https://x.com/sse?api_key=hunter2&other=1"], "hunter2"],
    [["-c", "API_KEY=hunter2 exec gti --token 'hunter3' --other 4"], "hunter2", "hunter3"],
    [["-c", 'curl -H "Authorization: Bearer hunter2" x'], "Bearer hunter2", "hunter2"],
  ])("%j holds a secret", (args, ...expected) => {
    expect(ofServer({ args })).toEqual(expect.arrayContaining(expected));
  });

  it.each([
    [["--auth", "--verbose", "-y"]],
    [["--auth", "basic"]],
    [["-y", "@scope/package", "--root=/srv", "a: b", "--port", "80"]],
    [["-H", "Content-Type: application/json"]],
    [["run", "-e", "LOG_LEVEL=debug", "-e", "GITHUB_TOKEN", "--user", "1000:1000", "image"]],
    [["https://mcp.example.com/sse?page=1"]],
    [["ssh://git@github.com/a/b.git"]],
  ])("%j holds none", (args) => {
    expect(ofServer({ args })).toEqual([]);
  });
});

it("include those of the environment when a server inherits it", () => {
  const env = { AWS_SECRET_ACCESS_KEY: "hunter2-9f8e7d", SSH_AUTH_SOCK: "/tmp/agent.1", HOME: "/root", AUTH: "" };
  const secretsWith = (inheritEnv: boolean): readonly string[] =>
    parseConfig("config.yaml", `servers: { git: { command: x, inheritEnv: ${inheritEnv} } }\n`, env).secrets;
  expect(secretsWith(true)).toEqual(["hunter2-9f8e7d"]);
  expect(secretsWith(false)).toEqual([]);
});

it("the names of keys to mask are no secrets", () => {
  expect(secretsOf({ logging: { redactKeys: ["x-own-header"] } })).toEqual([]);
  expect(secretsOf({ rateLimit: { keyPrefix: "mcp-gateway" } })).toEqual([]);
});

it.each(["a", "1", "a-", "1a", "/", "/a", "a.", ":", " ", "a:", "a1"])(
  "a long text of %j is not taken for harmless, and costs little to look at",
  (part) => {
    expect(isHarmless(part.repeat(500_000))).toBe(false);
    expect(isHarmless(`${part.repeat(200 / part.length - 1)}!`)).toBe(false);
  },
);

function errorOf(yaml: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    parseConfig("config.yaml", yaml, env);
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
  throw new Error("it was accepted");
}

it("the names in policies and permissions are no secrets, whatever they are called", () => {
  const config = {
    auth: { permissions: { "vault:get_token": ["scope:admin"], "vault:secret_key": ["scope:keeper"] } },
    policy: { rules: [{ subject: { principal: "key-holder" }, allow: { tools: ["vault:password"] } }] },
  };
  expect(secretsOf(config)).toEqual([]);
});

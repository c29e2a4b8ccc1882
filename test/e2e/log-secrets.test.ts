import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { openSession, openSse, CLIENT } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

const SECRETS = {
  DATABASE_URL: "postgres://me:hunter1-in-url@db/x?y=1",
  API_KEY: "hunter2-as-key",
  WHATEVER: "9f8e7d-hunter3-6c5b4a",
  BASE_URL: "https://hunter4:hunter5-in-url@host/",
};
const ARGS = [
  "--token",
  "hunter6-token",
  "--password=hunter7-password",
  "-H",
  "Authorization: Bearer hunter8-bearer",
  "redis://:hunter9-in-url@host",
  "--mode",
  "production",
];
const ODD_NAME = "odd\n2024-01-20T10:15:30.123Z [ERROR]: forged \u001b[31m\u2028\u202e";

const CALLED_DIE = { name: "die", arguments: {} };
const folder = mkdtempSync(join(tmpdir(), "hidden-folder-"));
afterAll(() => rmSync(folder, { recursive: true }));

function servers(): object {
  writeFileSync(join(folder, "no-program"), "text");
  chmodSync(join(folder, "no-program"), 0o644);
  symlinkSync(process.execPath, join(folder, "some-node"));
  const { args, ...command } = fixture("tells-its-secrets") as { command: string; args: string[] };
  return {
    tells: { ...command, args: [...args, ...ARGS], env: { ...SECRETS, LOG_LEVEL: "production" } },
    forbidden: { command: join(folder, "no-program") },
    missing: { command: join(folder, "nothing-here") },
    homeless: { command: "node", path: join(folder, "nowhere") },
    launcher: { command: join(folder, "some-node"), args: ["-e", "process.exit(127)"] },
  };
}

describe.each(["text", "json"] as const)("a gateway that logs all it can as %s", (format) => {
  let gateway: GatewayProcess;
  const told: string[] = [];

  beforeAll(async () => {
    rmSync(join(folder, "some-node"), { force: true });
    gateway = await startGateway({ logging: { level: "verbose", format }, servers: servers() });
    told.push(...(await everythingThatFails(gateway)));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test("tells no secret of a server's variables and arguments, neither to callers nor to the log", async () => {
    await until(() => gateway.log().includes("LOG_LEVEL is production"), { what: "the log has what the server said" });
    expect(gateway.log()).toContain("wrote something other than a message to stdout");
    expect(gateway.log() + told.join("\n")).not.toMatch(/hunter\d/);
  });

  test("does not mask plain words", () => {
    expect(gateway.log()).toMatch(/--mode production/);
  });

  test("tells no path and no last words of a server to a caller, but to the log", () => {
    for (const text of told) expect(text).not.toMatch(/hidden-folder|"stderr"/);
    expect(told.join("\n")).toContain('permission to run \\"no-program\\" was denied');
    expect(told.join("\n")).toContain('a program that \\"some-node\\" tried to run was not found');
    for (const path of ["no-program", "nothing-here", "nowhere", "some-node"])
      expect(gateway.log()).toContain(join(folder, path));
  });

  test("writes lines that are what they seem", () => {
    const lines = gateway.log().trimEnd().split("\n");
    const [, ...logged] = lines.slice(lines.findIndex((line) => line.startsWith("  auth:")));
    const isLine = format === "json" ? /^\{"timestamp":"[^"]+","level":"\w+".*\}$/ : /^\d{4}-\S+Z \[[A-Z]+\]: /;
    expect(logged.filter((line) => line !== "" && (!isLine.test(line) || line.startsWith("2024")))).toEqual([]);
    expect(gateway.log().replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
    expect(gateway.log()).toMatch(
      /"?odd 2024-01-20T10:15:30.123Z \[ERROR\]: forged.*cannot be used, so nothing is checked against it/,
    );
  });
});

test.each([
  ["SSE", (gateway: GatewayProcess) => overSse(gateway, "tells")],
  ["Streamable HTTP", overStreamable],
  ["REST", overRest],
])("over %s callers read the last words of a server, masked, where rest.exposeStderr says so", async (_what, fail) => {
  rmSync(join(folder, "some-node"), { force: true });
  await using gateway = await startGateway({ rest: { exposeStderr: true }, servers: servers() });
  const text = await fail(gateway);
  expect(text).toMatch(/"stderr":"[^"]*LOG_LEVEL is production/);
  expect(text).not.toMatch(/hunter\d/);
});

/** The errors that callers see when servers fail, over every transport. */
async function everythingThatFails(gateway: GatewayProcess): Promise<string[]> {
  const rest = new RestClient(gateway.url);
  // The tool with the odd name and the unusable schema.
  await rest.call(`tells/${encodeURIComponent(ODD_NAME)}`, {});
  const unstarted = ["forbidden", "missing", "homeless", "launcher"];
  return [
    await overSse(gateway, "tells"),
    await overStreamable(gateway),
    await overRest(gateway),
    ...(await Promise.all(unstarted.map(async (name) => (await rest.call(`${name}/x`)).text))),
    ...(await Promise.all(unstarted.map((name) => initializeOverSse(gateway, name)))),
    (await rest.ask("/api")).text,
    (await rest.ask("/docs")).text,
  ];
}

async function overSse(gateway: GatewayProcess, server: string): Promise<string> {
  await using session = await openSession(`${gateway.url}/${server}`);
  return JSON.stringify(await session.request("tools/call", CALLED_DIE));
}

async function initializeOverSse(gateway: GatewayProcess, server: string): Promise<string> {
  await using client = await openSse(`${gateway.url}/${server}`);
  return JSON.stringify(await client.request("initialize", CLIENT));
}

async function overStreamable(gateway: GatewayProcess): Promise<string> {
  await using client = await StreamableClient.open(`${gateway.url}/tells/mcp`);
  const exchange = await client.start("die", {}, { id: "die" });
  return JSON.stringify(await exchange.answer("die"));
}

async function overRest(gateway: GatewayProcess): Promise<string> {
  return (await new RestClient(gateway.url).call("tells/die")).text;
}

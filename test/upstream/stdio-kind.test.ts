import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Redactor } from "../../src/lib/redactor.ts";
import { Descriptors } from "../../src/upstream/descriptors.ts";
import type { Connector, UpstreamContext } from "../../src/upstream/kind.ts";
import { upstreamKinds } from "../../src/upstream/kinds.ts";
import { stdio } from "../../src/upstream/stdio-kind.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-stdio-kind-"));
  writeFileSync(join(folder, "runs"), "#!/bin/sh\n");
  chmodSync(join(folder, "runs"), 0o755);
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub", "runs-too"), "#!/bin/sh\n");
  chmodSync(join(folder, "sub", "runs-too"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const emit = (): void => undefined;

function warningsOf(config: object): readonly string[] {
  return entryOf(config).warnings();
}

const context = (secrets: readonly string[] = []): UpstreamContext => ({
  emit,
  redactor: new Redactor(["token"], secrets),
  descriptors: new Descriptors(),
  gatewayEnv: { PATH: folder },
  messageBytes: 1_000,
  queueBytes: 1_000,
  sessions: { all: 1, perServer: 1 },
  exposeStderr: false,
});

const LIMITS = { startsPerSecond: 1, startBurst: 1, startingPerServer: 1, startQueue: "1s", crashLoop: 5 };

function entryOf(config: object, secrets?: readonly string[]): Connector {
  return stdio.create(LIMITS, context(secrets)).connector("git", config);
}

describe("an operator is warned of", () => {
  it("a command that is not on PATH", () => {
    expect(warningsOf({ command: "gti" })).toEqual(['"gti" was not found on PATH']);
  });

  it("a command that is not where its path says", () => {
    expect(warningsOf({ command: join(folder, "gti") })).toEqual([`"${join(folder, "gti")}" was not found`]);
    expect(warningsOf({ command: "./gti", path: folder })).toEqual(['"./gti" was not found']);
  });

  it("a command that may not be executed", () => {
    writeFileSync(join(folder, "text"), "no program");
    expect(warningsOf({ command: "text" })).toHaveLength(1);
  });

  it("a working directory that does not exist", () => {
    const path = join(folder, "nowhere");
    expect(warningsOf({ command: "runs", path })).toEqual([`its path "${path}" does not exist`]);
  });

  it("a PATH of its own on which the command is not", () => {
    expect(warningsOf({ command: "runs", env: { PATH: join(folder, "sub") } })).toHaveLength(1);
  });
});

describe("no warning is given for", () => {
  it("a command that is on PATH", () => {
    expect(warningsOf({ command: "runs" })).toEqual([]);
  });

  it("a command on a PATH of its own", () => {
    expect(warningsOf({ command: "runs-too", env: { PATH: `/nowhere:${join(folder, "sub")}` } })).toEqual([]);
  });

  it("a command relative to its working directory", () => {
    expect(warningsOf({ command: "./runs-too", path: join(folder, "sub") })).toEqual([]);
  });

  it("an absolute command", () => {
    expect(warningsOf({ command: process.execPath })).toEqual([]);
  });
});

describe("the summary", () => {
  it("is the command line without its secrets, however short they are", () => {
    const args = ["-y", "gti", "--pin", "4711", "--pass=pw", "postgres://me:pw@host/db", "--token=hunter2-token"];
    expect(entryOf({ command: "npx", args }, ["4711", "pw"]).summary).toBe(
      "npx -y gti --pin [redacted] --pass=[redacted] postgres://me:[redacted]@host/db --token=[redacted]",
    );
  });

  it("is one line of limited length, whatever the arguments are", () => {
    const { summary } = entryOf({ command: "sh", args: ["-c", `echo one\necho \u001b[31mtwo ${"x".repeat(10_000)}`] });
    expect(summary).toMatch(/^sh -c echo one echo two x+…$/);
    expect(summary.length).toBeLessThan(400);
  });
});

describe("the config of an entry", () => {
  it("is a command and little else", () => {
    expect(stdio.config.parse({ command: "x" })).toEqual({
      command: "x",
      args: [],
      env: {},
      inheritEnv: false,
      warm: 0,
    });
  });

  it.each([
    ["no command", {}],
    ["an empty command", { command: "" }],
    ["a list as command", { command: ["x"] }],
    ["a command line as args", { command: "x", args: "-y z" }],
    ["a number in env", { command: "x", env: { A: 1 } }],
    ["an unknown key", { command: "x", cwd: "/" }],
    ["a negative number of warm processes", { command: "x", warm: -1 }],
    ["more warm processes than anybody needs", { command: "x", warm: 33 }],
    ["another type", { type: "sse", command: "x" }],
    ["an empty path", { command: "x", path: "" }],
  ])("cannot be %s", (_what, config) => {
    expect(stdio.config.safeParse(config).success).toBe(false);
  });
});

it("is registered", () => {
  expect(upstreamKinds.map(({ type }) => type)).toContain("stdio");
});

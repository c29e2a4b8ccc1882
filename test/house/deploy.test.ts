import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../src/config/load.ts";
import { durationMs } from "../../src/lib/units.ts";
import { programAt } from "../helpers/reverse-proxy.ts";

// The examples in deploy/ match what the gateway promises. test/e2e/reverse-proxies.test.ts runs those of the proxies.

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, "deploy", file), "utf8");
const { limits } = parseConfig("config.yaml", "servers: { git: { command: x } }", {}).config;

interface Service {
  readonly build: { readonly context: string };
  readonly ports: readonly string[];
  readonly volumes: readonly (string | { readonly target: string })[];
  readonly stop_grace_period: string;
  readonly init?: boolean;
}

describe("deploy/compose.yaml", () => {
  const { services } = parse(read("compose.yaml")) as { services: Record<string, Service> };
  const gateway = services["mcp-gateway"];

  it("runs the gateway alone; Redis is a comment", () => {
    expect(Object.keys(services)).toEqual(["mcp-gateway"]);
    const withRedis = parse(read("compose.yaml").replaceAll(/^( {2,})# (?=redis:| {2}\w)/gm, "$1")) as object;
    expect(withRedis).toMatchObject({ services: { redis: { image: expect.stringMatching(/^redis:/) } } });
  });

  it("reads the config where the image looks for it, is open to this machine only, and has no second init", () => {
    const targets = gateway?.volumes.map((volume) =>
      typeof volume === "string" ? volume.split(":")[1] : volume.target,
    );
    expect(targets).toEqual(["/config/config.yaml", "/home/node"]);
    expect(gateway?.ports).toEqual(["127.0.0.1:3000:3000"]);
    expect(gateway?.init).toBeUndefined();
  });

  it("waits longer for an end than the gateway takes", () => {
    expect(durationMs(gateway?.stop_grace_period ?? "")).toBeGreaterThan(durationMs(limits.drain));
  });
});

describe("deploy/mcp-gateway.service", () => {
  const unit = read("mcp-gateway.service");
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];

  it("waits longer for an end than the gateway takes, and does not start a wrong config again", () => {
    expect(Number(value("TimeoutStopSec")) * 1_000).toBeGreaterThan(durationMs(limits.drain));
    expect([value("KillMode"), value("RestartPreventExitStatus")]).toEqual(["mixed", "78"]);
  });

  it.each(["NoNewPrivileges", "DynamicUser", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictSUIDSGID"])(
    "has %s",
    (key) => {
      expect(value(key)).toBe("yes");
    },
  );

  it("lets V8 compile", () => {
    expect(value("MemoryDenyWriteExecute")).toBeUndefined();
  });

  it.skipIf(programAt("systemd-analyze") === undefined)("is a unit to systemd itself", async () => {
    const file = join(root, "deploy/mcp-gateway.service");
    const { stdout, stderr } = await promisify(execFile)("systemd-analyze", ["verify", file]);
    expect(stdout + stderr).toBe("");
  });
});

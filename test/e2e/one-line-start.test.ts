import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { refuseUnexpectedErrors, ROOT } from "../helpers/gateway.ts";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// `mcp-gateway run -- <command>`: no config at all.

test("a package is served under its name, to this machine only, with the variables of the shell", async () => {
  await using gateway = start(["run", "--port", "0", "--", "npx", "-y", "@modelcontextprotocol/server-everything"], {
    OF_THE_SHELL: "yes",
  });
  const url = await gateway.url();
  const client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${url}/everything/mcp`)));
  await using _closed = client;
  expect(textIn(await client.callTool({ name: "echo", arguments: { message: "hi" } }))).toBe("Echo: hi");
  const names = (await client.listTools()).tools.map(({ name }) => name);
  const environment = names.find((name) => /env/i.test(name)) ?? "";
  expect(textIn(await client.callTool({ name: environment, arguments: {} }))).toContain("OF_THE_SHELL");
});

test("in a container a warning says why nobody can connect, and none once --host opens it", async () => {
  const command = ["--", process.execPath, "test/fixtures/servers/echo.mjs"];
  await using shut = start(["--port", "0", ...command], { container: "podman" });
  await shut.url();
  expect(shut.log()).toMatch(/\[WARN\]: hostname is 127\.0\.0\.1, and this is a container: .*hostname: 0\.0\.0\.0/);
  await using open = start(["--port", "0", "--host", "0.0.0.0", ...command], { container: "podman" });
  await open.url();
  expect(open.log()).not.toContain("this is a container");
  expect(open.log()).toContain("listening on 0.0.0.0");
});

function start(args: readonly string[], env: NodeJS.ProcessEnv) {
  const { PATH, HOME } = process.env;
  const gateway = spawn(process.execPath, ["dist/main.js", ...args], { cwd: ROOT, env: { PATH, HOME, ...env } });
  let said = "";
  gateway.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const hasExited = (): boolean => gateway.exitCode !== null || gateway.signalCode !== null;
  const port = (): string | undefined => /listening on [\d.]+:(\d+)/.exec(said)?.[1];
  return {
    log: () => said,
    async url() {
      await until(() => port() !== undefined || hasExited(), { deadlineMs: 20_000, what: "the gateway listens" });
      if (port() === undefined) throw new Error(`it did not start:\n${said}`);
      return `http://127.0.0.1:${port()}`;
    },
    async [Symbol.asyncDispose]() {
      gateway.kill();
      await until(hasExited, { deadlineMs: 20_000, what: "the gateway ends" });
      refuseUnexpectedErrors(said);
    },
  };
}

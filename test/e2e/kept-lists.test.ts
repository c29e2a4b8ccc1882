import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { connectSdk } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// What a server lists is kept on disk: a restarted gateway knows it at once.

const folder = mkdtempSync(join(tmpdir(), "kept-lists-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function toolsOf(url: string, server: string): Promise<string[]> {
  const { status, json } = await new RestClient(url).ask(`/api/${server}`);
  expect(status).toBe(200);
  return (json as { tools: { name: string }[] }).tools.map(({ name }) => name);
}

test("a restarted gateway answers with the lists of before, and then with those of now", async () => {
  const toolsFile = join(folder, "tools");
  const dir = join(folder, "cache");
  writeFileSync(toolsFile, "first\n");
  await using gateway = await startGateway({
    cache: { dir },
    servers: {
      changing: fixture("tools-from-file", { env: { TOOLS_FILE: toolsFile } }),
      theirs: fixture("counter", { env: { WHO: "{{headers.x-user}}" } }),
    },
  });
  expect(await toolsOf(gateway.url, "changing")).toEqual(["first"]);
  const theirs = await new RestClient(gateway.url).call("theirs/next", {}, { headers: { "x-user": "ann" } });
  expect(theirs.status).toBe(200);
  expect(await gateway.stop()).toBe(0);
  writeFileSync(toolsFile, "second\n");
  await using again = await gateway.again();
  expect(again.children()).toEqual([]);
  expect(await toolsOf(again.url, "changing")).toEqual(["first"]);
  await until(async () => (await toolsOf(again.url, "changing"))[0] === "second", { what: "it is listed anew" });
  const [instance = "none", ...others] = readdirSync(dir);
  expect(others).toEqual([]);
  expect(await again.stop()).toBe(0);
  expect(readdirSync(join(dir, instance, "lists"))).toHaveLength(1);
  expect(again.log()).not.toContain("warn");
});

test("without a folder that can be written, the log warns once, and nothing else changes", async () => {
  await using gateway = await startGateway({
    cache: { dir: "/proc/nowhere" },
    servers: { one: fixture("counter"), two: fixture("counter") },
  });
  expect(await toolsOf(gateway.url, "one")).toContain("next");
  expect(await toolsOf(gateway.url, "two")).toContain("next");
  expect(await gateway.stop()).toBe(0);
  expect(gateway.log().match(/cannot be written to \/proc\/nowhere/g)).toHaveLength(1);
});

test("a required server that no longer starts makes /ready say so, whatever is known of it", async () => {
  const toolsFile = join(folder, "tools of the required one");
  writeFileSync(toolsFile, "first\n");
  await using gateway = await startGateway({
    servers: { needed: fixture("tools-from-file", { env: { TOOLS_FILE: toolsFile }, required: true }) },
  });
  const readyAt = async (url: string): Promise<number> => (await fetch(`${url}/ready`)).status;
  await until(async () => (await readyAt(gateway.url)) === 200, { what: "it is ready" });
  expect(await gateway.stop()).toBe(0);
  rmSync(toolsFile);
  await using again = await gateway.again();
  expect(await toolsOf(again.url, "needed")).toEqual(["first"]);
  await until(() => again.log().includes('"needed"'), { what: "its start has failed" });
  expect(await readyAt(again.url)).toBe(503);
});

test("the endpoint for all servers has their lists at once, too, and starts nothing for initialize", async () => {
  const toolsFile = join(folder, "tools of one of them");
  writeFileSync(toolsFile, "first\n");
  await using gateway = await startGateway({
    servers: {
      changing: fixture("tools-from-file", { env: { TOOLS_FILE: toolsFile } }),
      all: fixture("offers-everything"),
    },
  });
  const listed = async (url: string, list: "tools" | "prompts" | "resources"): Promise<string[]> => {
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    if (list === "tools") return (await client.listTools()).tools.map(({ name }) => name);
    if (list === "prompts") return (await client.listPrompts()).prompts.map(({ name }) => name);
    return (await client.listResources()).resources.map(({ uri }) => uri);
  };
  expect(await listed(gateway.url, "tools")).toContain("changing__first");
  const [prompts, resources] = [await listed(gateway.url, "prompts"), await listed(gateway.url, "resources")];
  expect(prompts).toContain("all__ask");
  expect(resources).toContain("shop://public/a");
  expect(await gateway.stop()).toBe(0);
  writeFileSync(toolsFile, "second\n");
  await using again = await gateway.again();
  const client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${again.url}/mcp`)));
  expect(again.children()).toEqual([]);
  expect(await listed(again.url, "prompts")).toEqual(prompts);
  expect(await listed(again.url, "resources")).toEqual(resources);
  await until(async () => (await listed(again.url, "tools")).includes("changing__second"), {
    what: "it is listed anew",
  });
  await client.close();
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn } from "../helpers/rest-client.ts";
import { until } from "../helpers/until.ts";

// The list of a server's tools is used until a newer one arrives.

const folder = mkdtempSync(join(tmpdir(), "rest-catalog-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a name that is no tool's", () => {
  test("takes nothing from those who name one, though no session is left to list on", async () => {
    const toolsFile = join(folder, "tools of the one beside it");
    writeFileSync(toolsFile, "first\n");
    await using gateway = await startGateway({
      limits: { sessionsPerServer: 2 },
      servers: {
        counter: fixture("counter"),
        changing: fixture("tools-from-file", { env: { TOOLS_FILE: toolsFile } }),
      },
    });
    const rest = new RestClient(gateway.url);
    const [sessionId, other] = [newId(), newId()];
    expect(textIn(await rest.call("counter/next", {}, { sessionId }))).toBe("1");
    expect(textIn(await rest.call("counter/next", {}, { sessionId: other }))).toBe("1");
    const miss = async (): Promise<void> =>
      expect(await rest.call("counter/nope", {}, { sessionId })).toMatchObject(problem(404, "tool_not_found"));
    await miss();
    // The pause between two fetches is over once it is over for a server that was listed later.
    expect(textIn(await rest.call("changing/first"))).toBe("first");
    expect(await rest.call("changing/second")).toMatchObject(problem(404, "tool_not_found"));
    writeFileSync(toolsFile, "first\nsecond\n");
    const isListedAnew = async (): Promise<boolean> => (await rest.call("changing/second")).status === 200;
    await until(isListedAnew, { deadlineMs: 15_000, what: "the one beside it is listed anew" });
    await miss();
    expect(textIn(await rest.call("counter/next", {}, { sessionId }))).toBe("2");
    expect((await rest.ask("/api/counter/next")).status).toBe(200);
    expect((await rest.ask("/api/counter")).status).toBe(200);
  });

  test("is found once its server has it", async () => {
    const toolsFile = join(folder, "tools");
    writeFileSync(toolsFile, "first\n");
    const entry = fixture("tools-from-file", { env: { TOOLS_FILE: toolsFile } });
    await using gateway = await startGateway({ servers: { changing: entry } });
    const rest = new RestClient(gateway.url);
    expect(textIn(await rest.call("changing/first"))).toBe("first");
    writeFileSync(toolsFile, "first\nsecond\n");
    const isFound = async (): Promise<boolean> => (await rest.call("changing/second")).status === 200;
    await until(isFound, { what: "the new tool is called" });
  });
});

describe("a list of tools that never ends", () => {
  test("takes no more than one message may, all its pages together, and the log says what is missing", async () => {
    await using gateway = await startGateway({
      limits: { messageBytes: "32KiB" },
      servers: { long: fixture("endless-pages", { env: { PAGE: "10000" } }) },
    });
    const rest = new RestClient(gateway.url);
    const { json } = await rest.ask("/api");
    expect(json).toMatchObject({ servers: [{ name: "long", tools: ["echo", "tool-2", "tool-3"] }] });
    expect(await rest.call("long/tool-4")).toMatchObject(problem(404, "tool_not_found"));
    const missing = gateway
      .log()
      .split("\n")
      .filter((line) => line.includes('some tools of "long" are not served'));
    expect(missing).toHaveLength(3);
    expect(missing[0]).toContain("a tool without a name was left out");
    expect(missing[1]).toMatch(/the second tool named .*echo.* was left out/);
    expect(missing[2]).toContain("longer than limits.messageBytes (32768 bytes): the rest was left out");
  });
});

describe("the URL in a description", () => {
  test.each([
    ["publicUrl", { publicUrl: "https://mcp.example.com/gateway/" }, { Host: "mcp.example.com" }, "/gateway"],
    ["X-Forwarded-Prefix", {}, { "X-Forwarded-Prefix": "/behind/" }, "/behind"],
  ])("has the prefix of %s", async (_what, config, headers, prefix) => {
    await using gateway = await startGateway({ ...config, servers: { counter: fixture("counter") } });
    const rest = new RestClient(gateway.url, headers);
    expect((await rest.ask("/api")).json).toMatchObject({ servers: [{ url: `${prefix}/api/counter` }] });
    expect((await rest.ask("/api/counter")).text).toContain(`"url":"${prefix}/api/counter/next"`);
    expect((await rest.ask("/api/counter/next")).json).toMatchObject({ url: `${prefix}/api/counter/next` });
  });
});

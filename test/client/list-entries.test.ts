import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listEntries } from "../../src/client/list-entries.ts";
import { McpClient } from "../../src/client/mcp-client.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import type { EntryLists } from "../../src/protocol/tool.ts";
import { fakeEvents, fakeServers } from "../session/fakes.ts";
import { answer, requestsTo, sessionsOver } from "./far-side.ts";

afterEach(() => vi.useRealTimers());

const EVERYTHING = { prompts: {}, resources: {} };
const listMethods = ["prompts/list", "resources/list", "resources/templates/list"];

function listing(capabilities: unknown, before?: EntryLists, tools: Promise<unknown> = Promise.resolve()) {
  const { connect, servers } = fakeServers();
  const sessions = sessionsOver(connect, fakeEvents().events);
  const client = new McpClient(
    sessions,
    { principal: anonymous, server: "git", transport: "rest", requestId: "r" },
    { version: "1", listingBytes: 10_000 },
  );
  const done = listEntries(client, { capabilities, before, requestId: "r", tools });
  const asked = () => listMethods.filter((method) => requestsTo(servers[0], method).length > 0);
  const fails = (method: string, code: number): void => {
    servers[0]?.says({ id: requestsTo(servers[0], method).at(-1)?.id, error: { code, message: "no" } });
  };
  return { done, asked, fails, server: () => servers[0] };
}

describe("the prompts, resources and templates of a server", () => {
  it("are asked for at once, page by page, and kept as they were listed", async () => {
    const { done, asked, server } = listing(EVERYTHING);
    expect(asked()).toEqual(listMethods);
    const prompt = { name: "ask", arguments: [{ name: "topic" }], icons: [], _meta: { "example.com/x": 1 } };
    answer(server(), "prompts/list", { prompts: [prompt], nextCursor: "2" });
    await turn();
    answer(server(), "prompts/list", { prompts: [{ name: "order" }] });
    answer(server(), "resources/list", { resources: [{ uri: "a:1", name: "one" }] });
    answer(server(), "resources/templates/list", { resourceTemplates: [{ uriTemplate: "a:{n}", name: "any" }] });
    expect(await done).toEqual({
      lists: {
        prompts: [prompt, { name: "order" }],
        resources: [{ uri: "a:1", name: "one" }],
        resourceTemplates: [{ uriTemplate: "a:{n}", name: "any" }],
      },
      warnings: [],
    });
  });

  it("are not asked for unless the server declares them", async () => {
    const { done, asked } = listing({ tools: {}, completions: {} });
    expect(await done).toEqual({ lists: { prompts: [], resources: [], resourceTemplates: [] }, warnings: [] });
    expect(asked()).toEqual([]);
    expect(listing({ prompts: {} }).asked()).toEqual(["prompts/list"]);
  });

  it("are left out where they are no entries, or the second of their name; an endless list is cut", async () => {
    const { done, server } = listing({ prompts: {} });
    const prompts = [null, [], "ask", { name: 7 }, { name: "" }, { name: "ask" }, { name: "ask", title: "again" }];
    answer(server(), "prompts/list", { prompts, nextCursor: "same" });
    await turn();
    answer(server(), "prompts/list", { nextCursor: "same" });
    const { lists, warnings } = await done;
    expect(lists.prompts).toEqual([{ name: "ask" }]);
    expect(warnings.map(({ noun, cause }) => `${noun}: ${cause}`)).toEqual([
      'prompts: an entry of prompts without "name" was left out',
      'prompts: the second of the prompts with "name" "ask" was left out',
      'prompts: a result of prompts/list without a "prompts" list was left out',
      "prompts: its list repeats a cursor: the rest was left out",
    ]);
  });

  it("are those of the last time where the server now fails, and none where it does not know the method", async () => {
    const before = {
      prompts: [{ name: "old" }],
      resources: [{ uri: "a:1" }],
      resourceTemplates: [{ uriTemplate: "a:{n}" }],
    };
    const { done, fails, server } = listing(EVERYTHING, before);
    fails("prompts/list", -32603);
    answer(server(), "resources/list", { resources: [] });
    fails("resources/templates/list", -32601);
    expect(await done).toEqual({
      lists: { prompts: [{ name: "old" }], resources: [], resourceTemplates: [] },
      warnings: [{ noun: "prompts", cause: 'The MCP server "git" refused prompts/list.' }],
    });
  });

  it("are not waited for long once the tools are known", async () => {
    vi.useFakeTimers();
    let toolsAreKnown = (): void => undefined;
    const tools = new Promise<void>((resolve) => (toolsAreKnown = resolve));
    const { done, server } = listing(EVERYTHING, undefined, tools);
    answer(server(), "prompts/list", { prompts: [{ name: "ask" }] });
    await vi.advanceTimersByTimeAsync(30_000);
    toolsAreKnown();
    await vi.advanceTimersByTimeAsync(5_000);
    const { lists, warnings } = await done;
    expect(lists.prompts).toEqual([{ name: "ask" }]);
    expect(warnings.map(({ cause }) => cause)).toEqual([
      "resources/list was not answered within 5000 ms",
      "resources/templates/list was not answered within 5000 ms",
    ]);
  });
});

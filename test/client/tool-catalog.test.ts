import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CachingToolCatalog } from "../../src/client/tool-catalog.ts";
import type { TableLimits } from "../../src/session/sessions.ts";
import { fakeEvents, fakeServers } from "../session/fakes.ts";
import { answer, sessionsOver } from "./far-side.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const PAUSE_MS = 2_000;
const MAX_AGE_MS = 300_000;
function catalog(limits: Partial<TableLimits> = {}) {
  const { connect, servers } = fakeServers();
  const { events, emitted } = fakeEvents();
  const sessions = sessionsOver(connect, events, limits);
  const client = { version: "1", listingBytes: 10_000 };
  const tools = new CachingToolCatalog({ sessions, client, emit: events.emit, maxAgeMs: MAX_AGE_MS });
  /** The newest server does the handshake and lists these tools. */
  const lists = async (...names: string[]): Promise<void> => {
    const server = servers.at(-1);
    answer(server, "initialize", { capabilities: { tools: {} } });
    await vi.advanceTimersByTimeAsync(0);
    answer(server, "tools/list", { tools: names.map((name) => ({ name })) });
    await vi.advanceTimersByTimeAsync(0);
  };
  /** The logged reasons for missing tools. */
  const missing = (): unknown[] => emitted.flatMap((event) => (event.type === "trouble" ? event.cause : []));
  const refuses = async (): Promise<void> => {
    servers.at(-1)?.says({ id: 1, error: { code: 1, message: "no" } });
    await vi.advanceTimersByTimeAsync(0);
  };
  return { tools, servers, lists, missing, refuses };
}

const namesIn = (list: { tools: ReadonlyMap<string, unknown> } | undefined): string[] => [
  ...(list?.tools.keys() ?? ["no list"]),
];

async function known(...names: string[]) {
  const made = catalog();
  const first = made.tools.list("git");
  await made.lists(...names);
  expect(namesIn(await first)).toEqual(names.filter((name) => name !== ""));
  return made;
}

it("concurrent callers share one listing of a server", async () => {
  const { tools, servers, lists } = catalog();
  const asked = [tools.list("git"), tools.refresh("git"), tools.list("git")];
  expect(new Set(asked).size).toBe(1);
  expect(tools.look("git")).toBeUndefined();
  await lists("log");
  expect(namesIn(await asked[1])).toEqual(["log"]);
  expect(servers).toHaveLength(1);
});

it("a server that does not list its tools is given up after a minute, whatever limits.request says", async () => {
  const { tools, servers } = catalog({ requestMs: 300_000 });
  const ended: unknown[] = [];
  tools.list("git").catch((error: unknown) => ended.push(error));
  answer(servers[0], "initialize", { capabilities: { tools: {} } });
  await vi.advanceTimersByTimeAsync(59_999);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(50);
  expect(ended).toMatchObject([{ reason: "call_timeout", message: expect.stringContaining("within 60000 ms") }]);
});

it("the old list is served while a new one is fetched", async () => {
  const { tools, servers, lists } = await known("log");
  vi.advanceTimersByTime(PAUSE_MS);
  const refreshed = tools.refresh("git");
  expect(namesIn(tools.look("git"))).toEqual(["log"]);
  expect(namesIn(await tools.list("git"))).toEqual(["log"]);
  await lists("log", "diff");
  expect(namesIn(await refreshed)).toEqual(["log", "diff"]);
  expect(namesIn(tools.look("git"))).toEqual(["log", "diff"]);
  expect(servers).toHaveLength(2);
});

it("the old list is kept when fetching fails, and callers waiting for the new one get it", async () => {
  const { tools, refuses } = await known("log");
  vi.advanceTimersByTime(PAUSE_MS);
  const refreshed = tools.refresh("git");
  await refuses();
  expect(namesIn(await refreshed)).toEqual(["log"]);
  expect(namesIn(tools.look("git"))).toEqual(["log"]);
});

it("a server is asked once in a while, however often a tool is missed", async () => {
  const { tools, servers, lists } = await known("log");
  vi.advanceTimersByTime(PAUSE_MS - 1);
  for (let n = 0; n < 100; n++) expect(namesIn(await tools.refresh("git"))).toEqual(["log"]);
  expect(servers).toHaveLength(1);
  vi.advanceTimersByTime(1);
  const asked = Array.from({ length: 100 }, () => tools.refresh("git"));
  await lists("log");
  await Promise.all(asked);
  expect(servers).toHaveLength(2);
});

it("a failure without an old list is remembered for a while, and then forgotten", async () => {
  const { tools, servers, lists, refuses } = catalog();
  const failed = tools.list("git");
  await refuses();
  await expect(failed).rejects.toMatchObject({ reason: "spawn_failed" });
  await expect(tools.list("git")).rejects.toMatchObject({ reason: "spawn_failed" });
  expect(servers).toHaveLength(1);
  vi.advanceTimersByTime(PAUSE_MS);
  const again = tools.list("git");
  await lists("log");
  expect(namesIn(await again)).toEqual(["log"]);
});

it("an old list is refreshed in the background, one listing at a time", async () => {
  const { tools, servers, lists } = await known("log");
  vi.advanceTimersByTime(MAX_AGE_MS);
  for (let n = 0; n < 10; n++) expect(namesIn(tools.look("git"))).toEqual(["log"]);
  expect(servers).toHaveLength(2);
  await lists("diff");
  expect(namesIn(tools.look("git"))).toEqual(["diff"]);
});

it("a list is outdated some time after its server announces a change", async () => {
  const { tools, servers } = await known("log");
  tools.changed("git");
  tools.look("git");
  expect(servers).toHaveLength(1);
  vi.advanceTimersByTime(30_000);
  tools.look("git");
  expect(servers).toHaveLength(2);
});

it("what is missing in a list is logged once, and again when it is different", async () => {
  const { tools, lists, missing } = await known("log", "");
  expect(missing()).toEqual(["a tool without a name was left out"]);
  const again = async (...names: string[]): Promise<void> => {
    vi.advanceTimersByTime(PAUSE_MS);
    const refreshed = tools.refresh("git");
    await lists(...names);
    await refreshed;
  };
  await again("log", "");
  expect(missing()).toHaveLength(1);
  await again("log", "log");
  expect(missing().slice(1)).toEqual(['the second tool named "log" was left out']);
});

it("prompts and resources are listed with the tools; a server that fails to list them still has its tools", async () => {
  const { tools, servers, missing } = catalog();
  const first = tools.list("git");
  answer(servers[0], "initialize", { capabilities: { tools: {}, prompts: {}, resources: {} } });
  await vi.advanceTimersByTimeAsync(0);
  answer(servers[0], "resources/list", { resources: [{ uri: "a:1", name: "one" }] });
  answer(servers[0], "tools/list", { tools: [{ name: "log" }] });
  await vi.advanceTimersByTimeAsync(5_000);
  const list = await first;
  expect(namesIn(list)).toEqual(["log"]);
  expect(list).toMatchObject({ prompts: [], resources: [{ uri: "a:1" }], resourceTemplates: [] });
  expect(missing()).toEqual([
    "prompts/list was not answered within 5000 ms",
    "resources/templates/list was not answered within 5000 ms",
  ]);
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SessionToolCatalog } from "../../src/session/tool-catalog.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { fakeEvents, fakeServers, memoryRecords, settingsOf, type FakeServer } from "./fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const PAUSE_MS = 2_000;
const MAX_AGE_MS = 300_000;
const LIMITS = {
  sessions: 10,
  sessionsPerServer: 10,
  sessionsPerPrincipal: 10,
  inFlight: 10,
  idleMs: 60_000,
  orphanMs: 90_000,
  retentionMs: 86_400_000,
  streams: 100,
  queueBytes: 4_096,
  restIdleMs: 60_000,
  startMs: 60_000,
  requestMs: 60_000,
  requestMaxMs: 60_000,
};

function catalog() {
  const { connect, servers } = fakeServers();
  const onToolsChanged = (): void => undefined;
  const sessions = new Sessions({
    connect,
    settingsOf,
    records: memoryRecords(),
    clientVersion: "1",
    limits: LIMITS,
    events: fakeEvents().events,
    onToolsChanged,
  });
  const tools = new SessionToolCatalog({ sessions, clientVersion: "1", maxAgeMs: MAX_AGE_MS });
  /** The server that was started last does the handshake and lists these. */
  const lists = async (...names: string[]): Promise<void> => {
    const server = servers.at(-1);
    answer(server, "initialize", { capabilities: { tools: {} } });
    await vi.advanceTimersByTimeAsync(0);
    answer(server, "tools/list", { tools: names.map((name) => ({ name })) });
    await vi.advanceTimersByTimeAsync(0);
  };
  const refuses = async (): Promise<void> => {
    servers.at(-1)?.says({ id: 1, error: { code: 1, message: "no" } });
    await vi.advanceTimersByTimeAsync(0);
  };
  return { tools, servers, lists, refuses };
}

function answer(server: FakeServer | undefined, method: string, result: object): void {
  const asked = server?.sent.find((message) => (message as { method?: string }).method === method);
  if (asked === undefined) throw new Error(`${method} was not asked`);
  server?.says({ id: (asked as { id: number }).id, result });
}

const namesIn = (list: { tools: ReadonlyMap<string, unknown> } | undefined): string[] => [
  ...(list?.tools.keys() ?? ["no list"]),
];

async function known(...names: string[]) {
  const made = catalog();
  const first = made.tools.list("git");
  await made.lists(...names);
  expect(namesIn(await first)).toEqual(names);
  return made;
}

it("one listing serves all who ask for the same server at once", async () => {
  const { tools, servers, lists } = catalog();
  const asked = [tools.list("git"), tools.renewed("git"), tools.list("git")];
  expect(new Set(asked).size).toBe(1);
  expect(tools.look("git")).toBeUndefined();
  await lists("log");
  expect(namesIn(await asked[1])).toEqual(["log"]);
  expect(servers).toHaveLength(1);
});

it("the old list serves while a new one is asked for", async () => {
  const { tools, servers, lists } = await known("log");
  vi.advanceTimersByTime(PAUSE_MS);
  const renewed = tools.renewed("git");
  expect(namesIn(tools.look("git"))).toEqual(["log"]);
  expect(namesIn(await tools.list("git"))).toEqual(["log"]);
  await lists("log", "diff");
  expect(namesIn(await renewed)).toEqual(["log", "diff"]);
  expect(namesIn(tools.look("git"))).toEqual(["log", "diff"]);
  expect(servers).toHaveLength(2);
});

it("the old list stays when no new one is to be had, and who waited for that gets the old one", async () => {
  const { tools, refuses } = await known("log");
  vi.advanceTimersByTime(PAUSE_MS);
  const renewed = tools.renewed("git");
  await refuses();
  expect(namesIn(await renewed)).toEqual(["log"]);
  expect(namesIn(tools.look("git"))).toEqual(["log"]);
});

it("a server is asked once in a while, however often a tool is missed", async () => {
  const { tools, servers, lists } = await known("log");
  vi.advanceTimersByTime(PAUSE_MS - 1);
  for (let n = 0; n < 100; n++) expect(namesIn(await tools.renewed("git"))).toEqual(["log"]);
  expect(servers).toHaveLength(1);
  vi.advanceTimersByTime(1);
  const asked = Array.from({ length: 100 }, () => tools.renewed("git"));
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

it("an old list is renewed in the background, one listing at a time", async () => {
  const { tools, servers, lists } = await known("log");
  vi.advanceTimersByTime(MAX_AGE_MS);
  for (let n = 0; n < 10; n++) expect(namesIn(tools.look("git"))).toEqual(["log"]);
  expect(servers).toHaveLength(2);
  await lists("diff");
  expect(namesIn(tools.look("git"))).toEqual(["diff"]);
});

it("a list whose server says that it changed is old after a while", async () => {
  const { tools, servers } = await known("log");
  tools.changed("git");
  tools.look("git");
  expect(servers).toHaveLength(1);
  vi.advanceTimersByTime(30_000);
  tools.look("git");
  expect(servers).toHaveLength(2);
});

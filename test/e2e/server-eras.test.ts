import { afterAll, beforeAll, expect, test } from "vitest";
import { Redactor } from "../../src/lib/redactor.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { ServerEras } from "../../src/session/server-eras.ts";
import { Descriptors } from "../../src/upstream/descriptors.ts";
import { upstreamKinds } from "../../src/upstream/kinds.ts";
import { Servers } from "../../src/upstream/servers.ts";
import { processesMatching } from "../helpers/children.ts";
import { fixture } from "../helpers/gateway.ts";
import { until } from "../helpers/until.ts";

// What real processes say when they are asked for their era.

const MARK = `server-eras-${process.pid}`;
const env = { MCP_TEST_RUN: MARK };
const modernOnly = { ...env, CONFORMANCE_ERA: "modern" };
const emitted: GatewayEvent[] = [];
let servers: Servers;
let eras: ServerEras;

beforeAll(() => {
  servers = new Servers({
    kinds: upstreamKinds,
    entries: {
      v1: fixture("conformance", { env }),
      v2: fixture("conformance-v2", { env }),
      "modern-only": fixture("conformance-v2", { env: modernOnly }),
      "own-way": fixture("modern-rubbish", { env }),
      insists: fixture("insists-on-initialize", { env }),
      exits: fixture("exits-at-once", { env }),
      missing: { command: "/no/such/command", env },
      set: fixture("echo", { env, era: "modern" }),
    },
    limits: {},
    context: {
      emit: (event) => emitted.push(event),
      redactor: new Redactor([], []),
      descriptors: new Descriptors(),
      gatewayEnv: process.env,
      messageBytes: 1_000_000,
      queueBytes: 1_000_000,
      sessions: { all: 100, perServer: 100 },
      exposeStderr: false,
    },
  });
  const settingsOf = (name: string) => servers.get(name).settings;
  const emit = (event: GatewayEvent) => emitted.push(event);
  eras = new ServerEras({ connect: servers.connect, settingsOf, clientVersion: "1", emit });
});
afterAll(() => servers.end());

test.each([
  ["v1", "legacy", false],
  ["v2", "modern", true],
  ["modern-only", "modern", true],
  ["own-way", "modern", true],
  ["insists", "legacy", false],
  ["exits", "legacy", false],
  ["missing", "legacy", undefined],
  ["set", "modern", true],
])("the server %s is %s, asked by three at once", async (server, era, isKnown) => {
  const before = starts(server);
  expect(await Promise.all([eras.of(server), eras.of(server), eras.of(server)])).toEqual([era, era, era]);
  expect(eras.speaks(server, "modern")).toBe(isKnown);
  expect(await eras.of(server)).toBe(era);
  expect(starts(server) - before).toBeLessThanOrEqual(1);
  await until(() => processesMatching(MARK).length === 0, { what: "its process is gone", deadlineMs: 7_000 });
});

const starts = (server: string): number =>
  emitted.filter((event) => event.type === "server.started" && event.server === server).length;

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Redactor } from "../../src/lib/redactor.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { resultLine } from "../../src/protocol/jsonrpc.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import type { UpstreamListener } from "../../src/protocol/upstream.ts";
import { Descriptors } from "../../src/upstream/descriptors.ts";
import { defineUpstreamKind } from "../../src/upstream/kind.ts";
import { upstreamKinds } from "../../src/upstream/kinds.ts";
import { Servers } from "../../src/upstream/servers.ts";

/** A complete upstream kind: its keys, its limits, and how to connect. It responds to every request by itself. */
const parrot = defineUpstreamKind({
  type: "parrot",
  config: z.strictObject({ type: z.literal("parrot"), says: z.string() }),
  limits: { parrots: z.number().default(1) },
  create: ({ parrots }, { emit }) => ({
    connector: (name, { says }) => ({
      summary: `a parrot, one of ${parrots}`,
      warnings: () => [],
      open: () => emit({ type: "trouble", what: `${name} is awake`, cause: undefined }),
      close: async () => emit({ type: "trouble", what: `${name} sleeps`, cause: undefined }),
      connect: (_destination, listener) => ({
        checkRoom: () => undefined,
        send: (frame) => answer(frame, says, listener),
        pause: () => undefined,
        resume: () => undefined,
        close: async () => undefined,
      }),
    }),
    close: () => emit({ type: "trouble", what: "no parrots any more", cause: undefined }),
  }),
});

function answer(frame: Frame, says: string, listener: UpstreamListener): void {
  if (frame.kind !== "request") return;
  listener.frame({ kind: "response", id: frame.id, failed: false, line: resultLine(frame.id, { says }) });
}

function serversOf(entries: Record<string, unknown>, limits: object = {}) {
  const told: string[] = [];
  const servers = new Servers({
    // One line in the registry.
    kinds: [...upstreamKinds, parrot],
    entries,
    limits: { startsPerSecond: 1, startBurst: 1, startingPerServer: 1, startQueue: "1s", crashLoop: 5, ...limits },
    context: {
      emit: (event) => event.type === "trouble" && told.push(event.what),
      redactor: new Redactor([]),
      descriptors: new Descriptors(),
      gatewayEnv: {},
      messageBytes: 1_000,
      queueBytes: 1_000,
      sessions: { all: 10, perServer: 10 },
      exposeStderr: false,
    },
  });
  return { servers, told };
}

const POLLY = { type: "parrot", says: "hello" };

describe("a kind of upstream", () => {
  it("connects, and has its own limits", () => {
    const { servers } = serversOf({ polly: POLLY }, { parrots: 3 });
    expect(servers.get("polly").summary).toBe("a parrot, one of 3");
    const heard: string[] = [];
    const upstream = servers.connect(
      { server: "polly", sessionId: "s", principal: anonymous },
      { frame: ({ line }) => heard.push(line.toString()), badMessage: () => undefined, ended: () => undefined },
    );
    upstream.send({ kind: "request", id: 7, method: "ping", params: undefined, line: "" });
    expect(heard).toEqual(['{"jsonrpc":"2.0","id":7,"result":{"says":"hello"}}']);
  });

  it("need not know the keys that every entry has", () => {
    const { servers } = serversOf({ polly: { ...POLLY, timeout: "3s", serial: true }, jack: POLLY });
    expect(servers.get("polly").settings).toMatchObject({ timeoutMs: 3_000, serial: true });
    expect(servers.get("jack").settings).toMatchObject({ timeoutMs: undefined, serial: false });
  });

  it("opens, closes and ends with the others", async () => {
    const { servers, told } = serversOf({ polly: POLLY, jack: POLLY });
    servers.open();
    await servers.close();
    servers.end();
    expect(told).toEqual(["polly is awake", "jack is awake", "polly sleeps", "jack sleeps", "no parrots any more"]);
  });
});

describe("the table of servers", () => {
  it("has the names in the order of the config, and a process behind an entry without a type", () => {
    const { servers } = serversOf({ polly: POLLY, git: { command: "git-mcp", args: ["-v"] } });
    expect(servers.names).toEqual(["polly", "git"]);
    expect(servers.all.map(({ summary }) => summary)).toEqual(["a parrot, one of 1", "git-mcp -v"]);
  });

  it("has no other name, not even that of an Object.prototype property", () => {
    const { servers } = serversOf({ polly: POLLY });
    for (const name of ["jack", "constructor", "__proto__"]) {
      expect(servers.has(name)).toBe(false);
      expect(() => servers.get(name)).toThrow(expect.objectContaining({ reason: "server_not_found" }));
    }
  });
});

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Principal } from "../../src/protocol/principal.ts";
import type { SessionKey } from "../../src/session/context.ts";
import { openRecords, type StoreOptions } from "../../src/session/open-records.ts";
import { RecordFile } from "../../src/session/record-file.ts";
import { SessionRecords } from "../../src/session/records.ts";
import type { SessionRecord } from "../../src/session/session-record.ts";
import { memoryRecords } from "./fakes.ts";

const ann: Principal = { kind: "basic", id: "ann" };
const bob: Principal = { kind: "basic", id: "bob" };
const session = (id: string, more: Partial<SessionKey> = {}): SessionKey => ({
  principal: ann,
  server: "git",
  transport: "streamable-http",
  id,
  ...more,
});
const record = (name: string): SessionRecord => ({ initialize: `{"name":"${name}"}`, serverDigest: name });

describe("a record", () => {
  it("is found by server, transport, principal and id together", () => {
    const records = memoryRecords();
    records.keep(session("one"), record("one"));
    expect(records.find(session("one"))).toEqual(record("one"));
    for (const other of [session("two"), session("one", { principal: bob }), session("one", { server: "files" })])
      expect(records.find(other)).toBeUndefined();
    expect(records.find(session("one", { transport: "sse" }))).toBeUndefined();
  });

  it("of HTTP+SSE is the client's last one, whatever its stream was", () => {
    const records = memoryRecords();
    records.keep(session("one", { transport: "sse" }), record("one"));
    records.keep(session("two", { transport: "sse" }), record("two"));
    expect(records.find(session("three", { transport: "sse" }))).toEqual(record("two"));
    expect(records.size).toBe(1);
  });

  it("is of no use once the entry of its server is another one", () => {
    let fingerprint = "one";
    const records = new SessionRecords({
      limits: { retentionMs: 1_000, records: 10, recordsPerPrincipal: 10, size: 1_000 },
      secret: Buffer.alloc(32),
      fingerprintOf: () => fingerprint,
    });
    records.keep(session("one"), record("one"));
    fingerprint = "two";
    expect(records.find(session("one"))).toBeUndefined();
  });

  it("is removed when its client closes the session, and when it was not used for too long", () => {
    vi.useFakeTimers();
    const records = memoryRecords({ retentionMs: 1_000 });
    for (const id of ["bye", "old", "seen"]) records.keep(session(id), record(id));
    records.forget(session("bye"));
    vi.advanceTimersByTime(600);
    records.touch(session("seen"));
    vi.advanceTimersByTime(600);
    expect(["bye", "old", "seen"].map((id) => records.find(session(id))?.serverDigest)).toEqual([
      undefined,
      undefined,
      "seen",
    ]);
    vi.useRealTimers();
  });
});

describe("the bounds", () => {
  it("of one principal cost its own oldest", () => {
    const records = memoryRecords({ recordsPerPrincipal: 2 });
    records.keep(session("bobs", { principal: bob }), record("bobs"));
    for (const id of ["one", "two", "three"]) records.keep(session(id), record(id));
    expect(records.find(session("one"))).toBeUndefined();
    expect(records.find(session("bobs", { principal: bob }))).toBeDefined();
    expect(records.size).toBe(3);
  });

  it("in total evict the oldest record of the principal with the most", () => {
    const records = memoryRecords({ records: 3 });
    records.keep(session("bobs", { principal: bob }), record("bobs"));
    for (const id of ["one", "two", "three"]) records.keep(session(id), record(id));
    expect(records.find(session("one"))).toBeUndefined();
    expect(records.find(session("bobs", { principal: bob }))).toBeDefined();
  });
});

it("what they say together is bounded, however few they are", () => {
  const records = memoryRecords({ size: 100 });
  for (const id of ["one", "two", "three"]) records.keep(session(id), { initialize: id.padEnd(40, ".") });
  expect(["one", "two", "three"].map((id) => records.find(session(id)) !== undefined)).toEqual([false, true, true]);
});

it("one takes two KiB of memory at most, with a handshake as clients send it", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const records = memoryRecords({ records: 10_000, recordsPerPrincipal: 10_000, size: 100_000_000 });
  collect();
  const before = process.memoryUsage().heapUsed;
  const clientInfo = { name: "a client with a name", version: "1.2.3" };
  const capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: {} };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
  for (let id = 0; id < 10_000; id++) {
    const initialize = JSON.stringify({ jsonrpc: "2.0", id, method: "initialize", params });
    records.keep(session(`session-${id}`), { initialize, serverDigest: `d-${id}`, toolsDigest: `t-${id}` });
  }
  collect();
  expect(records.size).toBe(10_000);
  expect((process.memoryUsage().heapUsed - before) / 10_000).toBeLessThan(2_048);
});

describe("in a file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mcp-gateway-records-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const options = (more: Partial<StoreOptions> = {}): StoreOptions => ({
    store: "file",
    dir: folder,
    instance: "config.yaml 0.0.0.0 3000",
    limits: { retentionMs: 86_400_000, records: 100, recordsPerPrincipal: 50, size: 100_000 },
    fingerprintOf: () => "one",
    env: {},
    emit: () => undefined,
    ...more,
  });

  it("records are there again after a restart, without those that were forgotten", async () => {
    const first = openRecords(options());
    for (const id of ["one", "two"]) first.records.keep(session(id), record(id));
    first.records.forget(session("two"));
    await first.close();
    const { records } = openRecords(options());
    expect(records.find(session("one"))).toEqual(record("one"));
    expect(records.find(session("two"))).toBeUndefined();
  });

  it("those of another config or port are others", async () => {
    const first = openRecords(options());
    first.records.keep(session("one"), record("one"));
    await first.close();
    expect(openRecords(options({ instance: "config.yaml 0.0.0.0 3001" })).records.size).toBe(0);
  });

  it("a line that cannot be read costs no other", () => {
    const file = join(folder, "sessions.jsonl");
    const stored = { key: "k", owner: "o", at: Date.now(), record: record("one") };
    writeFileSync(file, `{"key":1}\n\u0000\n${JSON.stringify(stored)}\n[]\n`);
    appendFileSync(file, '{"key":"cut');
    const records = memoryRecords();
    new RecordFile(folder).attach(records, () => undefined);
    expect([...records.all()]).toEqual([stored]);
  });

  it("a key of another length is replaced: the old records are nobody's", () => {
    writeFileSync(join(folder, "sessions.key"), "short");
    expect(new RecordFile(folder).secret).toHaveLength(32);
    expect(readFileSync(join(folder, "sessions.key"))).toHaveLength(32);
  });

  it("a folder that cannot be used is an error when a file was asked for, else they are in memory", () => {
    const dir = "/proc/nowhere";
    expect(() => openRecords(options({ dir }))).toThrow(/sessions\.store: file cannot use \/proc\/nowhere/);
    expect(openRecords(options({ dir, store: undefined })).place).toMatch(/^in memory/);
    expect(openRecords(options({ dir, store: "memory" })).place).toMatch(/^in memory/);
  });

  it.each([
    ["the folder of the service", { STATE_DIRECTORY: "$/service:$/other" }, "$/service"],
    ["the user's folder for state", { XDG_STATE_HOME: "$/state" }, "$/state/mcp-gateway"],
  ])("is %s when nothing else is said", (_what, env, expected) => {
    const real = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replaceAll("$", folder)]));
    const { place } = openRecords(options({ dir: undefined, env: real }));
    expect(place.startsWith(`in ${expected.replace("$", folder)}/`)).toBe(true);
  });
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MintedIds } from "../../../src/downstream/rest/minted-ids.ts";
import type { Principal } from "../../../src/protocol/principal.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const IDLE_MS = 600_000;
const alice: Principal = { kind: "basic", id: "alice" };
const bob: Principal = { kind: "basic", id: "bob" };

it("an id is its own caller's", () => {
  const minted = new MintedIds(IDLE_MS);
  const id = minted.mint(alice);
  expect([minted.has(alice, id), minted.has(bob, id), minted.has({ ...alice, kind: "bearer" }, id)]).toEqual([
    true,
    false,
    false,
  ]);
});

it("an id is unguessable, and another one each time", () => {
  const minted = new MintedIds(IDLE_MS);
  const ids = Array.from({ length: 1_000 }, () => minted.mint(alice));
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{21,}$/);
});

it("an id that nobody minted is unknown", () => {
  const minted = new MintedIds(IDLE_MS);
  for (const id of ["randomSession12345", "__proto__", ""]) expect(minted.has(alice, id)).toBe(false);
});

it("an id lives while it is used", () => {
  const minted = new MintedIds(IDLE_MS);
  const [used, unused] = [minted.mint(alice), minted.mint(alice)];
  vi.advanceTimersByTime(IDLE_MS - 1);
  expect(minted.has(alice, used)).toBe(true);
  vi.advanceTimersByTime(2);
  expect([minted.has(alice, used), minted.has(alice, unused)]).toEqual([true, false]);
});

it("an id is gone when it is deleted, by its own caller only", () => {
  const minted = new MintedIds(IDLE_MS);
  const id = minted.mint(alice);
  minted.delete(bob, id);
  expect(minted.has(alice, id)).toBe(true);
  minted.delete(alice, id);
  expect(minted.has(alice, id)).toBe(false);
});

it("five thousand ids of one caller are kept, and the one that was unused for longest goes first", () => {
  const minted = new MintedIds(IDLE_MS);
  const [first, second] = [minted.mint(alice), minted.mint(alice)];
  for (let n = 0; n < 4_998; n++) minted.mint(alice);
  expect(minted.has(alice, first)).toBe(true);
  minted.mint(alice);
  expect([minted.has(alice, first), minted.has(alice, second)]).toEqual([true, false]);
});

it("an id outlives all that other callers are given", () => {
  const minted = new MintedIds(IDLE_MS);
  const id = minted.mint(alice);
  for (const name of ["bob", "carol", "dave"])
    for (let n = 0; n < 10_000; n++) minted.mint({ kind: "basic", id: name });
  expect(minted.has(alice, id)).toBe(true);
});

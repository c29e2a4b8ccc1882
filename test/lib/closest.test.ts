import * as fc from "fast-check";
import { expect, it } from "vitest";
import { closest } from "../../src/lib/closest.ts";

const KEYS = ["hostname", "port", "publicUrl", "logging", "debug", "auth", "limits", "servers"];

it.each([
  ["serverz", "servers"],
  ["server", "servers"],
  ["prot", "port"],
  ["Port", "port"],
  ["PUBLICURL", "publicUrl"],
  ["hsotname", "hostname"],
  ["loging", "logging"],
  ["auht", "auth"],
])("takes %j for %j", (word, meant) => {
  expect(closest(word, KEYS)).toBe(meant);
});

it.each(["colour", "telemetry", "x"])("takes %j for nothing that is known", (word) => {
  expect(closest(word, KEYS)).toBeUndefined();
});

it("knows nothing among no options", () => {
  expect(closest("port", [])).toBeUndefined();
});

it("prefers the nearer of two", () => {
  expect(closest("hosts", ["costs", "host", "hoists"])).toBe("costs");
  expect(closest("commands", ["comments", "command"])).toBe("command");
});

it("always gives an option, and an exact one before all others", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string(), { maxLength: 6 }), (word, options) => {
      expect([undefined, ...options]).toContain(closest(word, options));
      expect(closest(word, [...options, word])?.toLowerCase()).toBe(word.toLowerCase());
    }),
  );
});

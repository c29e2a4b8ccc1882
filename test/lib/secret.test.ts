import { format, inspect } from "node:util";
import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { digest, Secret } from "../../src/lib/secret.ts";

const VALUE = "hunter2-hunter2-hunter2";

describe("a secret", () => {
  it.each<[string, (secret: Secret) => string]>([
    ["String()", (secret) => String(secret)],
    ["a template", (secret) => `: ${secret as unknown as string}`],
    ["joining", (secret) => [secret, secret].join()],
    ["toString()", (secret) => secret.toString()],
    ["toLocaleString()", (secret) => secret.toLocaleString()],
    ["JSON.stringify", (secret) => JSON.stringify({ secret, list: [secret] })],
    ["inspect", (secret) => inspect(secret)],
    ["inspect, deep inside", (secret) => inspect({ a: { b: [new Map([["c", secret]])] } }, { depth: 9 })],
    ["inspect with all that is hidden", (secret) => inspect(secret, { showHidden: true, getters: true })],
    ["format %s", (secret) => format("%s", secret)],
    ["format %o", (secret) => format("%o", secret)],
    ["format %O", (secret) => format("%O", secret)],
    ["format %j", (secret) => format("%j", secret)],
    ["the console", (secret) => printed(secret)],
    ["an error", (secret) => inspect(new Error(`refused ${String(secret)}`, { cause: secret }))],
  ])("prints as [redacted] through %s", (_how, print) => {
    const text = print(new Secret(VALUE));
    expect(text).toContain("[redacted]");
    expect(text).not.toContain(VALUE);
  });

  it.each<[string, (secret: Secret) => string]>([
    ["its keys", (secret) => JSON.stringify(Object.getOwnPropertyNames(secret))],
    ["a spread copy", (secret) => JSON.stringify(Object.assign({}, secret))],
    ["a structured clone", (secret) => inspect(structuredClone(Object.assign({}, secret)), { showHidden: true })],
    ["inspect without its own way to print", (secret) => inspect(secret, { customInspect: false, showHidden: true })],
  ])("tells nothing through %s", (_how, print) => {
    expect(print(new Secret(VALUE))).not.toMatch(/hunter2|[0-9a-f]{8}/);
  });

  it("matches its own value and no other", () => {
    const secret = new Secret(VALUE);
    expect(secret.matches(digest(VALUE))).toBe(true);
    for (const other of ["", "x", VALUE.toUpperCase(), `${VALUE}\0`, VALUE.slice(1), VALUE.repeat(100)]) {
      expect(secret.matches(digest(other))).toBe(false);
    }
  });

  it("has a fingerprint that is its own, always the same, and not its value", () => {
    const { fingerprint } = new Secret(VALUE);
    expect(fingerprint).toBe(new Secret(VALUE).fingerprint);
    expect(fingerprint).not.toBe(new Secret(`${VALUE}!`).fingerprint);
    expect(fingerprint).toMatch(/^[0-9a-f]{12}$/);
  });
});

function printed(value: unknown): string {
  const stdout = new PassThrough();
  new Console(stdout).log("value:", value);
  return String(stdout.read());
}

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../helpers/gateway.ts";

const hashKey = (input: string) =>
  spawnSync(process.execPath, [join(ROOT, "dist/main.js"), "hash-key"], { input, encoding: "utf8" });
const sha256 = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("mcp-gateway hash-key", { timeout: 20_000 }, () => {
  it.each(["a-key-of-mine", "a-key-of-mine\n", "  a-key-of-mine\r\n"])(
    "prints the key on stdin and its hash: %j",
    (input) => {
      const { status, stdout, stderr } = hashKey(input);
      expect([status, stderr]).toEqual([0, ""]);
      expect(parse(stdout)).toEqual({ key: "a-key-of-mine", keyHash: sha256("a-key-of-mine") });
    },
  );

  it("makes another key each time when there is none on stdin", () => {
    const [one, two] = [hashKey(""), hashKey("\n")].map(
      ({ stdout }) => parse(stdout) as { key: string; keyHash: string },
    );
    expect(one?.key).toMatch(/^mcp_[\w-]{43}$/);
    expect(one?.keyHash).toBe(sha256(one?.key ?? ""));
    expect(one?.key).not.toBe(two?.key);
  });

  it.each(["two words", "ключ", 'quo"ted'])("refuses a key that no header can carry as a token: %j", (input) => {
    const { status, stdout, stderr } = hashKey(input);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("A key may contain");
    expect(stderr).not.toContain(input);
  });
});

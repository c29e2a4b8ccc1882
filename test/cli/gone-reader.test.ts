import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Runs a command whose stdout, stderr or both are not read. */
async function unread(command: string, ...streams: readonly ("stdout" | "stderr")[]) {
  const child = spawn(process.execPath, ["dist/main.js", command], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  for (const stream of streams) child[stream].destroy();
  await once(child, "close");
  return { code: child.exitCode, signal: child.signalCode, stderr };
}

describe("a command whose output is closed by its reader", { timeout: 20_000 }, () => {
  it.each(["schema", "validate"])("ends without an error: %s", async (command) => {
    expect(await unread(command, "stdout")).toMatchObject({ code: 0, signal: null });
    expect((await unread(command, "stdout")).stderr).not.toMatch(/EPIPE|^\s+at /m);
    expect(await unread(command, "stdout", "stderr")).toMatchObject({ code: 0, signal: null });
  });

  it("fails in one line when its output cannot be written", async () => {
    const stdio = ["ignore", openSync("/dev/full", "a"), "pipe"] as const;
    const child = spawn(process.execPath, ["dist/main.js", "schema"], { cwd: ROOT, stdio: [...stdio] });
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    await once(child, "close");
    expect([child.exitCode, stderr]).toEqual([1, expect.stringMatching(/^cannot write to stdout: ENOSPC.*\n$/)]);
  });
});

import { describe, expect, it } from "vitest";
import { exitError, spawnError } from "../../src/upstream/exit-error.ts";
import type { StdioCommand } from "../../src/upstream/stdio-command.ts";

const COMMAND: StdioCommand = {
  command: "gti",
  args: ["--key", "hunter2"],
  path: undefined,
  env: {},
  inheritEnv: false,
  exposeStderr: false,
};

const failure = (code: string): Error => Object.assign(new Error(`spawn /very/internal/gti ${code}`), { code });

describe("a process that could not be started", () => {
  it.each<[string, Partial<StdioCommand>, string]>([
    ["ENOENT", {}, '"gti" was not found on PATH'],
    ["ENOENT", { command: "./bin/gti" }, '"gti" was not found'],
    ["EACCES", { command: "/opt/hidden/gti" }, 'permission to run "gti" was denied'],
    ["EPERM", { command: "/opt/hidden/gti" }, '"gti" cannot be run'],
    ["ENOENT", { path: "/nowhere/at/all" }, "its working directory does not exist"],
    ["EACCES", {}, 'permission to run "gti" was denied'],
    ["E2BIG", {}, "its arguments and environment are too long"],
    ["EAGAIN", {}, "the machine has no room for another process"],
    ["EMFILE", {}, "the machine has no room for another process"],
    ["ENOMEM", {}, "the machine has no room for another process"],
    ["EPERM", {}, '"gti" cannot be run'],
  ])("for %s %j says: %3$s", (code, command, hint) => {
    const error = spawnError("git", { ...COMMAND, ...command }, failure(code));
    expect(error).toMatchObject({ reason: "spawn_failed", status: 502, rpcCode: -32603 });
    expect(error.message).toBe(`The MCP server "git" could not be started: ${hint}.`);
    expect(error.details.data).toEqual({ hint });
  });

  it("reveals the cause to the log only, and its arguments to no one", () => {
    const error = spawnError("git", COMMAND, failure("ENOENT"));
    expect(error.cause).toMatchObject({ code: "ENOENT" });
    expect(JSON.stringify([error.message, error.details.data])).not.toMatch(/internal|hunter2/);
  });

  it("tells its paths to the log only", () => {
    const command = { ...COMMAND, command: "/opt/hidden/gti", path: "/nowhere/hidden" };
    const error = spawnError("git", command, failure("ENOENT"));
    expect(JSON.stringify([error.message, error.details.data])).not.toContain("hidden");
    expect(error.details.log).toEqual({ command: "/opt/hidden/gti", path: "/nowhere/hidden" });
  });

  it("accepts any thrown value", () => {
    expect(spawnError("git", COMMAND, "odd").message).toContain('"gti" cannot be run');
  });
});

describe("a process that ended", () => {
  it("has the exit code, and for the log the end of stderr", () => {
    const error = exitError("git", COMMAND, { code: 3, signal: null, stderr: "Error: no such repository" });
    expect(error.details.data).toEqual({ exitCode: 3, signal: null });
    expect(error.details.log).toEqual({ command: "gti", stderr: "Error: no such repository" });
  });

  it("has the end of stderr when that is exposed to callers", () => {
    const error = exitError(
      "git",
      { ...COMMAND, exposeStderr: true },
      { code: 3, signal: null, stderr: "Error: no such repository" },
    );
    expect(error).toMatchObject({ reason: "process_exited", status: 502, rpcCode: -32603 });
    expect(error.message).toBe('The MCP server "git" ended (exit code 3).');
    expect(error.details.data).toEqual({ exitCode: 3, signal: null, stderr: "Error: no such repository" });
  });

  it("has the signal", () => {
    const error = exitError("git", COMMAND, { code: null, signal: "SIGKILL", stderr: "" });
    expect(error.message).toBe('The MCP server "git" ended (signal SIGKILL).');
    expect(error.details.data).toEqual({ exitCode: null, signal: "SIGKILL" });
  });

  it.each([
    [127, 'a program that "gti" tried to run was not found'],
    [126, 'a program that "gti" tried to run is not executable'],
  ])("with code %d is told with a hint", (code, hint) => {
    for (const command of ["gti", "/opt/hidden/gti"]) {
      const error = exitError("git", { ...COMMAND, command }, { code, signal: null, stderr: "" });
      expect(error.details.data).toMatchObject({ hint });
    }
  });

  it("with code 0 is an error too", () => {
    expect(exitError("git", COMMAND, { code: 0, signal: null, stderr: "" }).message).toContain("exit code 0");
  });
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Bar } from "../../src/cli/bar.ts";
import { LogOutput } from "../../src/observability/log-output.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function shown(isTerminal: boolean, env: NodeJS.ProcessEnv = {}) {
  let text = "";
  const write = (bytes: Uint8Array): number => {
    text += Buffer.from(bytes).toString();
    return bytes.length;
  };
  const bar = new Bar(new LogOutput({ write, isTerminal }), env);
  const taken = (): string => {
    const all = text;
    text = "";
    return all;
  };
  return { bar, taken };
}

it("on a terminal it says what is waited for, and how long already, and leaves nothing behind", () => {
  const { bar, taken } = shown(true);
  bar.show("starting git");
  expect(taken()).toBe("");
  vi.advanceTimersByTime(100);
  expect(taken()).toBe("\r\u001B[K⠋ starting git");
  bar.show("calling log");
  vi.advanceTimersByTime(2_000);
  expect(taken()).toMatch(/calling log 2 s$/);
  bar.hide();
  expect(taken()).toBe("\r\u001B[K");
  vi.advanceTimersByTime(1_000);
  bar.hide();
  expect(taken()).toBe("");
});

it("makes room for the lines of the log", () => {
  const { bar, taken } = shown(true);
  bar.log.write("before\n");
  expect(taken()).toBe("before\n");
  bar.show("starting git");
  bar.log.write("line\n");
  expect(taken()).toBe("\r\u001B[Kline\n");
  bar.hide();
});

it.each([
  ["elsewhere", false, {}],
  ["on a terminal that cannot erase a line", true, { TERM: "dumb" }],
])("is silent %s", (_what, isTerminal, env) => {
  const { bar, taken } = shown(isTerminal, env);
  bar.show("starting git");
  vi.advanceTimersByTime(5_000);
  bar.hide();
  bar.log.write("line\n");
  expect(taken()).toBe("line\n");
});

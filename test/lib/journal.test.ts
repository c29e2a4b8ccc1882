import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Journal, journalLines } from "../../src/lib/journal.ts";
import { until } from "../helpers/until.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-journal-"));
  file = join(folder, "lines");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const journal = (snapshot: () => Iterable<string> = () => [], onError: (cause: unknown) => void = () => undefined) =>
  new Journal({ file, snapshot, onError });

it("begins with what is worth keeping, and adds to it", async () => {
  writeFileSync(file, "stale\nkept\n");
  const known = ["kept"];
  const lines = journal(() => known);
  known.push("first");
  lines.add("first");
  await until(() => journalLines(file).includes("first"), { what: "the first line is written" });
  lines.add("second");
  await lines.close();
  expect(journalLines(file)).toEqual(["kept", "first", "second"]);
});

it("is its owner's alone", async () => {
  const lines = journal(() => ["a"]);
  lines.add("a");
  await lines.close();
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("writes everything before it is closed, and nothing after", async () => {
  const said: string[] = [];
  const lines = journal(() => said);
  for (let count = 0; count < 500; count++) {
    said.push(`line ${count}`);
    lines.add(`line ${count}`);
  }
  await lines.close();
  lines.add("late");
  await lines.close();
  expect(journalLines(file)).toEqual(said);
});

it("writes what can wait with the next line, or when it is closed", async () => {
  const lines = journal();
  lines.begin();
  await until(() => existsSync(file), { what: "the file exists" });
  lines.addIdly("first");
  lines.add("second");
  await until(() => journalLines(file).length === 2, { what: "both are written" });
  lines.addIdly("third");
  await lines.close();
  expect(journalLines(file)).toEqual(["first", "second", "third"]);
});

it("writes what can wait although nothing follows", async () => {
  const lines = journal();
  lines.begin();
  await until(() => existsSync(file), { what: "the file exists" });
  lines.addIdly("alone");
  await until(() => journalLines(file).length === 1, { what: "it is written" });
  expect(journalLines(file)).toEqual(["alone"]);
  await lines.close();
});

it("is written anew when most of it is stale", async () => {
  const lines = journal(() => ["kept"]);
  lines.add("kept");
  await until(() => journalLines(file).length === 1, { what: "it is written" });
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 900; count++) lines.add(`stale ${round}`);
    lines.add(`end of ${round}`);
    // The third flush finds more than a thousand lines, so the file is compacted to the current ones.
    const isWritten = (): boolean => journalLines(file).includes(round < 2 ? `end of ${round}` : "kept");
    await until(isWritten, { what: "the round is written" });
  }
  await lines.close();
  expect(journalLines(file)).toEqual(["kept"]);
});

it("says that it cannot write, and has everything when it can again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const errors: unknown[] = [];
    const said = ["one"];
    const missing = join(folder, "missing");
    file = join(missing, "lines");
    const lines = journal(
      () => said,
      (cause) => errors.push(cause),
    );
    lines.add("one");
    vi.advanceTimersByTime(100);
    await until(() => errors.length === 1, { what: "the error is told" });
    mkdirSync(missing);
    said.push("two");
    lines.add("two");
    vi.advanceTimersByTime(10_000);
    await lines.close();
    expect(journalLines(file)).toEqual(["one", "two"]);
  } finally {
    vi.useRealTimers();
  }
});

it("of which the last line was cut off is read without it", () => {
  writeFileSync(file, "one\ntwo\n");
  appendFileSync(file, "thr");
  expect(journalLines(file)).toEqual(["one", "two"]);
});

it("that does not exist has no lines; one that cannot be read is an error", () => {
  expect(journalLines(file)).toEqual([]);
  expect(() => journalLines(folder)).toThrow(/EISDIR/);
});

import { afterEach, describe, expect, it } from "vitest";
import { CheckQueue } from "../../../../src/downstream/rest/checks/check-queue.ts";
import {
  CheckThread,
  type CheckRequest,
  type CheckOutcome,
} from "../../../../src/downstream/rest/checks/check-thread.ts";
import type { GatewayEvent } from "../../../../src/protocol/events.ts";

const how = { isDraft07: false, allErrors: true };
const asks = (schema: object, text: string): CheckRequest => ({ schema: JSON.stringify(schema), how, text });
const simple = asks({ type: "string" }, "1");

/** Each level is looked at twice by the one above it. */
const $defs = Object.fromEntries(
  Array.from({ length: 41 }, (_, n) => [
    `d${n}`,
    n === 0 ? { type: "string" } : { allOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] },
  ]),
);
const endless = asks({ $ref: "#/$defs/d40", $defs }, '"x"');
/** A list of all its errors is larger than the heap of the thread. */
const anyOf = Array.from({ length: 2_000 }, (_, n) => ({ const: `${n}` }));
const huge = asks({ items: { anyOf } }, JSON.stringify(Array.from({ length: 100_000 }, () => 1)));

const events: GatewayEvent[] = [];
let thread: CheckThread;
const started = (answerMs?: number): CheckThread => {
  thread = new CheckThread((event) => events.push(event), {
    waitMs: 60_000,
    ...(answerMs !== undefined && { answerMs }),
  });
  return thread;
};
const kinds = (verdicts: readonly CheckOutcome[]): string[] => verdicts.map(({ kind }) => kind);

afterEach(() => {
  thread.close();
  if (events.length > 0) throw new Error(`There was trouble: ${JSON.stringify(events.splice(0))}`);
});

describe("the thread that checks schemas", () => {
  it("says what does not fit", async () => {
    const error = { pointer: "", keyword: "type", message: "must be string", expected: "string" };
    expect(await started().ask("a", simple)).toEqual({ kind: "checked", errors: [error] });
    expect(await thread.ask("a", asks({ type: "string" }, '"x"'))).toEqual({ kind: "checked", errors: [] });
  });

  it("looks at one member of a text where that is asked", async () => {
    const request = { ...asks({ type: "string" }, '{"a":"x","b":1}'), member: "a" };
    expect(await started().ask("a", request)).toEqual({ kind: "checked", errors: [] });
  });

  it("says what cannot be compiled", async () => {
    expect(await started().ask("a", asks({ $ref: "#/nowhere" }, "1"))).toMatchObject({ kind: "unusable" });
  });

  it("gives up what takes too long, and goes on with the next", async () => {
    const verdicts = [started(200).ask("a", endless), thread.ask("b", simple), thread.ask("a", simple)];
    expect(kinds(await Promise.all(verdicts))).toEqual(["over", "checked", "checked"]);
  });

  it("gives up what takes too much memory, and goes on with the next", async () => {
    const verdicts = [started(60_000).ask("a", huge), thread.ask("b", simple)];
    expect(kinds(await Promise.all(verdicts))).toEqual(["over", "checked"]);
  }, 60_000);

  it("answers everybody when it is closed, and nobody waits afterwards", async () => {
    const verdicts = [started().ask("a", endless), thread.ask("b", simple)];
    thread.close();
    thread.close();
    expect(kinds(await Promise.all([...verdicts, thread.ask("c", simple)]))).toEqual(
      Array.from({ length: 3 }, () => "unanswered"),
    );
  });

  it("leaves unanswered what one server asks beyond its share", async () => {
    const mine = started();
    const verdicts = await Promise.all(Array.from({ length: 40 }, () => mine.ask("a", simple)));
    expect(kinds(verdicts).filter((kind) => kind === "unanswered")).toHaveLength(8);
  });
});

describe("the queue of checks", () => {
  it("takes from each owner in turn, the oldest first", () => {
    const queue = new CheckQueue<string>(3);
    for (const item of ["a1", "a2", "a3", "b1", "c1", "b2"]) queue.add(item.slice(0, 1), item);
    expect(queue.add("a", "a4")).toBe(false);
    expect(Array.from({ length: 7 }, () => queue.take())).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", undefined]);
    expect(queue.isEmpty).toBe(true);
  });
});

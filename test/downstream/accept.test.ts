import { describe, expect, it } from "vitest";
import { acceptedRanges, accepts, prefersHtml } from "../../src/downstream/accept.ts";

it.each([
  undefined,
  "",
  " ",
  "*/*",
  "text/event-stream",
  "TEXT/Event-Stream",
  "text/*",
  "application/json, text/event-stream",
  "text/event-stream, application/json",
  "text/event-stream;q=0.5",
  "text/event-stream; charset=utf-8",
  "text/html,application/xhtml+xml,*/*;q=0.8",
  "*/*;q=0, text/event-stream",
  "text/*;q=0, text/event-stream",
  "*/*;q=0.001",
  " text/event-stream , x/y",
  "text/event-stream;profile=x;q=0.1",
  'text/event-stream;a="b,c"',
])("%j takes an event stream", (header) => {
  expect(accepts(header, "text/event-stream")).toBe(true);
});

it.each([
  "application/json",
  "text/html",
  "text/event-streams",
  "text/event-stream;q=0",
  "text/event-stream;q=0.000",
  "text/event-stream; Q=0",
  "*/*, text/event-stream;q=0",
  "text/event-stream;q=0, */*",
  "text/*;q=0, */*",
  "*/*;q=0",
  "application/*",
  ",",
])("%j takes no event stream", (header) => {
  expect(accepts(header, "text/event-stream")).toBe(false);
});

it("malformed media types are only accepted by */*", () => {
  expect(accepts("text/plain", "nonsense")).toBe(false);
  expect(accepts("", "nonsense")).toBe(true);
});

it.each<[header: string | undefined, ranges: string[]]>([
  [undefined, ["*/*"]],
  [" ", ["*/*"]],
  ["text/plain;q=0.5, Application/JSON", ["application/json", "text/plain"]],
  ["a/b;q=0.1, c/d;q=0, e/f;charset=utf-8;q=0.2, */*;q=0.1", ["e/f", "a/b", "*/*"]],
  ["nonsense, ,", []],
])("of %j the ranges are given by weight", (header, ranges) => {
  expect(acceptedRanges(header)).toEqual(ranges);
});

describe("a person with a browser", () => {
  it.each([
    ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true],
    ["application/xhtml+xml, text/html;q=0.9", true],
    ["text/html", true],
    ["text/html;charset=utf-8", true],
    ["*/*", false],
    ["application/json", false],
    ["application/json, text/plain, */*", false],
    ["application/json, text/html;q=0.9", false],
    ["text/html;q=0, */*", false],
    // Java's HttpURLConnection, unless told otherwise.
    ["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", false],
    ["text/html, image/gif, image/jpeg, */*; q=0.2", false],
    ["text/event-stream", false],
    ["", false],
    [undefined, false],
  ])("Accept: %s → %s", (accept, expected) => {
    expect(prefersHtml(accept)).toBe(expected);
  });
});

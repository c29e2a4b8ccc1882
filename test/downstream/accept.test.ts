import { expect, it } from "vitest";
import { accepts } from "../../src/downstream/accept.ts";

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

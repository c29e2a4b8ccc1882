import { describe, expect, it } from "vitest";
import { resultForm } from "../../../src/downstream/rest/result-form.ts";

describe("the form of a result", () => {
  it.each([
    [undefined, "raw"],
    ["", "raw"],
    ["*/*", "raw"],
    ["application/json", "raw"],
    ["Application/JSON", "raw"],
    ["application/json; charset=utf-8", "raw"],
    ["text/plain", "text"],
    ["text/plain;charset=utf-8", "text"],
    ["text/event-stream", "stream"],
    ["TEXT/Event-Stream", "stream"],
    ["image/png", "blob"],
    ["audio/*", "blob"],
    ["application/octet-stream", "blob"],
  ])("for Accept: %s is %s", (accept, form) => {
    expect(resultForm(accept, undefined)).toBe(form);
  });

  it.each([
    ["text/plain, application/json", "text"],
    ["application/json, text/event-stream", "raw"],
    ["text/event-stream, application/json", "stream"],
    ["application/json;q=0.1, text/plain;q=0.2", "text"],
    ["*/*;q=0.1, image/*", "blob"],
    ["text/html, */*", "raw"],
    ["text/plain;q=0, application/json;q=0.001", "raw"],
  ])("follows weights, and then the order: %s is %s", (accept, form) => {
    expect(resultForm(accept, undefined)).toBe(form);
  });

  it.each(["text/html", "application/xml", "application/json;q=0", "application/json;q=0.0", "video/mp4", "nonsense"])(
    "cannot be had for Accept: %s",
    (accept) => {
      expect(() => resultForm(accept, undefined)).toThrow(
        expect.objectContaining({ reason: "not_acceptable" }) as Error,
      );
    },
  );

  it.each([
    ["raw", "raw"],
    ["json", "raw"],
    ["text", "text"],
    ["structured", "structured"],
    ["blob", "blob"],
    ["stream", "stream"],
  ])("for ?result=%s is %s, whatever Accept says", (name, form) => {
    expect(resultForm("text/html", name)).toBe(form);
  });

  it.each(["", "RAW", "html", "__proto__", "constructor"])("does not exist for ?result=%s", (name) => {
    expect(() => resultForm(undefined, name)).toThrow(expect.objectContaining({ reason: "invalid_request" }) as Error);
  });
});

import { describe, expect, it } from "vitest";
import { readArguments, withoutStraySessionId } from "../../../src/downstream/rest/arguments.ts";

describe("arguments", () => {
  it.each(["", " ", "\r\n\t"])("are none in %j", (body) => {
    expect(readArguments(body)).toEqual({ value: {}, text: "{}" });
  });

  it("keep their text, so that no number is rounded", () => {
    const body = '{ "n": 9007199254740993 , "e":1e400}';
    expect(readArguments(body).text).toBe(body);
  });

  it("become one line, as a line is what a server reads", () => {
    const { text } = readArguments('{\n"a":\r\n1\r}');
    expect(text).not.toMatch(/[\r\n]/);
    expect(JSON.parse(text)).toEqual({ a: 1 });
  });

  it.each(["{", "nope", '{"a":1}}', "{'a':1}", "\u0000"])("are no JSON in %j", (body) => {
    expect(() => readArguments(body)).toThrow(expect.objectContaining({ reason: "invalid_json" }) as Error);
  });

  it.each(["[]", "null", "0", '""', "false"])("are no object in %s", (body) => {
    expect(() => readArguments(body)).toThrow(expect.objectContaining({ reason: "invalid_request" }) as Error);
  });

  it("may be a hundred levels deep and no deeper", () => {
    const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
    expect(readArguments(nested(100)).text).toBe(nested(100));
    for (const levels of [101, 100_000])
      expect(() => readArguments(nested(levels))).toThrow(
        expect.objectContaining({ reason: "invalid_request" }) as Error,
      );
  });

  it("are not nested by what stands in a text", () => {
    const body = JSON.stringify({ a: "[".repeat(1_000) });
    expect(readArguments(body).text).toBe(body);
  });
});

describe("a stray sessionId", () => {
  const strip = (body: string, schema: unknown) => withoutStraySessionId(readArguments(body), schema);

  it("is dropped from what goes to a tool that does not know it", () => {
    for (const schema of [undefined, null, true, {}, { properties: {} }, { properties: { other: {} } }])
      expect(strip('{"sessionId":"x","a":1}', schema)).toEqual({ value: { a: 1 }, text: '{"a":1}' });
  });

  it("stays where the tool knows it", () => {
    const given = readArguments('{"sessionId":"x"}');
    expect(withoutStraySessionId(given, { properties: { sessionId: { type: "string" } } })).toBe(given);
  });

  it("that is not there changes not one byte", () => {
    const given = readArguments('{ "a" : 1 , "b":[ ] }');
    expect(withoutStraySessionId(given, {})).toBe(given);
  });

  it("is only that of the outermost object", () => {
    expect(strip('{"a":{"sessionId":"x"}}', {}).text).toBe('{"a":{"sessionId":"x"}}');
  });

  it("takes no number with it", () => {
    const { text } = strip('{"a":9007199254740993, "sessionId":"x", "b":1.0}', {});
    expect(text).toMatch(/"a":\s*9007199254740993/);
    expect(text).toMatch(/"b":\s*1\.0/);
  });

  it("leaves a __proto__ what it is", () => {
    const { value, text } = strip('{"sessionId":"x","__proto__":{"a":1}}', {});
    expect(text).toBe('{"__proto__":{"a":1}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

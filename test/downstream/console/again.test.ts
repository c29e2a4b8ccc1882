import { describe, expect, it } from "vitest";
import { readAgain } from "../../../src/downstream/console/again.ts";

describe("a call that is sent again", () => {
  it("keeps its arguments as they were written, in one line", () => {
    const body = '{"tool":"add","arguments":{"a":12345678901234567890,\n "b":1.0}}';
    expect(readAgain(body)).toMatchObject({ tool: "add", argumentsText: '{"a":12345678901234567890,  "b":1.0}' });
  });

  it("has those of the last key when it is repeated, as for JSON.parse", () => {
    expect(readAgain('{"arguments":{"a":1},"tool":"add","arguments":{"a":2}}')).toEqual({
      tool: "add",
      arguments: { a: 2 },
      argumentsText: '{"a":2}',
    });
  });

  it("has none when it says none", () => {
    expect(readAgain('{"tool":"add"}').argumentsText).toBe("{}");
  });

  it.each(["", "[]", "{}", '{"tool":5}', '{"tool":"add","arguments":[]}', '{"tool":""}'])(
    "is refused as %j",
    (body) => {
      expect(() => readAgain(body)).toThrow(/is not JSON|Send \{ "tool"/);
    },
  );
});

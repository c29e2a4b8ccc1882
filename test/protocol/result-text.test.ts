import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pieces } from "../../src/lib/pieces.ts";
import { resultOf, resultText } from "../../src/protocol/result-text.ts";
import { cutAt, piecesOf } from "../helpers/pieces.ts";

/** What surrounds the result in the line of a response. */
const ENVELOPES = [
  ["that comes first", '{"jsonrpc":"2.0","id":7,"result":', "}"],
  ["that comes first, with a text as id", '{"jsonrpc":"2.0","id":"é}","result":', "}"],
  ["that comes last", '{"result":', ',"jsonrpc":"2.0","id":7}'],
  ["that comes last, with a text as id", '{"result":', ',"jsonrpc":"2.0","id":"é}"}'],
  ["on both sides", '{"jsonrpc":"2.0","result":', ',"id":7}'],
  ["with white space", '{ "jsonrpc": "2.0", "id": 7, "result": ', " }"],
  ["with an object behind the result", '{"jsonrpc":"2.0","id":7,"result":', ',"_meta":{"a":{}}}'],
  ["with an object before and behind it", '{"_meta":{"result":{}},"result":', ',"a":{},"jsonrpc":"2.0","id":7}'],
  ["with two objects behind the result", '{"result":', ',"a":{"b":{}},"jsonrpc":"2.0","id":7}'],
] as const;

const unit = fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", '},"jsonrpc":"2.0","id":9}', "\n", "a", "é", "🎈");
const result = fc
  .dictionary(fc.string({ unit, maxLength: 6 }), fc.jsonValue({ stringUnit: unit }))
  .map((members) => JSON.stringify(members));

describe("the result in the line of a response", () => {
  it.each(ENVELOPES)(
    "is exactly what the server wrote, in an envelope %s, however the line is cut",
    (_what, ...ends) => {
      const [before, behind] = ends;
      fc.assert(
        fc.property(result, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
          const line = `${before}${text}${behind}`;
          expect(resultText(line)).toBe(text);
          for (const parts of [piecesOf(line), new Pieces(cutAt(Buffer.from(line), cuts))]) {
            expect(String(resultText(parts))).toBe(text);
            expect(resultOf(parts)).toEqual(JSON.parse(text));
          }
        }),
      );
    },
  );

  it.each(ENVELOPES.slice(0, 4))("is not copied out of long bytes in an envelope %s", (_what, before, behind) => {
    const bytes = Buffer.from(`${before}{"text":"${"x".repeat(20_000)}"}${behind}`);
    const read = resultText(new Pieces(cutAt(bytes, [100, 5_000])));
    expect((read as Pieces).parts.map(({ buffer }) => buffer === bytes.buffer)).toEqual([true, true, true]);
  });
});

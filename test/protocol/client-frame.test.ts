import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Line } from "../../src/lib/lines.ts";
import { Pieces } from "../../src/lib/pieces.ts";
import { readClientMessages } from "../../src/protocol/client-frame.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { cutAt, piecesOf } from "../helpers/pieces.ts";

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** A tools/call that nests `levels` deep: the message itself, params, and so on. */
const nested = (levels: number): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"a":${"[".repeat(levels - 2)}${"]".repeat(levels - 2)}}}`;

describe("a body with one message", () => {
  it("is one frame, and no batch", () => {
    expect(readClientMessages(PING)).toEqual({
      frames: [{ kind: "request", id: 1, method: "ping", params: undefined, line: PING }],
      isBatch: false,
    });
  });

  it("goes on exactly as it came", () => {
    const body =
      ' {"params":{"n":12345678901234567890,"f":1.0,"s":"\\u00e9\\ud800 \u2028","name":"x"} ,"id":1,"jsonrpc":"2.0","method":"tools/call"}\t';
    expect(readClientMessages(body).frames[0]?.line).toBe(body);
  });

  it("goes on as one line when it was written in several", () => {
    const body = '{\r\n  "jsonrpc": "2.0",\n\r  "id": 1,\r\n "method": "x", "params": {"text":\n"a\\nb\\r"}\n}\n';
    const line = String(readClientMessages(body).frames[0]?.line);
    expect(line).not.toMatch(/[\r\n]/);
    expect(JSON.parse(line)).toEqual(JSON.parse(body));
  });

  it("goes on with the same meaning however it is laid out", () => {
    const message = fc.record({
      jsonrpc: fc.constant("2.0"),
      id: fc.oneof(fc.string(), fc.integer()),
      method: fc.string({ minLength: 1 }),
      params: fc.dictionary(fc.constantFrom("a", "b", "name", "uri", "_meta"), fc.jsonValue()),
    });
    fc.assert(
      fc.property(message, fc.constantFrom("\n", "\r\n", "\t", 2), (data, space) => {
        const [frame] = readClientMessages(JSON.stringify(data, undefined, space)).frames;
        expect(frame?.line).not.toMatch(/[\r\n]/);
        expect(JSON.parse(String(frame?.line))).toEqual(JSON.parse(JSON.stringify(data)));
        expect(frame).toMatchObject({ kind: "request", id: data.id, method: data.method });
      }),
    );
  });

  it("may have an id of any kind that JSON-RPC knows", () => {
    const idOf = (id: string): unknown =>
      (readClientMessages(`{"jsonrpc":"2.0","id":${id},"method":"x"}`).frames[0] as { id: unknown }).id;
    expect(["0", '""', '"1"', "1", "-1", "9007199254740991", "9007199254740993"].map(idOf)).toEqual([
      0,
      "",
      "1",
      1,
      -1,
      9007199254740991,
      9007199254740993n,
    ]);
    expect(idOf(`"${"x".repeat(1_048_576)}"`)).toHaveLength(1_048_576);
  });

  it("may be a notification or a response", () => {
    expect(readClientMessages('{"jsonrpc":"2.0","method":"notifications/x"}').frames[0]?.kind).toBe("notification");
    expect(readClientMessages('{"jsonrpc":"2.0","id":1,"result":{}}').frames[0]?.kind).toBe("response");
  });
});

describe("a body given as bytes", () => {
  const long = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"é🎈","text":"${"é🎈".repeat(20_000)}"}}`;

  it("is read as the same body given as text, however it is cut", () => {
    const bodies = [long, PING, nested(5), `[${PING},${long}]`, `{"params":{"a":"\\n"},\r\n${PING.slice(1)}\n`];
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.array(fc.nat(), { maxLength: 8 }), (body, cuts) => {
        const { frames, isBatch } = readClientMessages(new Pieces(cutAt(Buffer.from(body), cuts)));
        const read = { frames: frames.map((frame) => ({ ...frame, line: String(frame.line) })), isBatch };
        expect(read).toEqual(readClientMessages(body));
      }),
    );
  });

  it("goes on as the very same bytes", () => {
    const body = piecesOf(long);
    expect(readClientMessages(body).frames[0]?.line).toBe(body);
  });

  it("goes on as one line when it was written in several", () => {
    const line = readClientMessages(piecesOf(`\n${long.replaceAll(",", ",\r\n")}`)).frames[0]?.line;
    expect(String(line)).not.toMatch(/[\r\n]/);
    expect(JSON.parse(String(line))).toEqual(JSON.parse(long));
  });

  it("is refused for what text is refused for", () => {
    const variant = `{"jsonrpc":"2.0","id":1,"method":"x","text":"${"x".repeat(20_000)}","Method":"y"}`;
    for (const body of [
      variant,
      nested(101),
      nested(20_000),
      `[${PING},${variant}]`,
      long.slice(0, -1),
      "",
      "[]",
      "42",
    ]) {
      const { reason, message } = refusalOf(body);
      expect(refusalOf(new Pieces(cutAt(Buffer.from(body), [3, 5_000, 16_384])))).toMatchObject({ reason, message });
    }
  });
});

describe("a body that is no JSON is refused with -32700:", () => {
  it.each([
    ["nothing", ""],
    ["white space", " \n"],
    ["a byte order mark", `\uFEFF${PING}`],
    ["half a message", PING.slice(0, -1)],
    ["two messages", `${PING}\n${PING}`],
    ["a comma too many", '{"jsonrpc":"2.0","id":1,"method":"ping",}'],
    ["single quotes", "{'jsonrpc':'2.0'}"],
    ["NaN", '{"jsonrpc":"2.0","id":NaN,"method":"ping"}'],
    ["a raw newline in a string", '{"jsonrpc":"2.0","id":1,"method":"pi\nng"}'],
    ["a NUL", `${PING}\0`],
    ["a comment", `${PING}// ping`],
    ["HTML", "<html></html>"],
    ["a form", "jsonrpc=2.0&id=1&method=ping"],
  ])("%s", (_what, body) => {
    expect(refusalOf(body)).toMatchObject({ reason: "invalid_json", status: 400, rpcCode: -32700 });
  });
});

describe("a body that is no JSON-RPC message is refused with -32600:", () => {
  it.each([
    ["null", "null"],
    ["a number", "42"],
    ["a text", '"ping"'],
    ["an empty object", "{}"],
    ["an empty batch", "[]"],
    ["a batch in a batch", `[[${PING}]]`],
    ["a batch with null in it", `[${PING},null]`],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    ["no version", '{"id":1,"method":"ping"}'],
    ["id null", '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
    ["id 1.5", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}'],
    ["an object as id", '{"jsonrpc":"2.0","id":{"toJSON":1},"method":"ping"}'],
    ["id 1e400", '{"jsonrpc":"2.0","id":1e400,"method":"ping"}'],
    ["a list as params", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}'],
    ["a text as params", '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}'],
    ["a request that is a response", '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}'],
    ["only __proto__", '{"__proto__":{"jsonrpc":"2.0","id":1,"method":"ping"}}'],
  ])("%s", (_what, body) => {
    expect(refusalOf(body)).toMatchObject({ reason: "invalid_request", status: 400, rpcCode: -32600 });
  });
});

describe("a message that another parser could read differently is refused:", () => {
  it.each([
    ["method twice", '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}'],
    ["id twice", '{"jsonrpc":"2.0","id":1,"method":"ping","id":2}'],
    ["jsonrpc twice", '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}'],
    ["params twice", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a"},"params":{"name":"b"}}'],
    ["params.name twice", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","arguments":{},"name":"b"}}'],
    ["params.uri twice", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"uri":"a","uri":"b"}}'],
    ["any key of params twice", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"arguments":{},"arguments":{}}}'],
    ["an unknown key twice", '{"jsonrpc":"2.0","id":1,"method":"x","extra":1,"extra":2}'],
    ["Method beside method", '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}'],
    ["Method before method", '{"Method":"tools/call","jsonrpc":"2.0","id":1,"method":"ping"}'],
    ["METHOD in a notification", '{"jsonrpc":"2.0","METHOD":"tools/call","method":"x"}'],
    ["Id in a notification", '{"jsonrpc":"2.0","Id":1,"method":"x"}'],
    ["jsonRPC", '{"jsonrpc":"2.0","jsonRPC":"1.0","id":1,"method":"ping"}'],
    ["Params without params", '{"jsonrpc":"2.0","id":1,"method":"ping","Params":{"name":"x"}}'],
    ["a long s", '{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{"name":"x"}}'],
    ["a long s, escaped", String.raw`{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{"name":"x"}}`],
    ["Result", '{"jsonrpc":"2.0","id":1,"method":"ping","Result":{}}'],
    ["Error", '{"jsonrpc":"2.0","id":1,"result":{},"Error":{"code":1,"message":""}}'],
    ["an escaped method", String.raw`{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/call"}`],
    ["an escaped Method", String.raw`{"jsonrpc":"2.0","id":1,"method":"ping","\u004dethod":"tools/call"}`],
    ["params.Name", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"Name":"b"}}'],
    ["params.NAME beside name", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","NAME":"b"}}'],
    ["params.Uri", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"Uri":"b"}}'],
    ["an escaped params.name", String.raw`{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","n\u0061me":"b"}}`],
    [
      "a variant inside of escaped params",
      String.raw`{"jsonrpc":"2.0","id":1,"method":"x","p\u0061rams":{"name":1,"Name":2}}`,
    ],
    ["a variant in the second message of a batch", `[${PING},{"jsonrpc":"2.0","id":2,"method":"a","Method":"b"}]`],
  ])("%s", (_what, body) => {
    expect(refusalOf(body)).toMatchObject({ reason: "invalid_request", rpcCode: -32600 });
  });

  it("and the refusal names the key, cut short when it is long", () => {
    expect(refusalOf(`{"jsonrpc":"2.0","id":1,"method":"x","Method":"y"}`).message).toContain('"Method"');
    const long = "k".repeat(100_000);
    expect(refusalOf(`{"jsonrpc":"2.0","method":"x","${long}":1,"${long}":2}`).message.length).toBeLessThan(200);
  });

  it("but not what a tool's arguments hold, which only the tool can judge", () => {
    for (const inner of ['{"a":1,"a":2}', '{"name":"a","Name":"b"}', '{"Method":1,"method":2}']) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":${inner}}}`;
      expect(readClientMessages(body).frames[0]?.line).toBe(body);
    }
  });

  it("nor a key that stands in two different objects, or inside of a string", () => {
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"\\"name\\":1,","_meta":{"name":1}},"_meta":{"Name":1}}';
    expect(readClientMessages(body).frames).toHaveLength(1);
  });
});

describe("nesting", () => {
  it("may be 100 levels deep", () => {
    expect(readClientMessages(nested(100)).frames).toHaveLength(1);
    expect(readClientMessages(`[${nested(100)}]`).frames).toHaveLength(1);
  });

  it("may not be 101 levels deep", () => {
    expect(refusalOf(nested(101))).toMatchObject({ reason: "invalid_request", rpcCode: -32600 });
    expect(refusalOf(`[${PING},${nested(101)}]`)).toMatchObject({ reason: "invalid_request" });
  });

  it.each([20_000, 1_000_000])("of %d levels is refused like any other", (levels) => {
    expect(refusalOf(nested(levels))).toMatchObject({ reason: "invalid_request" });
    expect(refusalOf("[".repeat(levels) + "]".repeat(levels))).toMatchObject({ reason: "invalid_request" });
    expect(refusalOf("[".repeat(levels))).toMatchObject({ reason: "invalid_request" });
  });
});

describe("a batch", () => {
  it("is one frame per message, each with its own text", () => {
    const texts = [
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}',
      '{ "jsonrpc":"2.0",\n"method":"b,]" }',
      PING,
    ];
    const { frames, isBatch } = readClientMessages(` [${texts.join(" ,\n")} ] `);
    expect(isBatch).toBe(true);
    expect(frames.map(({ line }) => line)).toEqual(texts.map((text) => text.replace("\n", " ")));
    expect(frames[0]).toMatchObject({ id: 9007199254740993n });
  });

  it("may hold 100 messages and no more", () => {
    expect(readClientMessages(`[${Array(100).fill(PING).join()}]`).frames).toHaveLength(100);
    expect(refusalOf(`[${Array(101).fill(PING).join()}]`)).toMatchObject({ reason: "invalid_request" });
  });

  it("of one message is still a batch", () => {
    expect(readClientMessages(`[${PING}]`).isBatch).toBe(true);
  });
});

it("never throws anything but a refusal, whatever the body", () => {
  const token = fc.constantFrom(
    ...'{ } [ ] , : " \\ \\u \uFEFF \0 \ud800 \n 1 - e null "jsonrpc":"2.0" "id": "method":"x"'.split(" "),
    ...' "params":{ "__proto__" "constructor" "toJSON"'.split(" "),
    " ",
  );
  const outcomeOf = (body: string): unknown => {
    try {
      return readClientMessages(body).frames.length > 0;
    } catch (error) {
      return error instanceof GatewayError;
    }
  };
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
      expect(outcomeOf(tokens.join(""))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

function refusalOf(body: Line): GatewayError {
  try {
    readClientMessages(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

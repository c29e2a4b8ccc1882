import { describe, expect, it, test } from "vitest";
import { argumentsFault } from "../../../src/downstream/console/assets/arguments-check.js";
import { curlOf, fixtureOf, jsonRpcOf, newSessionId } from "../../../src/downstream/console/assets/call-copies.js";
import { hashOf, sessionIn } from "../../../src/downstream/console/assets/hash.js";
import { indented } from "../../../src/downstream/console/assets/indented.js";
import { jsonTokens } from "../../../src/downstream/console/assets/json-colours.js";
import { lineChanges } from "../../../src/downstream/console/assets/line-changes.js";
import { rawValue } from "../../../src/downstream/console/assets/raw-json.js";
import { visibleJson, visibleLine, visibleText } from "../../../src/downstream/console/assets/visible.js";

// What the console does with texts that others wrote.

describe("what cannot be seen is made visible:", () => {
  test.each([
    ["colours of a terminal", "\u001b[31mred", "⟨U+001B⟩[31mred"],
    ["the end of a string in C", "a\0b", "a⟨U+0000⟩b"],
    ["another direction of writing", "exe\u202etxt.\u2066x", "exe⟨U+202E⟩txt.⟨U+2066⟩x"],
    ["what takes no room", "a\u200bb\ufeffc\u00ad", "a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+00AD⟩"],
    ["a text in tags", "\u{e0041}\u{e0042}", "⟨U+E0041⟩⟨U+E0042⟩"],
    ["half a pair", "a\ud83d", "a⟨U+D83D⟩"],
    ["C1 and DEL", "\u0085\u007f", "⟨U+0085⟩⟨U+007F⟩"],
    ["lines", "a\nb\tc\r", "a↵b⇥c⟨U+000D⟩"],
    ["markup is text anyway", "<b>&amp;", "<b>&amp;"],
    ["what people write", "Zoë 👩‍💻 شكرًا 日本", "Zoë 👩‍💻 شكرًا 日本"],
  ])("%s", (_what, text, shown) => {
    expect(visibleLine(text)).toBe(shown);
  });

  it("lines and tabs stay in a text of several lines", () => {
    expect(visibleText("a\r\nb\tc\rd\u2028")).toBe("a\nb\tc⟨U+000D⟩d⟨U+2028⟩");
  });

  it("in JSON it becomes escapes, which mean the same", () => {
    const json = '{\n\t"a": "\u202e\u{e0041}é"\r\n}';
    expect(visibleJson(json)).toBe(String.raw`{${"\n\t"}"a": "\u202e\udb40\udc41é"${"\r\n"}}`);
    expect(JSON.parse(visibleJson(json))).toEqual(JSON.parse(json));
  });

  it("and what is long is cut, never within a character", () => {
    expect(visibleLine("👍".repeat(5_000_000), 3)).toBe("👍… (cut: 10,000,000 characters in all)");
    expect(visibleText("x".repeat(300_000))).toHaveLength(200_000 + "… (cut: 300,000 characters in all)".length);
  });
});

describe("JSON is indented without being changed:", () => {
  test.each([
    ['{"a":[1,2],"b":{}}', '{\n  "a": [\n    1,\n    2\n  ],\n  "b": {}\n}'],
    ['{ "a" : [ ] }', '{\n  "a": []\n}'],
    ['{"a":12345678901234567890}', '{\n  "a": 12345678901234567890\n}'],
    ['{"a":"x,{\\"}:[","a":1.0e5}', '{\n  "a": "x,{\\"}:[",\n  "a": 1.0e5\n}'],
    ['{"a":"cut in the mid', '{\n  "a": "cut in the mid'],
    ["]]}", "]]}"],
    ["plain text, of a proxy", "plain text, of a proxy"],
  ])("%s", (text, shown) => {
    expect(indented(text)).toBe(shown);
  });

  it("however deep it is, and not at all when it is very long", () => {
    const deep = "[".repeat(50_000);
    expect(indented(deep).split("\n").at(-1)).toHaveLength(80);
    const long = `[${"1,".repeat(600_000)}1]`;
    expect(indented(long)).toBe(long);
  });
});

describe("JSON has kinds of tokens:", () => {
  const kinds = (text: string): string =>
    jsonTokens(text)
      .flatMap(({ kind, text: token }) => (kind === "" ? [] : `${kind} ${token}`))
      .join(", ");
  test.each([
    ['{\n  "a": [-1.5e3, true]\n}', 'key "a", number -1.5e3, word true'],
    ['"a \\": b": "x"', 'key "a \\": b", string "x"'],
    ['"cut in the mid', 'string "cut in the mid'],
    ["x1 truest ⟨U+001B⟩", ""],
  ])("%s", (text, expected) => {
    expect(kinds(text)).toBe(expected);
    const whole = jsonTokens(text).map(({ text: token }) => token);
    expect(whole.join("")).toBe(text);
  });

  test("a long text has none", () => {
    expect(jsonTokens("1,".repeat(20_000))).toHaveLength(1);
  });
});

describe("a part of a JSON text as it was written:", () => {
  const path = ["params", "arguments"];
  test.each([
    ['{"params":{"name":"x","arguments":{"a":12345678901234567890}}}', '{"a":12345678901234567890}'],
    ['{"params":{"arguments": {"arguments":1} ,"z":0}, "arguments":2}', '{"arguments":1}'],
    ['{"x":{"params":{"arguments":1}},"params":{"a":[{"arguments":2}]}}', undefined],
    ['{"params":{"arguments":{"a":1},"arguments":{"a":"}, \\" :"}}}', '{"a":"}, \\" :"}'],
    ['{"p\\u0061rams":{"arguments":[1,[2]]}}', "[1,[2]]"],
    ['{"params":[{"arguments":1}]}', undefined],
    ["[]", undefined],
  ])("%s", (text, value) => {
    expect(rawValue(text, path)).toBe(value);
    const parsed = JSON.parse(text).params?.arguments;
    expect(value === undefined ? undefined : JSON.parse(value)).toEqual(parsed);
  });
});

describe("the arguments of a call", () => {
  it.each(["{}", ' {"a": 12345678901234567890}\n'])("may be %s", (text) => {
    expect(argumentsFault(text)).toBeUndefined();
  });

  it.each([
    ["[]", /object/],
    ["null", /object/],
    ["", /This is no JSON/],
    ['{\n  "a": 1,\n  b: 2\n}', /This is no JSON: .*\(line 3, column 3\)/],
  ])("may not be %j", (text, fault) => {
    expect(argumentsFault(text)).toMatch(fault);
  });
});

describe("a call can be taken away:", () => {
  const call = { server: "a b", tool: "it's/ü", argumentsText: `{"a":"it's $HOME","n":12345678901234567890}` };

  test("with curl, by REST, without a password in it", () => {
    expect(curlOf(call, "https://x.example/prefix/", "console-1").split(" \\\n  ")).toEqual([
      String.raw`curl -sS 'https://x.example/prefix/api/a%20b/it'\''s%2F%C3%BC?sessionId=console-1'`,
      '-u "$MCP_GATEWAY_USER:$MCP_GATEWAY_PASSWORD"',
      "-H 'Content-Type: application/json'",
      String.raw`-d '{"a":"it'\''s $HOME","n":12345678901234567890}'`,
    ]);
  });

  test("in a session that nobody guesses", () => {
    expect(newSessionId()).toMatch(/^console-[0-9a-f]{24}$/);
    expect(newSessionId()).not.toBe(newSessionId());
  });

  test("as JSON-RPC, its numbers as they were", () => {
    const text = jsonRpcOf(call);
    expect(text).toContain("12345678901234567890");
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: "2.0", method: "tools/call", params: { name: "it's/ü" } });
  });

  test("as a file for tests, with and without an answer", () => {
    expect(JSON.parse(fixtureOf("s", '{"id":1}', '{"id":1,"result":{}}'))).toEqual({
      server: "s",
      request: { id: 1 },
      answer: { id: 1, result: {} },
    });
    expect(JSON.parse(fixtureOf("s", '{"id":1}', "null"))).toMatchObject({ answer: null });
  });
});

describe("two answers are compared by lines:", () => {
  test.each([
    ["the same", "a\nb", "a\nb", ["", ""]],
    ["one differs", "a\nb\nc", "a\nx\nc", ["b", "x"]],
    ["one more", "a\nc", "a\nb\nc", ["", "b"]],
    ["one less at the end", "a\nb", "a", ["b", ""]],
    ["moved", "a\nb\nc\nd", "b\nc\nd\na", ["a", "a"]],
    ["repeated", "a\na", "a\na\na", ["", "a"]],
    ["nothing in common", "a\nb", "c", ["a,b", "c"]],
  ])("%s", (_what, before, after, marked) => {
    const changes = lineChanges(before, after);
    const changed = (lines: readonly { text: string; isChanged: boolean }[]): string =>
      lines
        .filter(({ isChanged }) => isChanged)
        .map(({ text }) => text)
        .join(",");
    expect([changed(changes.before), changed(changes.after)]).toEqual(marked);
    expect(changes.before.map(({ text }) => text).join("\n")).toBe(before);
  });

  test("very long ones are not: all that lies between what they share is marked", () => {
    const lines = (of: string): string => ["{", ...Array.from({ length: 20_000 }, () => of), "}"].join("\n");
    const { before, after } = lineChanges(lines("a"), lines("b"));
    expect([before, after].map((one) => one.filter(({ isChanged }) => isChanged).length)).toEqual([20_000, 20_000]);
  });
});

describe("the address of the page", () => {
  it.each(["abc", "a/b?c&d=e#f", "ü %"])("says that the session %s is open", (key) => {
    expect(sessionIn(new URL(hashOf(key), "https://x.example/console").hash)).toBe(key);
  });

  it.each(["", "#", "#session=", "#other=1"])("may say nothing: %j", (hash) => {
    expect(sessionIn(hash)).toBeUndefined();
  });
});

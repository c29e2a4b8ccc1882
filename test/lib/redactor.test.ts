import { describe, expect, it } from "vitest";
import { oneSafeLine, Redactor } from "../../src/lib/redactor.ts";
import { inTime } from "../helpers/in-time.ts";

const KEYS = ["authorization", "password", "token", "x-api-key", "client_secret"];

describe("a redactor", () => {
  const redactor = new Redactor(KEYS, ["s3cr3t-value", "s3cr3t-value-longer", "ab", "a.b*c$d\\e"]);

  it.each([
    ["Authorization: Bearer abcdef0123456789"],
    ["authorization: bearer abcdef0123456789"],
    ["got Bearer abcdef0123456789, sorry"],
    ["BASIC abcdef0123456789="],
    ['{"headers":{"authorization":"Basic abcdef0123456789=="}}'],
    ["Api-Key abcdef0123456789"],
    ["curl -H 'Authorization: Token abcdef0123456789'"],
    ["Authorization: token abcdef0123456789"],
    ['{"authorization":"Digest username=\\"abcdef0123456789\\""}'],
    ["password=abcdef0123456789"],
    ["PASSWORD = abcdef0123456789"],
    ["password: 'abcdef0123456789'"],
    ['{"password":"abcdef0123456789"}'],
    ['{"password" : "abcdef0123456789", "other":1}'],
    ["?access_token=abcdef0123456789&x=1"],
    ["X-API-Key: abcdef0123456789"],
    ["client_secret=abcdef0123456789;"],
    ['{"password":"my abcdef0123456789"}'],
    ['{"password":"my,abcdef0123456789"}'],
    [String.raw`{"password":"my\"abcdef0123456789"}`],
    [String.raw`{"text":"password=\"abcdef0123456789\""}`],
  ])("masks the credential in %s", (text) => {
    const masked = redactor.text(text);
    expect(masked).toContain("[redacted]");
    expect(masked).not.toContain("abcdef0123456789");
  });

  it("leaves JSON valid", () => {
    for (const value of ["plain", 'with "quotes"', "back\\slash", "a,b;c&d}e", "", "two words"]) {
      const text = JSON.stringify({ password: value, note: `password="${value}"`, n: 1 });
      expect(JSON.parse(redactor.text(text))).toMatchObject({ n: 1 });
    }
  });

  it("masks known values, wherever they occur", () => {
    expect(redactor.text("x=s3cr3t-value, y=<s3cr3t-value>")).toBe("x=[redacted], y=<[redacted]>");
    expect(redactor.text("a.b*c$d\\e aXbYc")).toBe("[redacted] aXbYc");
  });

  it("masks a value that it knows in JSON too, where it is written with escapes", () => {
    const known = new Redactor([], ['pass"word\\one', "línea-uno\nlínea-dos"]);
    const text = known.text(JSON.stringify({ a: 'pass"word\\one', b: "línea-uno\nlínea-dos" }));
    expect(JSON.parse(text)).toEqual({ a: "[redacted]", b: "[redacted]" });
  });

  it("masks a value of several lines although its lines were joined or came alone", () => {
    const key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----";
    const known = new Redactor([], [key]);
    for (const text of [key, oneSafeLine(key, 1_000), "line 2: MIIEvQIBADANBg"]) {
      expect(known.text(text)).not.toMatch(/MIIEvQIBADANBg|kqhkiG9w0BAQEF/);
    }
  });

  it("masks a value as a whole although a part of it looks like a credential", () => {
    const known = new Redactor(KEYS, ["https://someone:pass@host/", "a=1;token=2;b=33"]);
    expect(known.text("x https://someone:pass@host/ a=1;token=2;b=33 y")).toBe("x [redacted] [redacted] y");
  });

  it("masks a longer value as a whole when it holds a shorter one", () => {
    expect(redactor.text("s3cr3t-value-longer")).toBe("[redacted]");
  });

  it("does not mask values that are too short to be distinguished from words", () => {
    expect(redactor.text("about")).toBe("about");
  });

  it.each([
    "New SSE connection for filesystem",
    "GET /everything/sse 200 ms=1.5",
    "basic auth is on",
    "a bearer of news",
    "https://mcp.example.com/token",
    'Client message received: {"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  ])("leaves %s alone", (text) => {
    expect(redactor.text(text)).toBe(text);
  });

  it("masks nothing by key when it was given no keys", () => {
    const text = "url: https://mcp.example.com/a?b=c d=e";
    expect(new Redactor([], ["s3cr3t-value"]).text(text)).toBe(text);
  });

  it("takes keys literally, whatever they hold", () => {
    const odd = new Redactor(["a.b", "c+d", "(e", "ü", "x-y"]);
    expect(odd.text("a.b=1 aXb=2 c+d=3 (e=4 ü=5 x-y=6")).toBe(
      "a.b=[redacted] aXb=2 c+d=[redacted] (e=[redacted] ü=[redacted] x-y=[redacted]",
    );
  });

  it.each([
    ["schemes", "Bearer ".repeat(150_000)],
    ["blanks", `password${" ".repeat(1_000_000)}`],
    ["keys", "token=".repeat(170_000)],
    ["letters", "a".repeat(1_000_000)],
    ["a credential", `Basic ${"a".repeat(1_000_000)}`],
  ])("comes to an end with a megabyte of %s", (_what, text) => {
    expect(inTime(() => redactor.text(text))).not.toBe("");
  });
});

describe("a password in a URL", () => {
  const redactor = new Redactor([]);

  it.each([
    ["postgres://me:pw@host/db", "postgres://me:[redacted]@host/db"],
    ["redis://:pw@host", "redis://:[redacted]@host"],
    ["https://me:p@ss:word@host/a?b=c", "https://me:[redacted]@host/a?b=c"],
    ["https://ghp_hunter2@github.com/a", "https://[redacted]@github.com/a"],
    ['"postgres://me:pw@host","http://a:b@c"', '"postgres://me:[redacted]@host","http://a:[redacted]@c"'],
  ])("is masked in %s, known or not", (text, expected) => {
    expect(redactor.text(text)).toBe(expected);
  });

  it.each(["ssh://git@github.com/a", "http://localhost:3000/@scope/x", "me@example.com: x", "https://a.b:80/c@d"])(
    "is not seen in %s",
    (text) => {
      expect(redactor.text(text)).toBe(text);
    },
  );
});

describe("a whole value", () => {
  const redactor = new Redactor([], ["pw", "4711"]);

  it("is masked however short it is, alone and after its name", () => {
    expect(redactor.value("pw")).toBe("[redacted]");
    expect(redactor.value("--password=pw")).toBe("--password=[redacted]");
    expect(redactor.value("pwd")).toBe("pwd");
    expect(redactor.text("a pw here")).toBe("a pw here");
  });
});

describe("a text that was cut within a secret", () => {
  const secret = "s3cr3t-value-of-some-length";
  const redactor = new Redactor([], [secret]);

  it("shows neither half of it", () => {
    for (let at = 6; at <= secret.length - 6; at++) {
      const end = redactor.text("x".repeat(600) + secret.slice(0, at));
      const start = redactor.text(secret.slice(at) + "x".repeat(600));
      expect([end, start]).toEqual([`${"x".repeat(600)}[redacted]`, `[redacted]${"x".repeat(600)}`]);
    }
  });
});

describe("a line of foreign text", () => {
  const redactor = new Redactor(["token"], ["s3cr3t-value"]);

  it("is masked although something invisible stands within the secret", () => {
    for (const between of ["\u001b[0m", "\u200b", "\u202e", "\u2066", "\ufeff", "\u{e0041}"])
      expect(redactor.line(`a s3cr3t${between}-value b`, 100)).toBe("a [redacted] b");
  });

  it("is masked no further than its secret, although the lines of it are joined", () => {
    expect(redactor.line("Authorization: a b c\nError: no", 100)).toContain("Error: no");
    expect(redactor.line("token=a\nError: no", 100)).toBe("token=[redacted] Error: no");
  });

  it("shows no half of a secret where it is cut", () => {
    for (const length of [90, 95, 100]) {
      expect(redactor.line(`${"x".repeat(length)}s3cr3t-value`, 100)).not.toContain("s3cr3t");
      expect(redactor.line("s3cr3t-value ".repeat(5_000), 100_000)).not.toContain("s3cr3t");
    }
    expect(redactor.line(`${"x".repeat(16 * 1024 - 7)}s3cr3t-value`, 100_000)).not.toContain("s3cr3t");
  });

  it("says that it was cut", () => {
    expect(redactor.line("x".repeat(20_000), 100)).toBe(`${"x".repeat(100)}…`);
    expect(redactor.line("token=".repeat(20_000), 100)).toMatch(/^token=\[redacted\]…$/);
    expect(redactor.line("abc", 3)).toBe("abc");
  });

  const KIB_64 = 64 * 1024;
  it.each([
    "token=",
    'token:"',
    'token="',
    '"',
    String.raw`\\`,
    String.raw`token=\\"`,
    "a ",
    "authorization: ",
    "authorization ",
    "authorization: a ",
    "Bearer ",
    "cookie" + " ".repeat(200),
    "://a:",
    "://a:@",
    "http://aaaaaaaaaaa",
    "\u001b[",
    "\u001b[1;",
    "\u202e",
    "s3cr3t-valu",
    "\n",
  ])("costs little when it is 64 KiB of %j", (part) => {
    const text = part.repeat(KIB_64 / part.length);
    // With a quadratic pattern this would exceed the test timeout.
    for (const one of [text, `token="${text}`, `authorization: ${text}`, `\u001b[${text}`]) {
      expect(redactor.line(one, 2_048).length).toBeLessThanOrEqual(2_049);
      redactor.text(one);
    }
  });
});

describe("one safe line", () => {
  it.each([
    ["a line break", "ok\n2024-01-20T10:15:30.123Z [ERROR]: forged"],
    ["a carriage return", "ok\r\n[ERROR]: forged"],
    ["a line separator", "ok\u2028[ERROR]: forged\u2029x"],
    ["a next line", "ok\u0085[ERROR]: forged"],
    ["a vertical tab and a form feed", "ok\u000b[ERROR]: forged\u000c"],
  ])("holds no second line made with %s", (_what, text) => {
    expect(oneSafeLine(text, 200)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  });

  it.each([
    ["colours", "\u001b[31mred\u001b[0m", "red"],
    ["a cleared screen", "\u001b[2J\u001b[1;1Hgone", "gone"],
    ["a cursor that hides", "\u001b[?25lx", "x"],
  ])("is rid of %s", (_what, text, expected) => {
    expect(oneSafeLine(text, 200)).toBe(expected);
  });

  it("holds no control character at all", () => {
    const all = String.fromCharCode(...Array.from({ length: 0xa0 }, (_, code) => code));
    expect(oneSafeLine(`${all}\u001b]0;title\u0007\u009b31m`, 1_000)).not.toMatch(/\p{Cc}/u);
  });

  it("is cut where it was asked to be, and says so", () => {
    expect(oneSafeLine("abcdef", 6)).toBe("abcdef");
    expect(oneSafeLine("abcdefg", 6)).toBe("abcdef…");
    expect(oneSafeLine("", 6)).toBe("");
  });

  it("is rid of what turns the order of text or does not show", () => {
    expect(oneSafeLine("a\u202eb\u2066c\u2069\u200bd\u200e\ufeffe\u{e0041}f\u00adg", 100)).toBe("abcdefg");
  });

  it("keeps letters of all languages", () => {
    expect(oneSafeLine("  grüße 漢字 🎈 👩‍🚀 می‌خواهم ", 100)).toBe("grüße 漢字 🎈 👩‍🚀 می‌خواهم");
  });
});

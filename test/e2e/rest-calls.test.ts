import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, realServer, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn } from "../helpers/rest-client.ts";

// The input and the output of one call.

let gateway: Awaited<ReturnType<typeof startGateway>>;
let rest: RestClient;
const files = mkdtempSync(join(tmpdir(), "rest-calls-"));

beforeAll(async () => {
  mkdirSync(join(files, "folder"));
  writeFileSync(join(files, "folder", "leaf.txt"), "a leaf");
  gateway = await startGateway({
    servers: {
      filesystem: realServer("server-filesystem", files),
      echo: fixture("echo"),
      verbatim: fixture("verbatim"),
      checked: fixture("checked-arguments"),
    },
  });
  rest = new RestClient(gateway.url);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(files, { recursive: true });
});

describe("the commands of the README", () => {
  const tree = [{ name: "folder", type: "directory", children: [{ name: "leaf.txt", type: "file" }] }];
  const treeIn = (stdout: string): unknown =>
    JSON.parse((JSON.parse(stdout) as { content: { text: string }[] }).content[0]?.text ?? "");

  /** Runs a command of the README literally, except for the port and the path. */
  async function shell(command: string): Promise<string> {
    const { port } = new URL(gateway.url);
    const here = command.replaceAll("localhost:3000", `localhost:${port}`).replaceAll("/some/path", files);
    const { stdout } = await promisify(execFile)("bash", ["-c", here], { timeout: 30_000 });
    return stdout;
  }

  test("give a session id", async () => {
    const answer = JSON.parse(await shell('curl "http://localhost:3000/api/sessionid"')) as object;
    expect(answer).toEqual({ sessionId: expect.stringMatching(/^[A-Za-z0-9_-]{21,}$/) as string });
  });

  test("call directory_tree with the id that jq took out of the answer", async () => {
    const stdout = await shell(`# First get a session ID
SESSION_ID=$(curl -s "http://localhost:3000/api/sessionid" | jq -r .sessionId)

# Then make the tool call
curl -X POST "http://localhost:3000/api/filesystem/directory_tree?sessionId=$SESSION_ID" \\
  -H "Content-Type: application/json" \\
  -d '{"path": "/some/path"}'`);
    expect(treeIn(stdout)).toEqual(tree);
  });

  test("call directory_tree with an id that the gateway never gave out", async () => {
    const stdout = await shell(
      `curl -X POST   "http://localhost:3000/api/filesystem/directory_tree?sessionId=randomSession12345"   -H "Content-Type: application/json"   -d '{
    "path": "/some/path"
}'`,
    );
    expect(treeIn(stdout)).toEqual(tree);
  });

  test("tell what is missing when the content type is left to curl", async () => {
    const command = `curl -X POST "http://localhost:3000/api/filesystem/directory_tree?sessionId=randomSession12345" -d '{"path": "/some/path"}'`;
    const answer = JSON.parse(await shell(command)) as { status: number; detail: string };
    expect(answer.status).toBe(415);
    expect(answer.detail).toContain("Content-Type: application/json");
  });
});

describe("the session of a call", () => {
  test("is said to be new at its first call and reused at the next", async () => {
    const sessionId = newId();
    expect((await rest.call("echo/pid", {}, { sessionId })).headers["x-mcp-session"]).toBe("new");
    expect((await rest.call("echo/pid", {}, { sessionId })).headers["x-mcp-session"]).toBe("reused");
  });

  test.each(["X-Session-Id", "Mcp-Session-Id"])("may be named by the header %s", async (name) => {
    const sessionId = newId();
    const pid = textIn(await rest.call("echo/pid", {}, { sessionId }));
    expect(textIn(await rest.post("/api/echo/pid", {}, { [name]: sessionId }))).toBe(pid);
  });

  test("is that of the query when a header names another", async () => {
    const sessionId = newId();
    const pid = textIn(await rest.call("echo/pid", {}, { sessionId }));
    expect(textIn(await rest.call("echo/pid", {}, { sessionId, headers: { "X-Session-Id": newId() } }))).toBe(pid);
  });
});

describe("the arguments of a call", () => {
  const sessionId = newId();
  /** The request line as the server received it. */
  const received = async (body: string): Promise<string> => textIn(await rest.call("echo/raw", body, { sessionId }));

  test("are none when the body is empty, whatever its content type", async () => {
    const path = `/api/checked/with-default?sessionId=${sessionId}`;
    const types = [{}, { "Content-Type": "application/json" }, { "Content-Type": "text/plain" }];
    for (const headers of types) expect(textIn(await rest.ask(path, { method: "POST", headers }))).toBe("{}");
    expect(textIn(await rest.post(path, " \n "))).toBe("{}");
    const chunked = { "Content-Type": "application/json", "Transfer-Encoding": "chunked" };
    expect(textIn(await rest.ask(path, { method: "POST", headers: chunked }))).toBe("{}");
  });

  test("reach the server as they were written: spaces, order of keys, and numbers beyond 2^53", async () => {
    const body = String.raw`{ "z" :  12345678901234567890 , "a":1.0,  "10": 1e400, "1":-0 ,"ü\u00fc": "\ud83d\ude00" }`;
    expect(await received(body)).toContain(`"arguments":${body}`);
  });

  test("may be written over several lines", async () => {
    expect(await received('{\r\n  "a":\n  9007199254740993\n}')).toMatch(
      /"arguments":\{\s+"a":\s+9007199254740993\s*\}/,
    );
  });

  test("lose a stray sessionId that the tool does not know", async () => {
    expect(textIn(await rest.call("checked/with-default", { n: 1, sessionId }))).toBe('{"n":1}');
    expect(textIn(await rest.call("checked/draft-07", { sessionId }))).toBe("{}");
  });

  test("keep their numbers beyond 2^53 when a stray sessionId is taken out", async () => {
    const line = await received('{"sessionId":"x", "a":9007199254740993}');
    expect(line).toMatch(/"a": ?9007199254740993/);
    expect(line).not.toContain("sessionId");
  });

  test("keep a sessionId that the tool does know", async () => {
    expect(textIn(await rest.call("checked/with-session-id", { sessionId: "mine" }))).toBe('{"sessionId":"mine"}');
  });

  test("get no default filled in and no value converted", async () => {
    expect(textIn(await rest.call("checked/with-default", {}))).toBe("{}");
    expect(await rest.call("checked/with-default", { n: "7" })).toMatchObject(problem(422, "invalid_arguments"));
  });

  test("may hold a __proto__, which is a name like any other", async () => {
    expect(await received('{"__proto__":{"a":1},"constructor":2}')).toContain('{"__proto__":{"a":1},"constructor":2}');
  });

  test.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"])(
    "may come as %s",
    async (type) => {
      const answer = await rest.call("echo/echo", { message: "hi" }, { sessionId, headers: { "Content-Type": type } });
      expect(textIn(answer)).toBe("hi");
    },
  );
});

describe("the result of a call", () => {
  const sessionId = newId();
  const result = (text: string) => rest.call("verbatim/result", { text }, { sessionId });
  const line = (text: string) => rest.call("verbatim/line", { text }, { sessionId });
  const odd = String.raw`{ "structuredContent" : {"z":12345678901234567890,"a":1.50,"10":1,"1":2} ,"content":[ ], "_meta":{"x/y":"\u00fc\/ü"}, "isError":false , "unknown":[1 , 2]}`;

  test("is what the server wrote, byte for byte", async () => {
    const answer = await result(odd);
    expect(answer.text).toBe(odd);
    expect(answer).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
    expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(odd)));
    expect(answer.headers).not.toHaveProperty("x-mcp-tool-error");
  });

  test.each([
    ["with the id last", `{"result":${odd},"jsonrpc":"2.0","id":$ID}`],
    ["with spaces between", `{ "jsonrpc" : "2.0" , "id" : $ID , "result" : ${odd} }`],
    ["with a member after it", `{"jsonrpc":"2.0","id":$ID,"result":${odd},"extra":{"result":{}}}`],
    ["with a member of that name before it", `{"extra":{"result":1},"jsonrpc":"2.0","id":$ID,"result":${odd}}`],
  ])("is the same whatever stands around it: %s", async (_what, text) => {
    expect((await line(text)).text).toBe(odd);
  });

  const long = `{"content":[{"type":"text","text":"${"x".repeat(100_000)}"}], "n": 12345678901234567890}`;

  test.each([
    ["", `{"jsonrpc":"2.0","id":$ID,"result":${long}}`],
    [" with the id last", `{"result":${long},"jsonrpc":"2.0","id":$ID}`],
    [" with an object after it", `{"jsonrpc":"2.0","id":$ID,"result":${long},"extra":{}}`],
    [" with a number after it", `{"jsonrpc":"2.0","id":$ID,"result":${long},"extra":1}`],
    [" with a member between it and the id", `{"result":${long},"extra":{},"jsonrpc":"2.0","id":$ID}`],
  ])("is the same when it is long%s", async (_what, text) => {
    const answer = await line(text);
    expect(answer.text.slice(long.length - 40)).toBe(long.slice(-40));
    expect(answer.text === long).toBe(true);
  });

  test("says in a header when it is a tool's error, which is no failure of HTTP", async () => {
    const failed = '{"content":[{"type":"text","text":"no such file"}], "isError" : true}';
    expect(await result(failed)).toMatchObject({ status: 200, text: failed, headers: { "x-mcp-tool-error": "true" } });
  });

  test("is no tool's error because something in it says so", async () => {
    const answer = await result(
      String.raw`{"content":[{"type":"text","text":"\"isError\": true"}],"x":{"isError":true}}`,
    );
    expect(answer.headers).not.toHaveProperty("x-mcp-tool-error");
  });

  test("is whole at 10 MiB", async () => {
    const bytes = 10 * 1024 * 1024;
    const { status, text } = await rest.call("echo/big", { bytes });
    expect(status).toBe(200);
    expect(text === `{"content":[{"type":"text","text":"${"x".repeat(bytes)}"}]}`).toBe(true);
  });
});

const PNG = Buffer.from("89504e470d0a1a0a00ff", "hex");
const WAV = Buffer.from("52494646ff00fe01", "hex");
const PDF = Buffer.from("255044462d312e37ff", "hex");
const part = {
  text: (text: string) => ({ type: "text", text }),
  image: { type: "image", data: PNG.toString("base64"), mimeType: "image/png" },
  audio: { type: "audio", data: WAV.toString("base64"), mimeType: "audio/wav" },
  file: {
    type: "resource",
    resource: { uri: "file:///a.pdf", mimeType: "application/pdf", blob: PDF.toString("base64") },
  },
  note: { type: "resource", resource: { uri: "file:///a.txt", text: "a note" } },
};

describe("the form of an answer", () => {
  const sessionId = newId();
  interface Wanted {
    readonly accept?: string;
    readonly result?: string;
  }
  const ask = (result: object, { accept, result: form }: Wanted) =>
    rest.call(
      "verbatim/result",
      { text: JSON.stringify(result) },
      { sessionId, headers: { Accept: accept }, query: form === undefined ? {} : { result: form } },
    );

  test.each(["*/*", "application/json", "application/*", "text/html, application/json;q=0.5", undefined])(
    "is the raw result for Accept: %s",
    async (accept) => {
      const answer = await ask({ content: [] }, accept === undefined ? {} : { accept });
      expect(answer).toMatchObject({ status: 200, text: '{"content":[]}' });
      expect(answer.headers["content-type"]).toBe("application/json");
    },
  );

  test.each([
    { accept: "text/plain" },
    { accept: "text/*" },
    { accept: "application/json;q=0.1, text/plain" },
    { result: "text" },
  ])("is the texts, joined by blank lines, for %o", async (wanted) => {
    const answer = await ask({ content: [part.text("one"), part.image, part.text("two"), part.note] }, wanted);
    expect(answer).toMatchObject({ status: 200, text: "one\n\ntwo\n\na note" });
    expect(answer.headers["content-type"]).toMatch(/^text\/plain; *charset=utf-8$/i);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });

  test("says in a header that a text is a tool's error", async () => {
    const answer = await ask({ content: [part.text("no")], isError: true }, { accept: "text/plain" });
    expect(answer).toMatchObject({ status: 200, text: "no", headers: { "x-mcp-tool-error": "true" } });
  });

  test("is the structured content as the server wrote it, for ?result=structured", async () => {
    const text = '{"content":[],"structuredContent": {"z": 12345678901234567890, "a":1.0} }';
    const answer = await rest.call("verbatim/result", { text }, { sessionId, query: { result: "structured" } });
    expect(answer).toMatchObject({ status: 200, text: '{"z": 12345678901234567890, "a":1.0}' });
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  test.each([
    ["its only text, read as JSON", { content: [part.text("[1,  2]")] }, "[1,  2]"],
    ["its only text, as a JSON string", { content: [part.text("[1, 2")] }, '"[1, 2"'],
    ["the whole result when it has several texts", { content: [part.text("1"), part.text("2")] }, undefined],
  ])("without structured content is, for ?result=structured, %s", async (_what, result, text) => {
    expect((await ask(result, { result: "structured" })).text).toBe(text ?? JSON.stringify(result));
  });

  test.each([
    [{ accept: "image/*" }, PNG, "image/png"],
    [{ accept: "image/png" }, PNG, "image/png"],
    [{ accept: "audio/*" }, WAV, "audio/wav"],
    [{ accept: "audio/wav, application/json;q=0.1" }, WAV, "audio/wav"],
    [{ result: "blob" }, PNG, "image/png"],
  ])("is the first blob that matches %o, decoded", async (wanted, bytes, type) => {
    const answer = await ask({ content: [part.text("see:"), part.image, part.audio, part.file] }, wanted);
    const { status, headers } = answer;
    const shown = { status, hex: answer.bytes.toString("hex"), type: headers["content-type"] };
    expect(shown).toEqual({ status: 200, hex: bytes.toString("hex"), type });
  });

  test("is the blob of an embedded resource, as a type that no browser runs", async () => {
    const answer = await ask({ content: [part.file] }, { accept: "application/octet-stream" });
    expect(answer).toMatchObject({ status: 200, bytes: PDF, headers: { "x-content-type-options": "nosniff" } });
    expect(answer.headers["content-type"]).toBe("application/octet-stream");
    const data = Buffer.from("<svg onload=alert(1)/>").toString("base64");
    const svg = await ask({ content: [{ type: "image", data, mimeType: "image/svg+xml" }] }, { accept: "image/*" });
    expect(svg.headers["content-type"]).toBe("application/octet-stream");
  });

  test("is the raw result when it has no such part", async () => {
    const result = { content: [part.text("only words")] };
    const answer = await ask(result, { accept: "image/*" });
    expect(answer).toMatchObject({ status: 200, text: JSON.stringify(result) });
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  test("follows ?result= before Accept", async () => {
    const answer = await ask({ content: [part.text("words")] }, { accept: "application/json", result: "text" });
    expect(answer.text).toBe("words");
  });

  test.each(["text/html", "application/xml", "application/json;q=0", "multipart/mixed"])(
    "is a 406 for Accept: %s",
    async (accept) => {
      expect(await ask({ content: [] }, { accept })).toMatchObject(problem(406, "not_acceptable"));
    },
  );

  test("is a 400 for a ?result= that does not exist", async () => {
    expect(await ask({ content: [] }, { result: "html" })).toMatchObject(problem(400, "invalid_request"));
  });
});

describe("rest.maxResponseChars", () => {
  let limited: typeof gateway;
  let short: RestClient;
  const sessionId = newId();
  const result = (value: object, form = "raw") =>
    short.call("verbatim/result", { text: JSON.stringify(value) }, { sessionId, query: { result: form } });

  beforeAll(async () => {
    limited = await startGateway({ rest: { maxResponseChars: 20 }, servers: { verbatim: fixture("verbatim") } });
    short = new RestClient(limited.url);
  });
  afterAll(() => limited[Symbol.asyncDispose]());

  test("cuts the texts of a result at so many characters in all, and says how many are missing", async () => {
    const answer = await result({ content: [part.text("a".repeat(15)), part.text("b".repeat(15))], isError: false });
    const cut = part.text(`${"b".repeat(5)}…[truncated 10 chars]`);
    expect(answer.json).toEqual({ content: [part.text("a".repeat(15)), cut], isError: false });
    expect(answer.headers["x-mcp-truncated"]).toBe("true");
  });

  test("cuts the text form", async () => {
    const answer = await result({ content: [part.text("a".repeat(25))] }, "text");
    expect(answer.text).toBe(`${"a".repeat(20)}…[truncated 5 chars]`);
  });

  test("cuts the text of an embedded resource", async () => {
    const resource = { uri: "a:b", text: "a".repeat(25) };
    const answer = await result({ content: [{ type: "resource", resource }] });
    expect(answer.text).toContain(`"${"a".repeat(20)}…[truncated 5 chars]"`);
  });

  test("leaves a result alone whose texts are short enough, however long its JSON is", async () => {
    const whole = { content: [part.text("short")], _meta: { "x/y": "something else that is long" } };
    const answer = await result(whole);
    expect(answer.text).toBe(JSON.stringify(whole));
    expect(answer.headers).not.toHaveProperty("x-mcp-truncated");
  });

  test("leaves a blob whole", async () => {
    const bytes = Buffer.from("89504e470d0a1a0a".repeat(8), "hex");
    const image = { type: "image", data: bytes.toString("base64"), mimeType: "image/png" };
    expect((await result({ content: [image] }, "blob")).bytes.toString("hex")).toBe(bytes.toString("hex"));
  });

  test("adds nothing to the structured content that was asked for", async () => {
    const structuredContent = { rows: [1, 2, 3], name: "something that is long enough" };
    const answer = await result({ content: [part.text("x")], structuredContent }, "structured");
    expect(answer.json).toEqual(structuredContent);
  });

  test("cuts the result at the end of a stream", async () => {
    const text = JSON.stringify({ content: [part.text("a".repeat(25))] });
    const stream = await short.stream("verbatim/result", { text }, { sessionId });
    await stream.over();
    expect(stream.events.at(-1)?.data).toContain(`${"a".repeat(20)}…[truncated 5 chars]`);
  });
});

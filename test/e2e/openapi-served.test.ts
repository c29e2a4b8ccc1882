import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { OpenAPIClientAxios } from "openapi-client-axios";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fixture, realServer, ROOT, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn, type RestAnswer } from "../helpers/rest-client.ts";

// The documents as served over HTTP.

interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, { readonly post?: Operation; readonly get?: Operation }>>;
  readonly components?: { readonly securitySchemes?: object };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: object;
  readonly "x-mcp-server"?: string;
  readonly "x-mcp-tool"?: string;
}

type Gateway = Awaited<ReturnType<typeof startGateway>>;

let gateway: Gateway;
let rest: RestClient;
const folder = mkdtempSync(join(tmpdir(), "openapi-served-"));
const files = join(folder, "files");

beforeAll(async () => {
  mkdirSync(join(files, "sub"), { recursive: true });
  writeFileSync(join(files, "sub", "leaf.txt"), "a leaf");
  gateway = await startGateway({
    servers: {
      echo: fixture("echo"),
      filesystem: realServer("server-filesystem", files),
      pages: fixture("lists-in-pages"),
    },
  });
  rest = new RestClient(gateway.url);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const documentIn = ({ text, headers }: RestAnswer): Document =>
  (/yaml/.test(headers["content-type"] ?? "") ? parse(text) : JSON.parse(text)) as Document;

async function documentAt(path: string, caller = rest): Promise<Document> {
  const answer = await caller.ask(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return documentIn(answer);
}

/** `server:tool` of every operation that calls one, sorted. */
function toolsIn({ paths }: Document): string[] {
  const calls = Object.values(paths).flatMap(({ post }) => post ?? []);
  return calls.map((post) => `${post["x-mcp-server"]}:${post["x-mcp-tool"]}`).toSorted();
}

const PLACES = ["", "/api", "/api/echo"];
const FILES = ["", ".gpt", ".openwebui"].flatMap((profile) => [`openapi${profile}.json`, `openapi${profile}.yaml`]);
const PATHS = PLACES.flatMap((place) => FILES.map((file) => `${place}/${file}`));

describe("a document", () => {
  test.each(PATHS)("is served at %s, and its URL without the file name is that of its API", async (path) => {
    const answer = await rest.ask(path);
    const document = documentIn(answer);
    const type = path.endsWith(".yaml") ? /^application\/yaml/ : /^application\/json/;
    expect(answer.headers["content-type"]).toMatch(type);
    expect(document.openapi).toBe("3.1.0");
    expect(document.servers).toEqual([{ url: `${gateway.url}${path.slice(0, path.lastIndexOf("/"))}` }]);
    // A path of the document, resolved against its URL, leads to the tool.
    const place = Object.entries(document.paths).find(([, { post }]) => post?.["x-mcp-tool"] === "echo")?.[0] ?? "";
    const { pathname } = new URL(`${document.servers[0]?.url}${place}`);
    expect(textIn(await rest.post(`${pathname}?sessionId=${newId()}`, { message: "found" }))).toBe("found");
  });

  test("has the same content as JSON and as YAML", async () => {
    for (const place of PLACES)
      expect(await documentAt(`${place}/openapi.yaml`)).toEqual(await documentAt(`${place}/openapi.json`));
  });

  test("describes every tool of every server, all pages of them", async () => {
    const index = (await rest.ask("/api")).json as { servers: { name: string; tools: string[] }[] };
    const all = index.servers.flatMap(({ name, tools }) => tools.map((tool) => `${name}:${tool}`)).toSorted();
    expect(all).toContain("filesystem:directory_tree");
    expect(all).toContain("pages:grow");
    for (const place of ["", "/api"]) expect(toolsIn(await documentAt(`${place}/openapi.json`))).toEqual(all);
    const ofEcho = all.filter((name) => name.startsWith("echo:"));
    expect(toolsIn(await documentAt("/api/echo/openapi.json"))).toEqual(ofEcho);
  });

  test("says that every call needs a session id, and where to get one", async () => {
    const { paths } = await documentAt("/openapi.json");
    expect(paths["/api/sessionid"]?.get?.operationId).toMatch(/./);
    const calls = Object.values(paths).flatMap(({ post }) => post ?? []);
    const needsId = [{ name: "sessionId", in: "query", required: true }];
    expect(calls).toMatchObject(calls.map(({ operationId }) => ({ operationId, parameters: needsId })));
  });

  test("is for another reader by ?profile, just as by its file name", async () => {
    for (const place of PLACES) {
      for (const profile of ["gpt", "openwebui"]) {
        const named = (await rest.ask(`${place}/openapi.${profile}.json`)).text;
        const chosen = (await rest.ask(`${place}/openapi.json?profile=${profile}`)).text;
        expect([place, profile, chosen === named]).toEqual([place, profile, true]);
      }
    }
    const gpt = await documentAt("/openapi.json?profile=gpt");
    const isConsequential = Object.values(gpt.paths).map(
      ({ post }) => post !== undefined && "x-openai-isConsequential" in post,
    );
    expect(new Set(isConsequential)).toEqual(new Set([true]));
    expect(await documentAt("/openapi.json?profile=full")).toEqual(await documentAt("/openapi.json"));
  });

  test.each(["3.1", "3.0"])("is of OpenAPI %s when ?version says so", async (version) => {
    const { openapi } = await documentAt(`/openapi.json?version=${version}`);
    expect(openapi).toBe({ "3.1": "3.1.0", "3.0": "3.0.3" }[version]);
  });

  test.each([
    ["tools=pid", ["echo:pid"]],
    ["tools=echo:*d", ["echo:add", "echo:cwd", "echo:pid"]],
    ["tools=echo:pid,filesystem:*_tree", ["echo:pid", "filesystem:directory_tree"]],
    ["tools=pages:one&tools=pages:grow", ["pages:grow", "pages:one"]],
    ["tools=nobody:*", []],
  ])("has only the tools of ?%s", async (query, tools) => {
    expect(toolsIn(await documentAt(`/openapi.json?${query}`))).toEqual(tools);
  });

  test.each(["profile=nope", "profile=", "version=2.0", "version=3.1.0", "profile=__proto__", "accept=text"])(
    "is a 400 for ?%s, with what may stand there",
    async (query) => {
      const answer = await rest.ask(`/openapi.json?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(/full, gpt, openwebui|3\.1, 3\.0|json, all/);
    },
  );

  test("that is refused is refused with a problem body", async () => {
    expect(await rest.ask("/openapi.json?version=2.0")).toMatchObject(problem(400, "invalid_request"));
    expect(await rest.ask("/api/nope/openapi.json")).toMatchObject(problem(404, "server_not_found"));
    expect(await rest.ask("/api/openapi.json", { method: "POST" })).toMatchObject(problem(405, "method_not_allowed"));
  });

  test.each([
    "/api/nope/openapi.json",
    "/nope/openapi.json",
    "/api/echo/echo/openapi.json",
    "/openapi.txt",
    "/openapi.nope.json",
  ])("is a 404 at %s", async (path) => {
    expect(await rest.ask(path)).toMatchObject({ status: 404 });
  });

  test.each(["POST", "PUT", "DELETE"])("is a 405 for %s, with what is allowed", async (method) => {
    const { status, headers } = await rest.ask("/openapi.json", { method });
    expect(status).toBe(405);
    expect(headers.allow?.split(/, ?/)).toEqual(expect.arrayContaining(["GET"]));
  });
});

describe("a reader who has the document already", () => {
  const tagOf = async (path: string): Promise<string> => (await rest.ask(path)).headers.etag ?? "";
  const ask = (path: string, tag: string, method = "GET") =>
    rest.ask(path, { method, headers: { "If-None-Match": tag } });

  test.each(["/openapi.json", "/api/echo/openapi.gpt.yaml"])("is told that it is the same: %s", async (path) => {
    const tag = await tagOf(path);
    expect(tag).toMatch(/^"[^"]+"$/);
    for (const method of ["GET", "HEAD"])
      expect(await ask(path, tag, method)).toMatchObject({ status: 304, text: "", headers: { etag: tag } });
    expect(await ask(path, '"another"')).toMatchObject({ status: 200, headers: { etag: tag } });
  });

  test.each([
    ["as one of several", (tag: string) => `"another", ${tag}`],
    ["as a weak one, as compressing proxies make them", (tag: string) => `W/${tag}`],
    ["as any", () => "*"],
  ])("is told so when it names the tag %s", async (_how, header) => {
    expect(await ask("/openapi.json", header(await tagOf("/openapi.json")))).toMatchObject({ status: 304 });
  });

  test("gets another tag for another document", async () => {
    const tags = await Promise.all(["", "?version=3.0", "?tools=pid"].map((query) => tagOf(`/openapi.json${query}`)));
    expect(new Set(tags).size).toBe(3);
  });

  test("may ask for the head only", async () => {
    const [get, head] = [await rest.ask("/openapi.json"), await rest.ask("/openapi.json", { method: "HEAD" })];
    expect(head).toMatchObject({ status: 200, text: "" });
    for (const name of ["etag", "content-type", "content-length"]) expect(head.headers[name]).toBe(get.headers[name]);
  });
});

describe("the documents of a gateway with authentication", () => {
  const config = {
    auth: {
      basic: { credentials: [{ username: "admin", password: "the-pass-word" }] },
      bearer: { tokens: ["the-token-of-the-test"] },
    },
    servers: { echo: fixture("echo") },
  };
  const authorized = { Authorization: "Bearer the-token-of-the-test" };

  test("are for its callers only, and say how to call, without a secret", async () => {
    await using guarded = await startGateway(config);
    const stranger = new RestClient(guarded.url);
    for (const path of ["/openapi.json", "/api/openapi.yaml", "/api/echo/openapi.gpt.json", "/api/nope/openapi.json"]) {
      const answer = await stranger.ask(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers["www-authenticate"]).toMatch(/Basic.*Bearer|Bearer.*Basic/);
    }
    const caller = new RestClient(guarded.url, authorized);
    const document = await documentAt("/openapi.json", caller);
    expect(document.security).toEqual(expect.arrayContaining([{ basicAuth: [] }, { bearerAuth: [] }]));
    expect(document.components?.securitySchemes).toMatchObject({
      basicAuth: { type: "http", scheme: "basic" },
      bearerAuth: { type: "http", scheme: "bearer" },
    });
    const { text } = await caller.ask("/openapi.json");
    for (const secret of ["the-pass-word", "the-token-of-the-test"]) expect(text).not.toContain(secret);
  });

  test("are for everybody when openapi.public says so, but the tools are not", async () => {
    await using open = await startGateway({ ...config, openapi: { public: true } });
    const stranger = new RestClient(open.url);
    expect(toolsIn(await documentAt("/openapi.json", stranger))).toContain("echo:echo");
    expect(await stranger.call("echo/echo", { message: "x" })).toMatchObject({ status: 401 });
  });
});

describe("the address in a document", () => {
  test("is publicUrl, with its path, whatever the reader's Host", async () => {
    await using proxied = await startGateway({
      publicUrl: "https://mcp.example.com/gateway/",
      servers: { echo: fixture("echo") },
    });
    const caller = new RestClient(proxied.url);
    const urls = await Promise.all(PLACES.map((place) => documentAt(`${place}/openapi.json`, caller)));
    expect(urls.map(({ servers }) => servers[0]?.url)).toEqual(
      PLACES.map((place) => `https://mcp.example.com/gateway${place}`),
    );
  });

  test("is what the reader called us, below the prefix that its proxy tells", async () => {
    const { port } = new URL(gateway.url);
    const headers = { Host: `localhost:${port}`, "X-Forwarded-Prefix": "/tools" };
    const document = documentIn(await rest.ask("/api/openapi.json", { headers }));
    expect(document.servers).toEqual([{ url: `http://localhost:${port}/tools/api` }]);
  });
});

describe("one broken server", () => {
  test("is left out and named in a header, and hides no other", async () => {
    await using partial = await startGateway({
      limits: { start: "500ms" },
      servers: { ends: fixture("exits-at-once"), echo: fixture("echo"), silent: fixture("never-initializes") },
    });
    const caller = new RestClient(partial.url);
    const answer = await caller.ask("/openapi.json");
    expect(answer.status).toBe(200);
    expect(answer.headers["x-mcp-unavailable"]).toBe("ends, silent");
    const servers = toolsIn(documentIn(answer)).map((name) => name.split(":")[0]);
    expect(new Set(servers)).toEqual(new Set(["echo"]));
    expect((await caller.ask("/api/echo/openapi.json")).headers).not.toHaveProperty("x-mcp-unavailable");
    expect((await caller.ask("/api/ends/openapi.json")).headers).toHaveProperty("x-mcp-unavailable", "ends");
  });
});

describe("a page that reads a document", () => {
  test("may see every header of ours", async () => {
    const { headers } = await rest.ask("/openapi.json", { headers: { Origin: "http://localhost:8080" } });
    const exposed = String(headers["access-control-expose-headers"]).split(", ");
    const ours = ["X-MCP-Session", "X-MCP-Tool-Error", "X-MCP-Truncated", "X-MCP-Unavailable"];
    expect(ours.filter((name) => !exposed.includes(name))).toEqual([]);
  });
});

describe("the session id in a document", () => {
  const idsIn = ({ paths }: Document): unknown[] =>
    Object.values(paths).map(({ post }) => post?.parameters?.[0]?.required);

  test.each([
    ["rest.sessionless: oneshot", { sessionless: "oneshot" }],
    ["rest.implicitSession", { implicitSession: ["openai-conversation-id"] }],
  ])("is optional with %s, and Open WebUI hears nothing of it", async (_what, settings) => {
    await using lax = await startGateway({ rest: settings, servers: { counter: fixture("counter") } });
    const caller = new RestClient(lax.url);
    expect(idsIn(await documentAt("/api/counter/openapi.json", caller))).toEqual([false, false]);
    expect(idsIn(await documentAt("/api/counter/openapi.openwebui.json", caller))).toEqual([undefined, undefined]);
  });
});

describe("an answer of a tool in a document", () => {
  const typesAt = async (path: string): Promise<unknown> => {
    const { paths } = (await rest.ask(path)).json as { paths: Record<string, { post?: Described }> };
    const contents = Object.values(paths).flatMap(({ post }) => (post === undefined ? [] : [post.responses["200"]]));
    return [...new Set(contents.map(({ content }) => Object.keys(content).join(" ")))];
  };

  test("has one media type, and all of them where that is asked for", async () => {
    const [plain, all, again] = [
      await typesAt("/openapi.json"),
      await typesAt("/openapi.json?accept=all"),
      await typesAt("/openapi.json?accept=json"),
    ];
    expect([plain, again]).toEqual([["application/json"], ["application/json"]]);
    expect(all).toEqual(expect.arrayContaining(["application/json text/event-stream text/plain"]));
  });
});

interface Described {
  readonly responses: { readonly "200": { readonly content: Readonly<Record<string, unknown>> } };
}

describe("the dump of a config", () => {
  const config = {
    hostname: "127.0.0.1",
    publicUrl: "https://mcp.example.com/gateway",
    auth: { bearer: { tokens: ["the-token-of-the-test"] } },
    openapi: { public: true, title: "My tools", version: "2.3.4" },
    servers: { echo: fixture("echo"), pages: fixture("lists-in-pages"), hostile: fixture("hostile-schemas") },
  };

  test("is what a gateway of that config serves, to the byte", async () => {
    await using served = await startGateway(config);
    const file = join(folder, "config.yaml");
    writeFileSync(file, JSON.stringify(config));
    const caller = new RestClient(served.url);
    const dump = async (...args: string[]): Promise<string> => {
      const all = ["dist/main.js", "openapi", "-c", file, ...args];
      const options = { cwd: ROOT, timeout: 30_000, maxBuffer: 64 * 1024 * 1024 };
      return (await promisify(execFile)(process.execPath, all, options)).stdout;
    };
    const pairs = [
      ["/openapi.yaml"],
      ["/openapi.json?version=3.0", "--format", "json", "--version", "3.0"],
      ["/api/echo/openapi.gpt.json", "--format", "json", "--server", "echo", "--profile", "gpt"],
      ["/api/echo/openapi.openwebui.yaml", "--server", "echo", "--profile", "openwebui"],
      ["/openapi.json?accept=all", "--format", "json", "--accept", "all"],
      ["/openapi.json?tools=echo:*", "--format", "json", "--tools", "echo:*"],
    ];
    for (const [path = "", ...args] of pairs) {
      const [dumped, { status, text }] = await Promise.all([dump(...args), caller.ask(path)]);
      expect(status).toBe(200);
      expect([path, dumped === text]).toEqual([path, true]);
      expect(dumped.length).toBeGreaterThan(1_000);
    }
  });
});

describe("a client generated from the document alone", () => {
  /** The client that openapi-client-axios creates from a document at run time: one method per operation. */
  async function clientOf(url: string, headers: Record<string, string> = {}) {
    const api = new OpenAPIClientAxios({ definition: url, axiosConfigDefaults: { headers } });
    return api.init();
  }
  const textOf = (data: unknown): string => (data as { content: { text: string }[] }).content[0]?.text ?? "";

  test.each(["/openapi.json", "/api/openapi.json", "/openapi.json?version=3.0", "/api/openapi.openwebui.json"])(
    "calls echo and a filesystem tool through %s",
    async (path) => {
      const client = await clientOf(`${gateway.url}${path}`);
      const sessionId = newId();
      const echoed = await client["echo-echo"]?.({ sessionId }, { message: "hi" });
      expect(textOf(echoed?.data)).toBe("hi");
      const tree = await client["filesystem-directory_tree"]?.({ sessionId }, { path: files });
      expect(JSON.parse(textOf(tree?.data))).toEqual([
        { name: "sub", type: "directory", children: [{ name: "leaf.txt", type: "file" }] },
      ]);
    },
  );

  test("calls echo through the document of one server", async () => {
    const client = await clientOf(`${gateway.url}/api/echo/openapi.json`);
    const answer = await client["echo-add"]?.({ sessionId: newId() }, { a: 20, b: 22 });
    expect(textOf(answer?.data)).toBe("42");
  });

  test("gets a session id from the document, and uses it", async () => {
    const client = await clientOf(`${gateway.url}/openapi.json`);
    const minted = await client["getSessionId"]?.();
    const { sessionId } = minted?.data ?? {};
    const [one, two] = [await client["echo-pid"]?.({ sessionId }), await client["echo-pid"]?.({ sessionId })];
    expect(textOf(one?.data)).toMatch(/^\d+$/);
    expect(textOf(two?.data)).toBe(textOf(one?.data));
  });

  test("hears of its mistakes as problems", async () => {
    const client = await clientOf(`${gateway.url}/openapi.json`);
    const call = client["echo-add"]?.({ sessionId: newId() }, { a: "twenty" });
    await expect(call).rejects.toMatchObject({
      response: { status: 422, data: { code: "invalid_arguments", errors: [{ pointer: "/b" }, { pointer: "/a" }] } },
    });
  });
});

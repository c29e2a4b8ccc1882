import { describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";

// Lists that are long, cut into pages, oddly named or rubbish, under a policy.

const authorization = `Basic ${Buffer.from("alice:pw").toString("base64")}`;

function start(tools: readonly string[], servers: object, deny: readonly string[] = []): Promise<GatewayProcess> {
  return startGateway({
    auth: { basic: { credentials: [{ username: "alice", password: "pw" }] } },
    policy: { rules: [{ allow: { tools } }, { deny: { tools: deny } }] },
    rest: { timeout: "30s" },
    servers,
  });
}

async function connect(gateway: GatewayProcess, server: string): Promise<StreamableClient> {
  const client = new StreamableClient(`${gateway.url}/${server}/mcp`, { authorization });
  await client.initialize();
  return client;
}

/** One page of the tools. */
async function page(client: StreamableClient, cursor?: string) {
  const id = client.nextId();
  const exchange = await client.request("tools/list", cursor === undefined ? {} : { cursor }, { id });
  const { result, error } = await exchange.answer(id);
  const tools = (result?.["tools"] ?? []) as { name: string }[];
  return { names: tools.map(({ name }) => name), next: result?.["nextCursor"] as string | undefined, error };
}

it("every page of a list is filtered, and its cursor stays", async () => {
  await using gateway = await start(["t*", "s*"], { paged: fixture("lists-in-pages") });
  await using client = await connect(gateway, "paged");
  const pages = [await page(client), await page(client, "page-2"), await page(client, "page-3")];
  expect(pages).toMatchObject([
    { names: ["two", "three"], next: "page-2" },
    { names: ["six"], next: "page-3" },
    { names: [] },
  ]);
  const { json } = await new RestClient(gateway.url, { authorization }).ask("/api/paged");
  expect((json["tools"] as { name: string }[]).map(({ name }) => name)).toEqual(["two", "three", "six"]);
});

it("ten thousand tools are filtered for a list, a document and the docs page", async () => {
  const many = fixture("many-tools", { env: { COUNT: "10000" } });
  await using gateway = await start(["tool-7*"], { many });
  await using client = await connect(gateway, "many");
  expect((await page(client)).names).toHaveLength(1_111);
  const rest = new RestClient(gateway.url, { authorization });
  const { text } = await rest.ask("/openapi.json");
  expect([text.includes("/api/many/tool-77"), text.includes("/api/many/tool-17")]).toEqual([true, false]);
  const { text: docs } = await rest.ask("/docs", { headers: { accept: "text/html" } });
  expect([docs.includes("tool-77"), docs.includes("tool-17")]).toEqual([true, false]);
});

it("names that look like patterns, paths and prototypes are taken letter by letter", async () => {
  const allowed = ["__proto__", "constructor", "x:y", String.raw`x\*`, "a/b", "größe", "{x}"];
  const tools = allowed.map((name) => `odd:${name}`);
  await using gateway = await start(tools, { odd: fixture("odd-names") }, ["odd:TOSTRING"]);
  await using client = await connect(gateway, "odd");
  const { names } = await page(client);
  const plain = allowed.map((name) => name.replace("\\", ""));
  expect(names.toSorted()).toEqual(plain.toSorted());
  expect(await Promise.all(plain.map((name) => client.call(name)))).toEqual(plain);
  for (const name of ["x+y", "gro\u0308ße", "GRÖSSE", "Tool", "toString", "x=y", "x*x"]) {
    expect(await client.call(name)).toContain(`Unknown tool: ${name}`);
  }
});

describe("a server that answers rubbish to tools/list", () => {
  it.each([
    ["no list", '{"tools":{"secret":{"name":"secret"}}}'],
    ["another key", '{"Tools":[{"name":"secret"}]}'],
    ["two lists", '{"tools":[{"name":"secret"}],"tools":[{"name":"open"}]}'],
    ["a long broken one", `{"tools":[{"name":"secret"},${'{"name":"secret"},'.repeat(3_000)}]}`],
  ])("gets none of it through: %s", async (_what, list) => {
    await using gateway = await start(["rubbish:open"], { rubbish: fixture("lists-rubbish", { env: { LIST: list } }) });
    await using client = await connect(gateway, "rubbish");
    const { names, error } = await page(client);
    expect([names, error?.code]).toEqual([[], -32603]);
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(await client.call("open")).toBe("open");
  });

  it("gets through of a list what has a name that is allowed", async () => {
    const list =
      '{"tools":[null,7,"open",{"name":"secret"},{"name":["open"]},{"name":"open","n":12345678901234567890}]}';
    await using gateway = await start(["rubbish:open"], { rubbish: fixture("lists-rubbish", { env: { LIST: list } }) });
    await using client = await connect(gateway, "rubbish");
    const id = client.nextId();
    const exchange = await client.request("tools/list", {}, { id });
    await exchange.answer(id);
    expect(exchange.text).toContain('"tools":[{"name":"open","n":12345678901234567890}]');
  });
});

it("an answer of 10 MiB is filtered, and others are answered meanwhile", async () => {
  const description = "long ] } text ".repeat(4_000);
  const tools = Array.from({ length: 180 }, (_none, index) => ({ name: `tool-${index}`, description }));
  const list = JSON.stringify({ tools: tools.slice(0, 2) });
  // The environment of a process is small: the fixture repeats the list.
  const long = fixture("lists-rubbish", { env: { LIST: list, REPEAT: "90" } });
  await using gateway = await start(["long:tool-1"], { long });
  await using client = await connect(gateway, "long");
  const [{ names }, text] = await Promise.all([page(client), client.call("tool-2")]);
  expect([names.length, new Set(names), text]).toEqual([
    90,
    new Set(["tool-1"]),
    expect.stringContaining("Unknown tool"),
  ]);
});

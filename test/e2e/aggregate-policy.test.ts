import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { StreamableClient, type JsonRpc } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Rules, limits and the audit trail are about servers and their tools, whatever URL a caller uses.

const ADMIN = { authorization: "Bearer admin-token" };
const GUEST = { authorization: "Bearer guest-token" };
const NOBODY = { authorization: "Bearer other-token" };
const key = (id: string) => ({ id, key: `${id}-token` });

let gateway: GatewayProcess;
let revealing: GatewayProcess;
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-aggregate-policy-"));
  const common = {
    auth: { apiKeys: [key("admin"), key("guest"), key("other")] },
    servers: {
      shop: fixture("offers-everything"),
      market: fixture("offers-everything", { args: [...(fixture("offers-everything")["args"] as string[]), "market"] }),
      echo: fixture("echo"),
    },
    groups: { team: { servers: ["shop", "echo"] } },
  };
  const rules = [
    { subject: { principal: "admin" }, allow: { methods: ["*"], tools: ["*"], prompts: ["*"], resources: ["*"] } },
    {
      subject: { principal: "guest" },
      allow: {
        methods: ["*"],
        tools: ["shop:read_*", "shop:touch"],
        prompts: ["market:ask"],
        resources: ["shop://public/*"],
      },
      deny: { tools: ["shop:read_b"] },
    },
  ];
  gateway = await startGateway({
    ...common,
    policy: { rules },
    rateLimit: { byTool: { "echo:add": 2 } },
    audit: { file: join(folder, "audit.jsonl") },
  });
  revealing = await startGateway({ ...common, policy: { reveal: true, rules } });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await revealing[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function ask(client: StreamableClient, method: string, params: object = {}): Promise<JsonRpc> {
  const id = client.nextId();
  return (await client.request(method, params, { id })).answer(id);
}

async function names(client: StreamableClient, method: string, list: string, name = "name"): Promise<unknown[]> {
  const { result } = await ask(client, method);
  return ((result?.[list] ?? []) as Record<string, unknown>[]).map((entry) => entry[name]);
}

const open = (headers: Record<string, string>, path = "mcp", at = gateway): Promise<StreamableClient> =>
  StreamableClient.open(`${at.url}/${path}`, { headers });

describe("on /mcp, a caller", () => {
  it("is shown only what it may use", async () => {
    await using guest = await open(GUEST);
    expect(await names(guest, "tools/list", "tools")).toEqual(["shop__read_a", "shop__touch"]);
    expect(await names(guest, "prompts/list", "prompts")).toEqual(["market__ask"]);
    expect(await names(guest, "resources/list", "resources", "uri")).toEqual(["shop://public/a", "shop://public/b"]);
    expect(await names(guest, "resources/templates/list", "resourceTemplates", "uriTemplate")).toEqual([
      "shop://public/{id}",
    ]);
    await using admin = await open(ADMIN);
    expect((await names(admin, "tools/list", "tools")).length).toBeGreaterThan(15);
  });

  it.each([
    ["tools/call", { name: "shop__read_b" }, "tools/call", { name: "shop__nothing" }],
    ["tools/call", { name: "shop:write" }, "tools/call", { name: "shop:nothing" }],
    ["tools/call", { name: "market__read_a" }, "tools/call", { name: "market__nothing" }],
    // A plain name that one server has only.
    ["tools/call", { name: "sleep" }, "tools/call", { name: "nothing" }],
    ["prompts/get", { name: "shop__ask" }, "prompts/get", { name: "shop__nothing" }],
    ["resources/read", { uri: "shop://secret/c" }, "resources/read", { uri: "shop://public/nothing" }],
    [
      "resources/read",
      { uri: "mcp+market:market://public/a" },
      "resources/read",
      { uri: "mcp+market:market://nothing" },
    ],
    ["resources/subscribe", { uri: "shop://secret/c" }, "resources/subscribe", { uri: "shop://public/nothing" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "shop__ask" }, argument: { name: "x", value: "" } },
      "completion/complete",
      { ref: { type: "ref/prompt", name: "shop__nothing" }, argument: { name: "x", value: "" } },
    ],
  ])("cannot tell what it may not use from what is not there: %s %j", async (method, params, otherMethod, other) => {
    await using guest = await open(GUEST);
    await names(guest, "tools/list", "tools");
    const told = JSON.stringify((await ask(guest, method, params)).error);
    const nothing = JSON.stringify((await ask(guest, otherMethod, other)).error);
    const plain = (text: string): string =>
      text.replaceAll(/shop:\/\/[a-z]+\/[a-z]+|market:\/\/[a-z/]+|read_[ab]|write|ask|sleep|nothing/g, "X");
    expect(plain(told)).toBe(plain(nothing));
    expect(told).toContain("code");
  });

  it("uses what it may, under each of its names", async () => {
    await using guest = await open(GUEST);
    for (const name of ["shop__read_a", "shop:read_a"]) expect(await guest.call(name)).toBe("read_a of shop");
    expect(await ask(guest, "prompts/get", { name: "market__ask" })).toMatchObject({ result: { description: "ask" } });
    expect(await ask(guest, "resources/read", { uri: "shop://public/a" })).toMatchObject({ result: {} });
    expect(
      await ask(guest, "completion/complete", {
        ref: { type: "ref/prompt", name: "market__ask" },
        argument: { name: "x", value: "" },
      }),
    ).toMatchObject({ result: { completion: { values: ["ask"] } } });
  });

  it("hears of no resource that it may not read", async () => {
    await using guest = await open(GUEST);
    const stream = await guest.get();
    await guest.call("shop__touch");
    const updates = (): unknown[] => stream.messages.flatMap(({ params }) => params?.["uri"] ?? []);
    await until(() => updates().length === 2, { what: "two updates" });
    expect(updates()).toEqual(["shop://public/a", "shop://public/b"]);
  });

  it("who may use nothing finds no endpoint", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    for (const path of ["/mcp", "/team/mcp", "/api/team", "/api/mcp"]) {
      const headers = { ...NOBODY, "content-type": "application/json", accept: "application/json, text/event-stream" };
      const question = path.startsWith("/api") ? { headers } : { method: "POST", headers, body };
      expect((await new RestClient(gateway.url).ask(path, question)).status).toBe(404);
    }
  });

  it("is told why, where the policy reveals it", async () => {
    await using guest = await open(GUEST, "mcp", revealing);
    const id = guest.nextId();
    const refused = await guest.request("tools/call", { name: "shop__read_b" }, { id });
    expect(refused.status).toBe(403);
    expect((await refused.over()).text).toContain('You may not use the tool \\"read_b\\" of \\"shop\\"');
    expect(await guest.call("shop__read_a")).toBe("read_a of shop");
  });

  it("has a limit for a tool wherever it calls it, and each call is in the audit trail by its server", async () => {
    await using one = await open(ADMIN);
    await using other = await open(ADMIN, "echo/mcp");
    await using group = await open(ADMIN, "team/mcp");
    expect(await one.call("echo__add", { a: 1, b: 1 })).toBe("2");
    expect(await other.call("add", { a: 1, b: 2 })).toBe("3");
    expect(await group.call("echo:add", { a: 1, b: 3 })).toContain("rate_limited");
    const linesOf = (): string[] =>
      readFileSync(join(folder, "audit.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line.includes('"tool":"add"'));
    const lines = await until(() => (linesOf().length === 3 ? linesOf() : undefined), { what: "three lines" });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { server: "echo", tool: "add", outcome: "result" },
      { server: "echo", tool: "add", outcome: "result" },
      { event: "refused", server: "echo", outcome: "rate_limited" },
    ]);
  });
});

describe("on REST and in documents, a group", () => {
  it("shows and calls only what the caller may use", async () => {
    const rest = new RestClient(gateway.url, GUEST);
    expect((await rest.ask("/api/team")).json["tools"]).toMatchObject([
      { name: "shop__read_a" },
      { name: "shop__touch" },
    ]);
    expect((await rest.call("team/shop__read_a")).text).toContain("read_a of shop");
    expect((await rest.call("team/shop__read_b")).status).toBe(404);
    expect((await rest.ask("/api/team/openapi.json")).text).not.toContain("read_b");
    expect((await new RestClient(gateway.url, NOBODY).ask("/api/team")).status).toBe(404);
  });
});

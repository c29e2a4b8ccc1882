import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Naming } from "../../src/aggregate/naming.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { StreamableClient, textOf, type JsonRpc } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// What the endpoint in front of all servers costs, starts and ends, and what its servers can do to each other.

const open = ({ url }: GatewayProcess, headers = {}, capabilities = {}): Promise<StreamableClient> =>
  StreamableClient.open(`${url}/mcp`, { headers, capabilities });

async function ask(client: StreamableClient, method: string, params: object = {}): Promise<JsonRpc> {
  const id = client.nextId();
  return (await client.request(method, params, { id })).answer(id);
}

async function toolNames(client: StreamableClient): Promise<string[]> {
  const { result } = await ask(client, "tools/list");
  return ((result?.["tools"] ?? []) as { name: string }[]).map(({ name }) => name);
}

describe("the endpoint in front of all servers", () => {
  it("starts no process for initialize and ping, one for a call, and ends it with the session", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo"), other: fixture("on-command") } });
    await using client = await open(gateway);
    await ask(client, "ping");
    await ask(client, "logging/setLevel", { level: "debug" });
    expect(gateway.children()).toEqual([]);
    const pid = await client.call("echo__pid");
    expect(gateway.children()).toEqual([Number(pid)]);
    expect(await client.call("echo__pid")).toBe(pid);
    await client.delete();
    await until(() => gateway.children().length === 0, { what: "the process is gone" });
  });

  it("gives each session processes of its own", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
    await using one = await open(gateway);
    await using other = await open(gateway);
    expect(await one.call("echo__pid")).not.toBe(await other.call("echo__pid"));
    const found = await fetch(`${gateway.url}/echo/mcp`, {
      method: "POST",
      headers: {
        "mcp-session-id": String(one.sessionId),
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    expect(found.status).toBe(404);
  });

  it("loses only the calls of a server that crashes, and has it again at the next call", async () => {
    await using gateway = await startGateway({
      servers: { dies: fixture("dies-mid-call"), held: fixture("on-command") },
    });
    await using client = await open(gateway);
    const held = await client.start("held__hold", { name: "a" }, { id: 901 });
    const hanging = await client.start("dies__hang", {}, { id: 902 });
    const dying = await client.start("dies__die", {}, { id: 903 });
    for (const [exchange, id] of [
      [hanging, 902],
      [dying, 903],
    ] as const) {
      expect(await exchange.answer(id)).toMatchObject({ error: { data: { reason: "process_exited" } } });
    }
    expect(await client.call("dies__echo", { message: "again" })).toBe("again");
    await client.call("held__release", { name: "a" });
    expect(await held.answer(901)).toMatchObject({ result: {} });
  });

  it.each([{}, { policy: { default: "allow" } }])(
    "knows a plain name and a shortened one before anything was listed (%j)",
    async (more) => {
      const long = "n".repeat(80);
      const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-names-"));
      writeFileSync(join(folder, "tools"), `short\n${long}`);
      const named = fixture("tools-from-file", { env: { TOOLS_FILE: join(folder, "tools") } });
      const shortened = new Naming(["named"], "__").nameOf({ server: "named", name: long });
      for (const [name, text] of [
        ["short", "short"],
        [shortened, long],
      ] as const) {
        await using gateway = await startGateway({ ...more, servers: { named, shop: fixture("offers-everything") } });
        await using client = await open(gateway);
        expect(await client.call(name)).toBe(text);
        expect(await ask(client, "resources/read", { uri: "shop://public/a" })).toMatchObject({ result: {} });
      }
      rmSync(folder, { recursive: true });
    },
  );

  it("tells its clients when a list has changed, and what there is now", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-changes-"));
    writeFileSync(join(folder, "tools"), "before");
    const named = fixture("tools-from-file", { env: { TOOLS_FILE: join(folder, "tools") } });
    await using gateway = await startGateway({ servers: { named, echo: fixture("echo") }, rest: { catalogAge: "1s" } });
    await using client = await open(gateway);
    const stream = await client.get();
    expect(await toolNames(client)).toContain("named__before");
    const before = stream.messages.length;
    writeFileSync(join(folder, "tools"), "after");
    await until(() => toolNames(client).then((names) => names.includes("named__after")), {
      deadlineMs: 15_000,
      what: "the new list is there",
    });
    const changes = stream.messages.slice(before).map(({ method }) => method);
    expect(changes).toContain("notifications/tools/list_changed");
    expect(stream.messages.filter(({ method }) => method === "notifications/prompts/list_changed")).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it("keeps the numbers, the unknown members and the spaces of a call as they are", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
    await using client = await open(gateway);
    const line =
      '{"jsonrpc":"2.0","id":"5 \\u0061","method":"tools/call","params":{"name":"echo__raw" , "arguments":{"n":9007199254740993,"x":1.50},"extra":{"a":1e2}},"more":true}';
    const first = await (await client.post(line)).answer("5 a");
    expect(textOf(first)).toBe(line.replace("echo__raw", "raw"));
    const late =
      '{"method":"tools/call","params":{"arguments":{"name":"echo__raw"},"name":"echo__raw"},"jsonrpc":"2.0","id":5}';
    const second = await (await client.post(late)).answer(5);
    expect(textOf(second)).toBe(late.replace('"name":"echo__raw"},"jsonrpc"', '"name":"raw"},"jsonrpc"'));
  });

  it("never mixes up what two servers ask under the same id", async () => {
    await using gateway = await startGateway({
      servers: { a: fixture("asks-the-client"), b: fixture("asks-the-client") },
    });
    await using client = await open(gateway, {}, { sampling: {}, elicitation: {}, roots: {} });
    const stream = await client.get();
    const first = await client.start("a__ask-roots", {}, { id: 901 });
    const second = await client.start("b__ask-sampling", {}, { id: 902 });
    const asked = await until(
      () => {
        const all = [stream, first, second].flatMap((each) => each.messages);
        const found = ["roots/list", "sampling/createMessage"].map((method) =>
          all.find((one) => one.method === method),
        );
        return found.every((one) => one !== undefined) ? found : undefined;
      },
      { what: "both ask" },
    );
    expect(asked[0]?.id).not.toBe(asked[1]?.id);
    // In the other order, one of them twice, and to what nobody has asked.
    await client.respond(asked[1]?.id, { is: "for b" });
    await client.respond(asked[1]?.id, { is: "too late" });
    await client.respond(77, { is: "for nobody" });
    await client.respond(asked[0]?.id, { is: "for a" });
    expect(JSON.stringify(await first.answer(901))).toContain("for a");
    expect(JSON.stringify(await second.answer(902))).toContain("for b");
  });

  it("passes on the log, the roots and changed lists, from and to those that are open", async () => {
    await using gateway = await startGateway({ servers: { a: fixture("on-command"), b: fixture("on-command") } });
    await using client = await open(gateway);
    const stream = await client.get();
    await client.call("a__pid");
    await client.call("b__pid");
    await client.notify("x/say", { text: "heard" });
    await until(() => stream.messages.filter(({ method }) => method === "notifications/message").length === 2, {
      what: "both say it",
    });
    await client.notify("x/send", { method: "notifications/tools/list_changed" });
    await until(
      () => stream.messages.filter(({ method }) => method === "notifications/tools/list_changed").length >= 2,
      { what: "both announce" },
    );
    // A token and an id that are none of the server's business.
    await client.notify("x/send", {
      method: "notifications/progress",
      params: { progressToken: "stolen", progress: 1 },
    });
    await client.notify("x/send", { method: "notifications/cancelled", params: { requestId: 1 } });
    expect(await client.call("a__echo", { message: "done" })).toBe("done");
    // Read again on the session itself, because a change may concern nobody else.
    expect(await toolNames(client)).toEqual(expect.arrayContaining(["a__echo", "b__hold"]));
    expect(stream.messages.filter(({ method }) => method === "notifications/progress")).toEqual([]);
  });

  it("starts no more processes of a server than limits.sessionsPerServer, whatever the endpoint", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") }, limits: { sessionsPerServer: 3 } });
    const clients = await Promise.all(Array.from({ length: 6 }, () => open(gateway)));
    const pids = await Promise.all(clients.map((client) => client.call("echo__pid")));
    expect(pids.filter((text) => text.includes("too_many_sessions"))).toHaveLength(3);
    expect(gateway.children("echo")).toHaveLength(3);
    await using direct = await StreamableClient.open(`${gateway.url}/echo/mcp`).catch(
      () => new StreamableClient(gateway.url),
    );
    expect(direct.sessionId).toBeUndefined();
    // A place that is free again is for those who were refused.
    const lucky = clients[pids.findIndex((text) => !text.includes("too_many"))];
    await lucky?.delete();
    const refused = clients[pids.findIndex((text) => text.includes("too_many"))];
    await until(async () => Number(await refused?.call("echo__pid")) > 0, { what: "there is room" });
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  it("ends a process that nobody uses, and the session continues", async () => {
    await using gateway = await startGateway({
      servers: { echo: fixture("echo"), busy: fixture("on-command") },
      limits: { idle: "1s", orphan: "1h" },
    });
    await using client = await open(gateway);
    const pid = await client.call("echo__pid");
    const held = await client.start("busy__hold", { name: "a" }, { id: 901 });
    await until(() => gateway.children("echo").length === 0, { what: "the idle process is gone" });
    expect(gateway.children("busy")).toHaveLength(1);
    expect(await client.call("echo__pid")).not.toBe(pid);
    await client.call("busy__release", { name: "a" });
    expect(await held.answer(901)).toMatchObject({ result: {} });
  });

  it("outlives a restart of the gateway, with its level and its subscriptions", async () => {
    await using gateway = await startGateway({ servers: { shop: fixture("offers-everything") }, port: 0 });
    await using client = await open(gateway);
    await ask(client, "resources/list");
    await ask(client, "resources/subscribe", { uri: "shop://public/a" });
    await gateway.stop();
    await using again = await gateway.again();
    const back = new StreamableClient(`${again.url}/mcp`);
    back.sessionId = client.sessionId;
    back.protocolVersion = "2025-11-25";
    const stream = await back.get();
    expect(await back.call("shop__touch")).toBe("touched");
    await until(
      () =>
        stream.messages.some(
          ({ method, params }) => method === "notifications/resources/updated" && params?.["uri"] === "shop://public/a",
        ),
      { what: "the update" },
    );
    back.leave();
  });

  it("asks for the lists of a server that is filled in from its caller on the session itself", async () => {
    const personal = { ...fixture("echo"), env: { OWNER: "{{headers.x-user}}" } };
    await using gateway = await startGateway({ servers: { personal, echo: fixture("echo") } });
    await using ada = await open(gateway, { "x-user": "ada" });
    expect(await toolNames(ada)).toEqual(expect.arrayContaining(["personal__env", "echo__env"]));
    expect(await ada.call("personal__env")).toContain('"OWNER":"ada"');
    await using nobody = await open(gateway);
    const names = await toolNames(nobody);
    expect([names.includes("echo__env"), names.includes("personal__env")]).toEqual([true, false]);
    expect(await nobody.call("echo__echo", { message: "still" })).toBe("still");
    expect(await nobody.call("personal__env")).toContain("header_required");
  });

  it(
    "waits only so long for a server that never lists, and has 5,000 tools of forty that do",
    { timeout: 120_000 },
    async () => {
      const many = Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [`s${at}`, fixture("many-tools", { env: { COUNT: "125" } })]),
      );
      await using gateway = await startGateway({
        servers: {
          never: fixture("never-initializes"),
          liar: fixture("endless-pages"),
          rubbish: fixture("lists-rubbish"),
          ...many,
        },
        limits: { startsPerSecond: 100, startBurst: 100, sessions: 100, sessionsPerPrincipal: 100 },
      });
      await using client = await open(gateway);
      const names: string[] = [];
      let cursor: unknown;
      await until(
        async () => {
          names.length = 0;
          cursor = undefined;
          do {
            const { result } = await ask(client, "tools/list", cursor === undefined ? {} : { cursor });
            names.push(...((result?.["tools"] ?? []) as { name: string }[]).map(({ name }) => name));
            cursor = result?.["nextCursor"];
          } while (cursor !== undefined);
          return names.filter((name) => /^s\d+__/.test(name)).length === 5_000;
        },
        { deadlineMs: 100_000, what: "all are listed" },
      );
      expect(new Set(names).size).toBe(names.length);
      expect(names.some((name) => name.startsWith("never"))).toBe(false);
      expect(await client.call("s39__tool-7")).toContain("tool-7");
    },
  );

  it("is a server to REST as well, without being listed", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
    const rest = new RestClient(gateway.url);
    expect((await rest.call("mcp/echo__echo", { message: "x" }, { sessionId: newId() })).text).toContain("x");
    expect((await rest.ask("/api")).json["servers"]).toMatchObject([{ name: "echo" }]);
    expect((await rest.ask("/openapi.json")).text).not.toContain("echo__echo");
    for (const path of ["/mcp/mcp", "/mcp/sse", "/sse/mcp"]) {
      expect((await rest.ask(path, { headers: { accept: "text/event-stream" } })).status).toBe(404);
    }
  });
});

import { describe, expect, it } from "vitest";
import type { HistoryPoint } from "../../src/downstream/console/console-api.ts";
import { basic, ConsoleClient } from "../helpers/console-client.ts";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { ask, post } from "../helpers/http.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Who may use the console, what of it, and that nothing is kept for it when it is off.

const SERVERS = { git: fixture("echo"), hr: fixture("echo") };
const TOKEN = "token-of-the-operator";
const bearer = `Bearer ${TOKEN}`;

describe("with a policy", () => {
  it("only those whom a rule allows it use the console, and see only servers that they may use", async () => {
    await using gateway = await startGateway({
      auth: {
        basic: { credentials: ["olga", "ulf", "hr"].map((username) => ({ username, password: "pw" })) },
        bearer: { tokens: [TOKEN] },
      },
      policy: {
        rules: [
          { subject: { principal: "olga" }, allow: { servers: ["git"] } },
          { subject: { principal: "olga" }, allow: { console: true } },
          { subject: { principal: ["ulf", "hr"] }, allow: { servers: ["*"] } },
          { subject: { principal: "bearer:*" }, allow: { servers: ["*"] } },
          { subject: { principal: "bearer:*" }, allow: { console: true, servers: ["hr"] } },
        ],
      },
      servers: SERVERS,
    });
    const [olga, ulf, token] = [basic("olga"), basic("ulf"), bearer].map((who) => new ConsoleClient(gateway.url, who));
    if (olga === undefined || ulf === undefined || token === undefined) throw new Error("there are three");
    await using atGit = await StreamableClient.open(`${gateway.url}/git/mcp`, {
      headers: { authorization: basic("ulf") },
    });
    await using atHr = await StreamableClient.open(`${gateway.url}/hr/mcp`, {
      headers: { authorization: basic("hr") },
    });
    await atHr.call("echo", { message: "confidential" });
    await atGit.call("echo", { message: "open" });

    for (const path of [
      "/console",
      "/console/api/state",
      "/console/api/events",
      "/console/api/history",
      "/dashboard",
    ]) {
      expect(await ulf.get(path)).toMatchObject({ status: 403 });
      expect(await ask(gateway.url + path)).toMatchObject({ status: 401 });
    }
    const state = await olga.state();
    expect(state.servers.map(({ name }) => name)).toEqual(["git"]);
    expect(state.sessions.map(({ server, principal }) => [server, principal])).toEqual([["git", "basic:ulf"]]);
    using watch = await olga.watch();
    await watch.first("state");
    const hidden = await token.session("hr");
    expect((await token.state()).servers.map(({ name }) => name)).toEqual(["hr"]);
    expect(await olga.get(`/console/api/events?session=${hidden.key}`)).toMatchObject({ status: 404 });
    expect(await olga.get(`/console/api/sessions/${hidden.key}/messages/1`)).toMatchObject({ status: 404 });
    expect(await olga.post(`sessions/${hidden.key}/end`)).toMatchObject({ status: 404 });
    for (const action of ["stop", "tools", "again"])
      expect(await olga.post(`servers/hr/${action}`, { tool: "echo" })).toMatchObject({ status: 404 });
    // As any call of its own: what it may not use is not called for it.
    expect(await olga.again("git", "echo", { message: "mine" })).toMatchObject({ isError: false });
    const { points } = await until(
      async () => {
        const history = await olga.history();
        return history.points.length > 0 ? history : undefined;
      },
      { what: "the history has a point", deadlineMs: 20_000 },
    );
    expect(points.map(({ servers }) => Object.keys(servers))).toEqual(points.map(() => ["git"]));
    const point = await watch.first<HistoryPoint>("point", () => true);
    expect(Object.keys(point.servers)).toEqual(["git"]);
    expect(watch.exchange.items.map(({ data }) => data).join("\n")).not.toContain('"hr"');
  });
});

describe("without a policy", () => {
  it("users with a password use it, and callers with a token do not; a browser learns how to log in", async () => {
    await using gateway = await startGateway({
      auth: { basic: { credentials: [{ username: "olga", password: "pw" }] }, bearer: { tokens: [TOKEN] } },
      servers: SERVERS,
    });
    expect(await new ConsoleClient(gateway.url, basic("olga")).get("/console")).toMatchObject({ status: 200 });
    expect(await new ConsoleClient(gateway.url, bearer).get("/console")).toMatchObject({ status: 403 });
    const page = await ask(`${gateway.url}/console`, { headers: { accept: "text/html" } });
    expect(page).toMatchObject({ status: 401, headers: { "content-type": "text/html; charset=utf-8" } });
    expect(page.headers["www-authenticate"]).toMatch(/Basic/);
  });

  it("and without credentials everybody does on loopback, but there is none on an address that others reach", async () => {
    await using local = await startGateway({ servers: SERVERS });
    const board = new ConsoleClient(local.url);
    expect(await board.state()).toMatchObject({ records: true });
    expect(await board.again("git", "echo", { message: "x" })).toMatchObject({ isError: false });
    await using open = await startGateway({ hostname: "0.0.0.0", servers: SERVERS });
    for (const path of ["/console", "/dashboard", "/console/api/state", "/console/assets/page.js"])
      expect(await ask(open.url + path)).toMatchObject({ status: 404 });
    expect(await post(`${open.url}/console/api/servers/git/stop`, {})).toMatchObject({ status: 404 });
    const headers = { host: `evil.example:${local.port}` };
    expect(await ask(`${local.url}/console/api/state`, { headers })).toMatchObject({ status: 403 });
  });

  it("nobody uses it where there are only tokens", async () => {
    await using gateway = await startGateway({ auth: { bearer: { tokens: [TOKEN] } }, servers: SERVERS });
    expect(await new ConsoleClient(gateway.url, bearer).get("/console")).toMatchObject({ status: 404 });
  });
});

describe("what is not recorded", () => {
  it("cannot be shown; sessions are, and can be ended", async () => {
    await using gateway = await startGateway({ console: { record: "off" }, servers: SERVERS });
    const board = new ConsoleClient(gateway.url);
    await using client = await StreamableClient.open(`${gateway.url}/git/mcp`);
    await client.call("echo", { message: "x" });
    const { key, calls } = await board.session("git");
    expect(calls).toBe(2);
    expect(await board.state()).toMatchObject({ records: false, ended: [] });
    expect(await board.get(`/console/api/events?session=${key}`)).toMatchObject({ status: 404 });
    expect(await board.get(`/console/api/sessions/${key}/messages/1`)).toMatchObject({ status: 404 });
    expect(await board.post(`sessions/${key}/end`)).toMatchObject({ status: 204 });
    expect(gateway.children()).toEqual([]);
  });
});

it("a watcher does not hold up the end of the gateway", async () => {
  await using gateway = await startGateway({ servers: SERVERS });
  const watch = await new ConsoleClient(gateway.url).watch();
  await watch.first("state");
  expect(await gateway.stop()).toBe(0);
  await watch.exchange.over();
  expect(watch.exchange.isComplete).toBe(true);
});

it("below the path of publicUrl the page finds its files and its API", async () => {
  await using gateway = await startGateway({ publicUrl: "http://127.0.0.1/tools", servers: SERVERS });
  const { body } = await ask(`${gateway.url}/tools/console/`);
  expect(body).toContain('src="../console/assets/page.js"');
  expect(await ask(`${gateway.url}/tools/console/assets/page.js`)).toMatchObject({ status: 200 });
  expect(await ask(`${gateway.url}/tools/console/api/state`)).toMatchObject({ status: 200 });
});

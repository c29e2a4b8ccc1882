import { expect, it } from "vitest";
import { McpClient } from "../../src/client/mcp-client.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import { fakeEvents, fakeServers } from "../session/fakes.ts";
import { answer, sessionsOver } from "./far-side.ts";

function conversation() {
  const { connect, servers } = fakeServers();
  const sessions = sessionsOver(connect, fakeEvents().events);
  const client = new McpClient(
    sessions,
    { principal: anonymous, server: "git", transport: "rest", requestId: "r" },
    { version: "1.2.3", listingBytes: 1_000 },
  );
  /** The server is there from the first message on. */
  const server = () => {
    const [only] = servers;
    if (only === undefined) throw new Error("no server was started");
    return only;
  };
  return { client, server };
}

const options = { requestId: "r" };

it("the handshake is done once, whoever asks for it", async () => {
  const { client, server } = conversation();
  const first = client.initialize("r");
  const second = client.initialize("r");
  answer(server(), "initialize", { serverInfo: { name: "git" } });
  expect(await first).toEqual({ serverInfo: { name: "git" } });
  expect(await second).toBe(await first);
  expect(server().sent).toMatchObject([
    { method: "initialize", params: { clientInfo: { name: "mcp-gateway", version: "1.2.3" } } },
    { method: "notifications/initialized" },
  ]);
});

it("a server that refuses the handshake was not started", async () => {
  const { client, server } = conversation();
  const refused = client.initialize("r");
  server().says({ id: 1, error: { code: -1, message: "no" } });
  await expect(refused).rejects.toMatchObject({
    reason: "spawn_failed",
    details: { data: { rpc: { code: -1, message: "no" } } },
  });
});

it("answers come to the calls that they belong to, whatever their order", async () => {
  const { client, server } = conversation();
  const [one, two] = [1, 2].map((n) => client.call("x/y", { n }, `{"n": ${n}}`, options));
  expect(server().lines.at(-1)).toContain('"params":{"n": 2}');
  server().says({ id: two?.id, result: { n: 2 } });
  server().says({ id: one?.id, result: { n: 1 } });
  expect((await one?.answer)?.line.toString()).toContain('"n":1');
  expect((await two?.answer)?.line.toString()).toContain('"n":2');
});

it("an error is thrown to whoever asks for a result", async () => {
  const { client, server } = conversation();
  const asked = client.answerTo("tools/list", {}, options);
  server().says({ id: 1, error: { code: -32601, message: "unknown" } });
  await expect(asked).rejects.toMatchObject({ reason: "upstream_error" });
});

it("what a server asks of its client is declined", () => {
  const { client, server } = conversation();
  void client.call("x/y", {}, "{}", options);
  server().says({ id: "s1", method: "sampling/createMessage", params: {} });
  expect(server().sent.at(-1)).toMatchObject({ id: "s1", error: { code: -32601 } });
});

it("a call is cancelled while it waits, and not after that", async () => {
  const { client, server } = conversation();
  const { id, answer: answered } = client.call("x/y", {}, "{}", options);
  client.cancel(id, "gone", "r");
  expect(server().sent.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
  await expect(answered).rejects.toMatchObject({ reason: "session_ended" });
  const { length } = server().sent;
  client.cancel(id, "gone", "r");
  expect(server().sent).toHaveLength(length);
});

it("that the tools are others is told once", () => {
  const { client, server } = conversation();
  void client.call("x/y", {}, "{}", options);
  expect(client.takeToolsChanged()).toBe(false);
  server().says({ method: "notifications/tools/list_changed" });
  expect(client.takeToolsChanged()).toBe(true);
  expect(client.takeToolsChanged()).toBe(false);
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { DISCOVERED, modern, type Sent } from "./era-fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const ID = "io.modelcontextprotocol/subscriptionId";
const LISTS = { toolsListChanged: true, resourcesListChanged: true };

describe("a client that has initialized", () => {
  it("is told of changed lists, without the id of the subscription, and only on the current one", () => {
    const { says, heard, listens, acknowledge, at } = listening();
    expect(listens()).toMatchObject([{ params: { notifications: LISTS, _meta: {} } }]);
    acknowledge();
    const id = listens()[0]?.id;
    says("notifications/tools/list_changed", { _meta: { [ID]: id } });
    says("notifications/resources/list_changed", { _meta: { [ID]: "another" } });
    at(0).says({ method: "notifications/prompts/list_changed" });
    expect(heard.messages).toEqual([
      { method: "notifications/tools/list_changed" },
      { method: "notifications/prompts/list_changed" },
    ]);
  });

  it("has no subscription with a server that announces nothing", () => {
    const all = modern({ ...DISCOVERED, capabilities: { tools: {}, resources: { subscribe: true } } });
    all.say({ method: "notifications/initialized" });
    expect(all.sent()).toEqual([]);
  });
});

describe("a resource that is subscribed to", () => {
  it("is watched once the server has agreed, and nothing is missed or told twice meanwhile", () => {
    const { say, says, heard, listens, acknowledge, last } = listening();
    acknowledge();
    say({ id: 1, method: "resources/subscribe", params: { uri: "a:" } });
    expect(heard.messages).toEqual([]);
    const [first, second] = listens();
    expect(second?.params).toMatchObject({ notifications: { ...LISTS, resourceSubscriptions: ["a:"] } });
    says("notifications/tools/list_changed", { _meta: { [ID]: first?.id } });
    acknowledge(["a:"]);
    expect(last()).toMatchObject({ method: "notifications/cancelled", params: { requestId: first?.id } });
    says("notifications/tools/list_changed", { _meta: { [ID]: first?.id } });
    says("notifications/resources/updated", { uri: "a:", _meta: { [ID]: second?.id } });
    expect(heard.messages).toEqual([
      { method: "notifications/tools/list_changed" },
      { id: 1, result: {} },
      { method: "notifications/resources/updated", params: { uri: "a:" } },
    ]);
    say({ id: 2, method: "resources/subscribe", params: { uri: "a:" } });
    expect([heard.messages.at(-1), listens().length]).toEqual([{ id: 2, result: {} }, 2]);
  });

  it("is asked for together with others that come meanwhile", () => {
    const { say, heard, listens, acknowledge } = listening();
    for (const uri of ["a:", "b:", "c:"]) say({ id: uri, method: "resources/subscribe", params: { uri } });
    say({ id: "x", method: "resources/unsubscribe", params: { uri: "b:" } });
    expect(listens()).toHaveLength(1);
    acknowledge();
    expect(listens()).toHaveLength(2);
    expect(listens()[1]?.params).toMatchObject({ notifications: { resourceSubscriptions: ["a:", "c:"] } });
    acknowledge(["a:", "c:"]);
    expect(heard.messages).toEqual([
      { id: "b:", result: {} },
      { id: "x", result: {} },
      { id: "a:", result: {} },
      { id: "c:", result: {} },
    ]);
  });

  it("is not watched when the server does not agree, and is not asked for again", () => {
    const { say, heard, listens, acknowledge } = listening();
    acknowledge();
    say({ id: 1, method: "resources/subscribe", params: { uri: "a:" } });
    acknowledge([]);
    expect(heard.messages).toMatchObject([{ id: 1, error: { code: -32602 } }]);
    say({ id: 2, method: "resources/subscribe", params: { uri: "b:" } });
    expect(listens().at(-1)?.params).toMatchObject({ notifications: { resourceSubscriptions: ["b:"] } });
  });

  it.each([
    ["something that cannot be read", undefined, "Unreadable"],
    ["an error", { error: { code: -32603, message: "Too many" } }, "Too many"],
    ["an end", { result: { resultType: "complete" } }, "The server ended the subscription"],
  ])("is not watched when the server answers with %s; what was there before stays", (_what, answer, message) => {
    const { say, says, heard, listens, acknowledge, at } = listening();
    acknowledge();
    say({ id: 1, method: "resources/subscribe", params: { uri: "a:" } });
    if (answer !== undefined) at(0).says({ id: listens()[1]?.id, ...answer });
    else at(0).listener.badMessage(listens()[1]?.id, new GatewayError("protocol_violation", message));
    expect(heard.messages).toMatchObject([{ id: 1, error: { message } }]);
    says("notifications/tools/list_changed", { _meta: { [ID]: listens()[0]?.id } });
    expect(heard.messages).toHaveLength(2);
  });

  it("has no answer for a client that gave up", () => {
    const { say, heard, acknowledge, sent } = listening();
    acknowledge();
    say({ id: 1, method: "resources/subscribe", params: { uri: "a:" } });
    const before = sent().length;
    say({ method: "notifications/cancelled", params: { requestId: 1 } });
    acknowledge(["a:"]);
    expect(heard.messages).toEqual([]);
    expect(sent().slice(before)).toMatchObject([{ method: "notifications/cancelled" }]);
  });

  it.each([
    ["without a URI", { resources: { subscribe: true } }, {}, -32602],
    ["of a server without subscriptions", { resources: {} }, { uri: "a:" }, -32601],
  ])("%s is refused", (_what, capabilities, params, code) => {
    const { say, heard, sent } = modern({ ...DISCOVERED, capabilities });
    say({ id: 1, method: "resources/subscribe", params });
    expect([heard.messages, sent()]).toMatchObject([[{ id: 1, error: { code } }], []]);
  });

  it("is one of a thousand at most", () => {
    const { say, heard } = listening();
    for (let id = 0; id < 600; id++) say({ id, method: "resources/subscribe", params: { uri: `a:${id}` } });
    expect(heard.messages).toHaveLength(600 - 512);
    expect(heard.messages[0]).toMatchObject({ id: 512, error: { code: -32602 } });
    const long = listening();
    for (const uri of ["a", "b"]) {
      long.say({ id: uri, method: "resources/subscribe", params: { uri: uri.repeat(40_000) } });
    }
    expect(long.heard.messages).toMatchObject([{ id: "b", error: { code: -32602 } }]);
  });

  it("is the last one that is let go: the subscription ends", () => {
    const all = watching();
    all.say({ id: 2, method: "resources/unsubscribe", params: { uri: "a:" } });
    expect(all.heard.messages.at(-1)).toEqual({ id: 2, result: {} });
    expect(all.last()).toMatchObject({
      method: "notifications/cancelled",
      params: { requestId: all.listens()[0]?.id },
    });
  });
});

describe("a subscription that the server ends", () => {
  it.each(["a result", "a cancellation"])("with %s is opened again after a while", (how) => {
    const { listens, at, acknowledge } = watching();
    const requestId = listens()[0]?.id;
    if (how === "a result") at(0).says({ id: requestId, result: { resultType: "complete" } });
    else at(0).says({ method: "notifications/cancelled", params: { requestId } });
    vi.advanceTimersByTime(999);
    expect(listens()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(listens()[1]?.params).toMatchObject({ notifications: { resourceSubscriptions: ["a:"] } });
    acknowledge(["a:"]);
    expect(listens()).toHaveLength(2);
  });

  it("again and again is given up, unless it was open for long", () => {
    const { listens, at, acknowledge } = watching();
    const end = (): void => {
      at(0).says({ id: listens().at(-1)?.id, result: { resultType: "complete" } });
      vi.advanceTimersByTime(40_000);
      acknowledge(["a:"]);
    };
    for (let time = 0; time < 10; time++) end();
    expect(listens()).toHaveLength(7);
    const stable = watching();
    for (let time = 0; time < 10; time++) {
      vi.advanceTimersByTime(60_000);
      stable.at(0).says({ id: stable.listens().at(-1)?.id, result: { resultType: "complete" } });
      vi.advanceTimersByTime(1_000);
      stable.acknowledge(["a:"]);
    }
    expect(stable.listens()).toHaveLength(11);
  });

  it("is not opened after the end of the session", async () => {
    const { listens, at, upstream } = watching();
    at(0).says({ id: listens()[0]?.id, result: { resultType: "complete" } });
    await upstream.close();
    vi.advanceTimersByTime(600_000);
    expect(listens()).toHaveLength(1);
  });
});

function listening() {
  return opened(modern());
}

/** Watches one resource, of a server that announces nothing else. */
function watching() {
  const all = opened(modern({ ...DISCOVERED, capabilities: { resources: { subscribe: true } } }));
  all.say({ id: 1, method: "resources/subscribe", params: { uri: "a:" } });
  all.acknowledge(["a:"]);
  return all;
}

function opened(all: ReturnType<typeof modern>) {
  all.say({ method: "notifications/initialized" });
  const listens = (): Sent[] => all.sent().filter(({ method }) => method === "subscriptions/listen");
  const says = (method: string, params: JsonObject): void => all.at(0).says({ method, params });
  const acknowledge = (resourceSubscriptions?: readonly string[]): void =>
    says("notifications/subscriptions/acknowledged", {
      notifications: { ...LISTS, resourceSubscriptions },
      _meta: { [ID]: listens().at(-1)?.id },
    });
  return { ...all, listens, says, acknowledge };
}

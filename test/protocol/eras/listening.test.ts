import { describe, expect, it } from "vitest";
import {
  canSubscribe,
  honoredUris,
  listenFilter,
  subscriptionIdIn,
  withoutSubscription,
} from "../../../src/protocol/eras/listening.ts";
import type { NotificationFrame } from "../../../src/protocol/frame.ts";
import type { JsonObject } from "../../../src/lib/json.ts";

const ID = "io.modelcontextprotocol/subscriptionId";

it.each([
  [{}, [], {}],
  [{ tools: {}, prompts: { listChanged: false } }, [], {}],
  [
    { tools: { listChanged: true }, resources: { listChanged: true } },
    [],
    { toolsListChanged: true, resourcesListChanged: true },
  ],
  [{ prompts: { listChanged: true } }, ["a:"], { promptsListChanged: true, resourceSubscriptions: ["a:"] }],
])("for %j and %j it is listened for %j", (capabilities, uris, filter) => {
  expect(listenFilter(capabilities, uris)).toEqual(filter);
});

it("resources are subscribed to where the server says so", () => {
  const offers: JsonObject[] = [
    {},
    { resources: {} },
    { resources: { subscribe: "yes" } },
    { resources: { subscribe: true } },
  ];
  expect(offers.map(canSubscribe)).toEqual([false, false, false, true]);
});

it.each([
  [undefined, []],
  [{}, []],
  [{ notifications: { resourceSubscriptions: "a:" } }, []],
  [{ notifications: { resourceSubscriptions: ["a:", 7] } }, ["a:", 7]],
])("an acknowledgement of %j honours %j", (params, uris) => {
  expect(honoredUris(notification(params))).toEqual(uris);
});

describe("the id of a subscription", () => {
  it.each([
    [{ uri: "a:", _meta: { [ID]: "L" } }, "L", '{"jsonrpc":"2.0","method":"n","params":{"uri":"a:"}}'],
    [{ _meta: { [ID]: 7 } }, 7, '{"jsonrpc":"2.0","method":"n"}'],
    [{ _meta: { [ID]: "L", x: 1 } }, "L", '{"jsonrpc":"2.0","method":"n","params":{"_meta":{"x":1}}}'],
    [{ uri: "a:" }, undefined, "as it came"],
    [undefined, undefined, "as it came"],
  ])("in %j is %s, and does not reach the client", (params, id, line) => {
    expect(subscriptionIdIn(params)).toBe(id);
    expect(withoutSubscription(notification(params)).line).toBe(line);
  });
});

function notification(params: JsonObject | undefined): NotificationFrame {
  return { kind: "notification", method: "n", params, line: "as it came" };
}

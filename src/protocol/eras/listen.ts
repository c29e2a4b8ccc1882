import { member, isObject, type JsonObject } from "../../lib/json.ts";
import type { NotificationFrame } from "../frame.ts";
import { notificationLine, type RequestId } from "../jsonrpc.ts";
import { methods } from "../methods.ts";
import { metaKeys, modernMethods } from "./modern.ts";

/** What a `subscriptions/listen` asks for, or is given (MCP 2026-07-28, subscriptions). */
export interface ListenFilter {
  readonly toolsListChanged: boolean;
  readonly promptsListChanged: boolean;
  readonly resourcesListChanged: boolean;
  readonly resourceSubscriptions: readonly string[];
}

/** Of one listen; a client that watches more resources opens more of them. */
const MAX_URIS = 1_000;

/** What a server of an older revision can give of what was asked for. */
export function honoredFilter(params: JsonObject | undefined, capabilities: JsonObject): ListenFilter {
  const asked = params?.["notifications"];
  const has = (key: string, kind: string, ability: string): boolean =>
    member(asked, key) === true && member(capabilities[kind], ability) === true;
  const uris = member(asked, "resourceSubscriptions");
  const isSubscribable = member(capabilities["resources"], "subscribe") === true;
  return {
    toolsListChanged: has("toolsListChanged", "tools", "listChanged"),
    promptsListChanged: has("promptsListChanged", "prompts", "listChanged"),
    resourcesListChanged: has("resourcesListChanged", "resources", "listChanged"),
    resourceSubscriptions: isSubscribable && Array.isArray(uris) ? textsIn(uris).slice(0, MAX_URIS) : [],
  };
}

const textsIn = (values: readonly unknown[]): string[] => [
  ...new Set(values.filter((value) => typeof value === "string")),
];

/** The first message of every listen. */
export function acknowledgement(id: RequestId, filter: ListenFilter): NotificationFrame {
  const { resourceSubscriptions, ...lists } = filter;
  const given = Object.fromEntries(Object.entries(lists).filter(([, isGiven]) => isGiven));
  const resources = resourceSubscriptions.length > 0 ? { resourceSubscriptions } : {};
  return tagged(modernMethods.acknowledged, { notifications: { ...given, ...resources } }, id);
}

/** Whether a listen is to be told of this. */
export function covers(filter: ListenFilter, { method, params }: NotificationFrame): boolean {
  switch (method) {
    case methods.toolsChanged:
      return filter.toolsListChanged;
    case methods.promptsChanged:
      return filter.promptsListChanged;
    case methods.resourcesChanged:
      return filter.resourcesListChanged;
    case methods.resourceUpdated:
      return filter.resourceSubscriptions.some((uri) => isWithin(params?.["uri"], uri));
    default:
      return false;
  }
}

/** The URI in the notification may be of a part of what was subscribed to (MCP, server, resources, subscriptions). */
function isWithin(updated: unknown, subscribed: string): boolean {
  if (typeof updated !== "string") return false;
  return updated === subscribed || updated.startsWith(subscribed.endsWith("/") ? subscribed : `${subscribed}/`);
}

/** The notification with the id of the listen that it is for. */
export function tagged(method: string, params: JsonObject | undefined, id: RequestId): NotificationFrame {
  const meta = params?.["_meta"];
  const _meta = { ...(isObject(meta) ? meta : {}), [metaKeys.subscriptionId]: idValue(id) };
  const own = { ...params, _meta };
  return { kind: "notification", method, params: own, line: notificationLine(method, own) };
}

/** The result that ends a listen. */
export function listenResult(id: RequestId): JsonObject {
  return { resultType: "complete", _meta: { [metaKeys.subscriptionId]: idValue(id) } };
}

const idValue = (id: RequestId): string | number => (typeof id === "bigint" ? Number(id) : id);

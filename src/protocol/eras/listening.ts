import { isObject, member, type JsonObject } from "../../lib/json.ts";
import type { NotificationFrame } from "../frame.ts";
import { notificationLine } from "../jsonrpc.ts";
import { metaKeys } from "./modern.ts";

const LISTS = [
  ["tools", "toolsListChanged"],
  ["prompts", "promptsListChanged"],
  ["resources", "resourcesListChanged"],
] as const;

/** What a `subscriptions/listen` must ask for, so that a legacy client hears what the server's capabilities promise. */
export function listenFilter(capabilities: JsonObject, uris: readonly string[]): JsonObject {
  const lists = LISTS.filter(([kind]) => member(capabilities[kind], "listChanged") === true);
  return {
    ...Object.fromEntries(lists.map(([, key]) => [key, true])),
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
  };
}

export const canSubscribe = (capabilities: JsonObject): boolean =>
  member(capabilities["resources"], "subscribe") === true;

/** The resources that the server agreed to watch. */
export function honoredUris({ params }: NotificationFrame): readonly unknown[] {
  const uris = member(params?.["notifications"], "resourceSubscriptions");
  return Array.isArray(uris) ? uris : [];
}

export const subscriptionIdIn = (value: JsonObject | undefined): unknown =>
  member(value?.["_meta"], metaKeys.subscriptionId);

/** The notification without the id of the listen that it came on, which its client does not know. */
export function withoutSubscription(frame: NotificationFrame): NotificationFrame {
  const { method, params } = frame;
  const meta = params?.["_meta"];
  if (!isObject(meta)) return frame;
  const { [metaKeys.subscriptionId]: _id, ...others } = meta;
  const { _meta, ...plain } = params ?? {};
  const own = Object.keys(others).length === 0 ? plain : { ...plain, _meta: others };
  const given = Object.keys(own).length === 0 ? undefined : own;
  return { ...frame, params: given, line: notificationLine(method, given) };
}

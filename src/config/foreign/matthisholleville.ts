import { isMap, isScalar, Pair, type YAMLMap } from "yaml";
import { pairOf } from "../map-items.ts";
import type { ForeignShape } from "./foreign-shape.ts";
import {
  kept,
  movedTo,
  scalarAt,
  spread,
  within,
  withoutCounterpart,
  type KeyRule,
  type KeyRules,
  type Rewriting,
} from "./rewriting.ts";
import { pathRule, serverList } from "./server-list.ts";

/** The config of matthisholleville/mcp-gateway, a gateway with OAuth in front of servers with a URL. */
export const matthisholleville: ForeignShape = {
  name: "matthisholleville/mcp-gateway",
  port: 8082,
  list: "proxy.servers",
  marks: ["proxy", "cors", "server.url"],
  rewrite: (root, rewriting) => {
    const proxy = rewriting.resolved(pairOf(root, "proxy")?.value);
    const heartbeat = heartbeatOf(proxy, rewriting);
    const cacheAge = cacheAgeOf(proxy, rewriting);
    rewriting.replace(root, "", rulesFor(heartbeat));
    if (cacheAge !== undefined) addCacheAge(root, cacheAge, rewriting);
    // A tool is called `server:tool` there.
    if (pairOf(root, "naming") === undefined) root.items.push(rewriting.pair("naming", { separator: ":" }));
  },
};

function rulesFor(heartbeat: readonly Pair[]): KeyRules {
  return new Map<string, KeyRule>([
    [
      "server",
      spread(
        new Map<string, KeyRule>([
          ["url", movedTo("publicUrl")],
          ["path", pathRule],
        ]),
      ),
    ],
    ["cors", corsRule],
    ["auth", within(new Map([["options", within(new Map([["enabled", checksEnabled]]))]]))],
    [
      "proxy",
      spread(
        new Map<string, KeyRule>([
          [
            "servers",
            serverList({
              rules: SERVER_RULES,
              additions: (rewriting) => [rewriting.pair("type", "streamable-http"), ...heartbeat],
            }),
          ],
          [
            "proxy_config",
            spread(
              new Map<string, KeyRule>([
                // Read by cacheAgeOf.
                ["cache_ttl", () => []],
                ["heartbeat", spread(HEARTBEAT_KEYS)],
              ]),
            ),
          ],
        ]),
      ),
    ],
  ]);
}

/** They were read by heartbeatOf. */
const HEARTBEAT_KEYS: KeyRules = new Map<string, KeyRule>([
  ["enabled", () => []],
  ["interval_seconds", () => []],
]);

const SERVER_RULES: KeyRules = new Map<string, KeyRule>([
  ["type", kept],
  [
    "connection",
    spread(
      new Map<string, KeyRule>([
        ["url", kept],
        ["timeout", timeoutRule],
      ]),
    ),
  ],
  ["auth", kept],
]);

/** Durations of Go may have several units: `1m30s`. */
function timeoutRule(pair: Pair, _at: string, rewriting: Rewriting): Pair[] {
  const node = rewriting.resolved(pair.value);
  if (!isScalar(node) || typeof node.value !== "string" || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s)){2,}$/.test(node.value)) {
    return [pair];
  }
  const parts = [...node.value.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  const ms = parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (UNIT_MS.get(unit) ?? 0), 0);
  return [new Pair(pair.key, scalarAt(`${ms}ms`, node))];
}

const UNIT_MS = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
]);

const corsRule: KeyRule = (pair, at, rewriting) => {
  const cors = rewriting.resolved(pair.value);
  const enabled = isMap(cors) ? rewriting.resolved(pairOf(cors, "enabled")?.value) : undefined;
  const isOff = isScalar(enabled) && enabled.value === false;
  const allowed = "pages of an allowed origin may use every method and header that MCP and REST need";
  const rules = new Map<string, KeyRule>([
    ["enabled", () => []],
    ["allowed_origins", isOff ? withoutCounterpart("info", "cors.enabled is false") : movedTo("allowedOrigins")],
    ["allowed_methods", withoutCounterpart("info", allowed)],
    ["allowed_headers", withoutCounterpart("info", allowed)],
    [
      "allow_credentials",
      withoutCounterpart("info", "pages send the Authorization header themselves, and cookies are not used"),
    ],
  ]);
  return spread(rules)(pair, at, rewriting);
};

const checksEnabled: KeyRule = (pair, at, rewriting) => {
  const value = rewriting.resolved(pair.value);
  if (isScalar(value) && value.value === true) return [];
  rewriting.problem(`${at}: permissions are checked if there are any; to switch that off, remove them`, pair.key);
  return [];
};

/** `heartbeat` for every server. */
function heartbeatOf(proxy: unknown, rewriting: Rewriting): Pair[] {
  const node = isMap(proxy) ? blockIn(proxy, "proxy_config", rewriting) : undefined;
  const heartbeat = node === undefined ? undefined : blockIn(node, "heartbeat", rewriting);
  if (heartbeat === undefined) return [];
  const enabled = rewriting.resolved(pairOf(heartbeat, "enabled")?.value);
  const seconds = rewriting.resolved(pairOf(heartbeat, "interval_seconds")?.value);
  const isOff = isScalar(enabled) && enabled.value === false;
  if (!isOff && seconds === undefined) return [];
  const value = isScalar(seconds) ? seconds.value : undefined;
  const isPlaceholder = typeof value === "string" && value.includes("${");
  if (!isOff && !isPlaceholder && !(typeof value === "number" && value > 0)) {
    rewriting.problem("proxy.proxy_config.heartbeat.interval_seconds: must be a number of seconds", seconds);
    return [];
  }
  rewriting.became.push("proxy.proxy_config.heartbeat → servers.*.heartbeat");
  return [rewriting.pair("heartbeat", { interval: isOff ? "off" : `${String(value)}s` })];
}

/** How old a list of tools may be. */
function cacheAgeOf(proxy: unknown, rewriting: Rewriting): Pair | undefined {
  const config = isMap(proxy) ? blockIn(proxy, "proxy_config", rewriting) : undefined;
  const ttl = config === undefined ? undefined : pairOf(config, "cache_ttl");
  if (ttl === undefined) return undefined;
  const at = "proxy.proxy_config.cache_ttl";
  const [age] = timeoutRule(ttl, at, rewriting);
  rewriting.became.push(`${at} → rest.catalogAge`);
  return age === undefined ? undefined : rewriting.renamed(age, at, "catalogAge");
}

function addCacheAge(root: YAMLMap, age: Pair, rewriting: Rewriting): void {
  const rest = rewriting.resolved(pairOf(root, "rest")?.value);
  if (isMap(rest)) rest.items.push(age);
  else {
    const block = rewriting.pair("rest", {});
    if (isMap(block.value)) block.value.items.push(age);
    root.items.push(block);
  }
  if (isMap(rest)) rewriting.removeRepeated(rest);
}

function blockIn(map: YAMLMap, name: string, rewriting: Rewriting): YAMLMap | undefined {
  const node = rewriting.resolved(pairOf(map, name)?.value);
  return isMap(node) ? node : undefined;
}

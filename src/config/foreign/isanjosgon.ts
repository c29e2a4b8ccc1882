import { isMap, isScalar, isSeq, type Pair, YAMLSeq, type YAMLMap } from "yaml";
import { isOwnHeader } from "../../upstream/http/own-headers.ts";
import { holdsCredential } from "../../upstream/templates.ts";
import { nameOf, pairOf, placeOf } from "../map-items.ts";
import type { ForeignShape } from "./foreign-shape.ts";
import { routingRules } from "./routing.ts";
import {
  kept,
  mapOf,
  movedTo,
  scalarAt,
  spread,
  within,
  type KeyRule,
  type KeyRules,
  type Rewriting,
} from "./rewriting.ts";
import { namesIn, pathRule, serverList } from "./server-list.ts";

/** The config of @isanjosgon/mcp-gateway, a gateway in front of servers with a URL. */
export const isanjosgon: ForeignShape = {
  name: "@isanjosgon/mcp-gateway",
  port: 8080,
  list: "upstreams",
  marks: [
    "upstreams",
    "upstreamHeaders",
    "server.host",
    "server.port",
    "server.allowedOrigins",
    "server.requireOrigin",
  ],
  rewrite: (root, rewriting) => {
    const list = pairOf(root, "upstreams");
    const upstreams = rewriting.resolved(list?.value);
    const names = namesIn(upstreams, rewriting);
    const forward = forwarded(root, rewriting);
    rewriting.replace(root, "", rulesFor(names, forward));
    if (placeOf(upstreams) !== undefined && !hasKey(root, "policy")) {
      const message = "upstreams: there is no policy, so that whoever is admitted may do everything";
      rewriting.note("warn", message, upstreams);
    }
    if (!hasKey(root, "audit")) root.items.push(rewriting.pair("audit", { enabled: true }));
  },
};

/** What its own documentation says of an upstream without `timeoutMs`. */
const TIMEOUT = "30s";

function rulesFor(names: readonly string[], forward: readonly Pair[]): KeyRules {
  return new Map<string, KeyRule>([
    [
      "server",
      spread(
        new Map<string, KeyRule>([
          ["host", movedTo("hostname")],
          ["port", movedTo("port")],
          ["path", pathRule],
          ["allowedOrigins", movedTo("allowedOrigins")],
          ["requireOrigin", requireOrigin],
        ]),
      ),
    ],
    ["auth", authRule],
    ["policy", policyRule],
    [
      "upstreams",
      serverList({
        rules: UPSTREAM_RULES,
        additions: (rewriting) => [
          rewriting.pair("type", "streamable-http"),
          rewriting.pair("timeout", TIMEOUT),
          ...forward,
        ],
      }),
    ],
    ["upstreamHeaders", () => []],
    ["routing", (pair, at, rewriting) => routingRules(pair, at, names, rewriting)],
    ["logging", within(new Map([["level", levelRule]]))],
  ]);
}

const requireOrigin: KeyRule = (pair, at, rewriting) => {
  const value = rewriting.resolved(pair.value);
  if (isScalar(value) && value.value === false) return [];
  rewriting.problem(`${at}: requests without an Origin header cannot be refused here; remove the key`, pair.key);
  return [];
};

const authRule: KeyRule = (pair, at, rewriting) => {
  const auth = mapOf(pair, at, rewriting);
  if (auth === undefined) return [];
  const mode = pairOf(auth, "mode");
  const value = rewriting.resolved(mode?.value);
  const isOff = isScalar(value) && value.value === "none";
  const keys = pairOf(auth, "apiKeys");
  const list = rewriting.resolved(keys?.value);
  const hasKeys = keys !== undefined && !(isSeq(list) && list.items.length === 0);
  if (isOff && hasKeys) rewriting.problem(`${at}.mode: none, but there are apiKeys: remove one of the two`, mode?.key);
  if (!isOff && mode !== undefined && keys === undefined) {
    rewriting.problem(`${at}.apiKeys is missing: without a key, anyone may call; ${at}.mode: none says so`, mode.key);
  }
  // An empty list beside `none` says the same.
  auth.items = auth.items.filter((item) => !isOff || (item !== mode && item !== keys));
  return auth.items.length === 0 ? [] : [pair];
};

/** A refusal is answered with 403, as its documentation promises. */
const policyRule: KeyRule = (pair, _at, rewriting) => {
  const policy = rewriting.resolved(pair.value);
  if (isMap(policy) && pairOf(policy, "reveal") === undefined) policy.items.push(rewriting.pair("reveal", true));
  return [pair];
};

const UPSTREAM_RULES: KeyRules = new Map<string, KeyRule>([
  ["type", kept],
  ["url", kept],
  [
    "timeoutMs",
    (pair, at, rewriting) => {
      const node = rewriting.resolved(pair.value);
      const value = isScalar(node) ? node.value : undefined;
      const isPlaceholder = typeof value === "string" && value.includes("${");
      if (!isPlaceholder && !(typeof value === "number" && Number.isInteger(value) && value > 0)) {
        rewriting.problem(`${at}: must be a whole number of milliseconds, at least 1`, pair.value ?? pair.key);
        return [];
      }
      const timeout = rewriting.renamed(pair, at, "timeout");
      timeout.value = scalarAt(duration(value), node);
      return [timeout];
    },
  ],
  [
    "auth",
    (pair, at, rewriting) => {
      const auth = mapOf(pair, at, rewriting);
      if (auth === undefined) return [];
      const type = pairOf(auth, "type");
      const kind = rewriting.resolved(type?.value);
      if (!isScalar(kind) || kind.value !== "apiKey" || pairOf(auth, "apiKey") === undefined) return [pair];
      const header = rewriting.pair("type", "header");
      const rules = new Map<string, KeyRule>([
        ["type", () => [header]],
        [
          "apiKey",
          spread(
            new Map([
              ["header", kept],
              ["value", kept],
            ]),
          ),
        ],
      ]);
      auth.items = rewriting.parts(auth, at, rules);
      return [pair];
    },
  ],
]);

function duration(value: unknown): string {
  const isSeconds = typeof value === "number" && value % 1_000 === 0;
  return isSeconds ? `${value / 1_000}s` : `${String(value)}ms`;
}

/** Other names of the levels in logs of its kind. */
const LEVELS = new Map<unknown, string>([
  ["trace", "verbose"],
  ["fatal", "error"],
]);

const levelRule: KeyRule = (pair, at, rewriting) => {
  const node = rewriting.resolved(pair.value);
  const ours = isScalar(node) ? LEVELS.get(node.value) : undefined;
  if (ours === undefined) return [pair];
  const level = rewriting.renamed(pair, at, "level");
  level.value = scalarAt(ours, node);
  return [level];
};

/** `forwardHeaders` for every upstream: what `upstreamHeaders.forward` names beyond the headers of MCP itself. */
function forwarded(root: YAMLMap, rewriting: Rewriting): Pair[] {
  const pair = pairOf(root, "upstreamHeaders");
  const map = pair === undefined ? undefined : mapOf(pair, "upstreamHeaders", rewriting);
  const rules = new Map([["forward", kept]]);
  const [list] = map === undefined ? [] : rewriting.parts(map, "upstreamHeaders", rules);
  if (list === undefined) return [];
  const headers = rewriting.resolved(list.value);
  if (!isSeq(headers)) {
    rewriting.problem("upstreamHeaders.forward: must be a list of headers", list.value ?? list.key);
    return [];
  }
  const passed = new YAMLSeq();
  passed.items = headers.items.filter((item) => mayPass(item, rewriting));
  passed.flow = true;
  if (passed.items.length === 0) return [];
  rewriting.became.push("upstreamHeaders.forward → servers.*.forwardHeaders");
  const forwardHeaders = rewriting.pair("forwardHeaders", []);
  forwardHeaders.value = passed;
  return [forwardHeaders];
}

/** Headers of MCP are sent as it demands; a caller's credential is never passed on, even if it is named. */
function mayPass(item: unknown, rewriting: Rewriting): boolean {
  const node = rewriting.resolved(item);
  if (!isScalar(node) || typeof node.value !== "string") return true;
  if (!holdsCredential(node.value)) return !isOwnHeader(node.value);
  const message = `upstreamHeaders.forward: ${node.value} is never passed on, because it holds the caller's credential`;
  rewriting.note("warn", message, item);
  return false;
}

const hasKey = (map: YAMLMap, name: string): boolean => map.items.some((pair) => nameOf(pair) === name);

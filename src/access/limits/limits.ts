import { globMatcher, type Matches } from "../../lib/glob.ts";
import { methods } from "../../protocol/methods.ts";
import type { RateLimitConfig } from "./config.ts";
import type { Charge } from "./counters.ts";
import { encoded } from "./subject.ts";

/** Requests that begin or keep up a conversation or open a stream. */
const FREE: ReadonlySet<string> = new Set([
  methods.initialize,
  methods.ping,
  // MCP 2026-07-28: what replaced `initialize`, and the stream of notifications.
  "server/discover",
  "subscriptions/listen",
]);

/** The methods that are counted by their own name. What a client invents must not become a key. */
const DEFINED = [
  methods.listTools,
  methods.callTool,
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  methods.subscribe,
  methods.unsubscribe,
  methods.setLevel,
  "completion/complete",
  "tasks/get",
  "tasks/list",
  "tasks/result",
  "tasks/cancel",
] as const;

const UNDEFINED = "*";

interface Limit {
  /** The end of the key. */
  readonly name: string;
  readonly rpm: number;
  /** The key of the config that sets it. */
  readonly rule: string;
}

interface ToolLimit extends Limit {
  readonly matches: Matches;
  readonly hasServer: boolean;
}

/** What the config allows for a request. */
export class Limits {
  readonly #byMethod: ReadonlyMap<string, Limit>;
  readonly #undefined: Limit;
  readonly #byTool: readonly ToolLimit[];

  constructor({ defaultRpm, byMethod, byTool }: RateLimitConfig) {
    const fallback = (name: string): Limit => ({ name, rpm: defaultRpm, rule: "rateLimit.defaultRpm" });
    this.#byMethod = new Map([
      ...DEFINED.map((name) => [name, fallback(name)] as const),
      ...Object.entries(byMethod).map(
        ([name, rpm]) => [name, { name, rpm, rule: `rateLimit.byMethod.${name}` }] as const,
      ),
    ]);
    this.#undefined = fallback(UNDEFINED);
    this.#byTool = Object.entries(byTool).map(([pattern, rpm]) => ({
      name: `${methods.callTool}:${encoded(pattern)}`,
      rpm,
      rule: `rateLimit.byTool.${pattern}`,
      matches: globMatcher(pattern),
      hasServer: pattern.includes(":"),
    }));
  }

  isLimited(method: string): boolean {
    return !FREE.has(method);
  }

  /** The charges for one request; `before` is the beginning of their keys. */
  chargesFor(before: string, server: string, method: string, tool: unknown): Charge[] {
    const { name, rpm, rule } = this.#byMethod.get(method) ?? this.#undefined;
    const charges = [{ key: before + name, points: 1, limit: rpm, rule }];
    if (this.#byTool.length === 0 || method !== methods.callTool || typeof tool !== "string") return charges;
    const full = `${server}:${tool}`;
    for (const own of this.#byTool) {
      if (!own.matches(own.hasServer ? full : tool)) continue;
      charges.push({ key: before + own.name, points: 1, limit: own.rpm, rule: own.rule });
    }
    return charges;
  }
}

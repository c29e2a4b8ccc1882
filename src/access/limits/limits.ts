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

/** The charges of one caller, each made when it is first needed: at most one for each limit. */
export class Charges {
  readonly #before: string;
  readonly #byLimit = new Map<Limit, Charge>();

  /** `before` is the beginning of their keys. */
  constructor(before: string) {
    this.#before = before;
  }

  of(limit: Limit): Charge {
    const known = this.#byLimit.get(limit);
    if (known !== undefined) return known;
    const charge = { key: this.#before + limit.name, points: 1, limit: limit.rpm, rule: limit.rule };
    this.#byLimit.set(limit, charge);
    return charge;
  }
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

  /** The charges for one request. */
  chargesFor(known: Charges, server: string, method: string, tool: unknown): Charge[] {
    const charges = [known.of(this.#byMethod.get(method) ?? this.#undefined)];
    if (this.#byTool.length === 0 || method !== methods.callTool || typeof tool !== "string") return charges;
    const full = `${server}:${tool}`;
    for (const own of this.#byTool) {
      if (own.matches(own.hasServer ? full : tool)) charges.push(known.of(own));
    }
    return charges;
  }
}

import { z } from "zod";

const rpm = z.number().int().min(1).max(1_000_000);

/** Requests per minute. A tenant's client is one caller whatever it authenticates with; without a tenant, each principal is. */
export const rateLimitSchema = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether requests are limited."),
  defaultRpm: rpm
    .default(600)
    .describe("Requests per minute of each caller and method. Methods that MCP does not define count as one."),
  byMethod: z
    .record(z.string().min(1).max(128), rpm)
    .default({})
    .describe("Another number for single methods. A REST call is a tools/call.")
    .meta({ examples: [{ "tools/call": 120 }] }),
  byTool: z
    .record(z.string().min(1).max(256), rpm)
    .default({})
    .describe(
      "Calls per minute of single tools, in addition to the limit of tools/call: tool or server:tool, with * as a wildcard. The tools " +
        "that one pattern matches are counted together.",
    )
    .meta({ examples: [{ "git:push": 10, "search*": 30 }] }),
  keyPrefix: z
    .string()
    .min(1)
    .max(128)
    .default("mcp-gateway")
    .describe("The beginning of every key in Redis. RATE_LIMIT_KEY_PREFIX takes precedence.")
    .meta({ examples: ["mcp-gateway:prod"] }),
  backend: z
    .enum(["memory", "redis"])
    .optional()
    .describe(
      "Where requests are counted: in this process, or in a Redis that several gateways share. Redis if its URL is known.",
    )
    .meta({ examples: ["memory"] }),
  redis: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe("The URL of Redis; by default that of the variable REDIS_URL.")
    .meta({ examples: ["redis://redis:6379", "rediss://:${REDIS_PASSWORD}@redis.example.com:6380/2"] }),
  onError: z
    .enum(["refuse", "allow"])
    .default("refuse")
    .describe("What happens to limited requests while Redis cannot be reached. At the start it has to be reachable."),
  mcpStatus: z
    .enum(["http", "jsonrpc"])
    .default("http")
    .describe(
      "How an MCP client is refused: with the HTTP status 429, or with 200 and a JSON-RPC error for each of its requests.",
    ),
});

export type RateLimitConfig = z.output<typeof rateLimitSchema>;

/** What the environment adds to the config. */
export interface RateLimitEnvironment {
  readonly REDIS_URL?: string | undefined;
  readonly RATE_LIMIT_KEY_PREFIX?: string | undefined;
}

/** The URL of the Redis to count in; undefined to count in memory. Empty variables count as unset. */
export function redisUrlOf(config: RateLimitConfig, env: RateLimitEnvironment): string | undefined {
  if (!config.enabled || config.backend === "memory") return undefined;
  return config.redis ?? (env.REDIS_URL === "" ? undefined : env.REDIS_URL);
}

export function keyPrefixOf({ keyPrefix }: RateLimitConfig, env: RateLimitEnvironment): string {
  return env.RATE_LIMIT_KEY_PREFIX === undefined || env.RATE_LIMIT_KEY_PREFIX === ""
    ? keyPrefix
    : env.RATE_LIMIT_KEY_PREFIX;
}

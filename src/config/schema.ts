import { z } from "zod";
import { auditSchema } from "../access/audit/config.ts";
import { rateLimitSchema } from "../access/limits/config.ts";
import { permissionSchemas, policySchema } from "../access/policy/config.ts";
import { accessLimitsSchema, authShape } from "../access/config.ts";
import { oauthSchema, oktaSchema } from "../access/oauth.ts";
import { accessProblems } from "../access/problems.ts";
import { cacheSchema } from "../client/config.ts";
import { groupSchema, namingSchema, routingSchema } from "../aggregate/config.ts";
import { aggregateProblems } from "../aggregate/problems.ts";
import { authMethods } from "../access/auth/methods.ts";
import { consoleSchema } from "../downstream/console/config.ts";
import { downstreamLimitsSchema, listenSchema } from "../downstream/config.ts";
import { openapiSchema } from "../downstream/openapi/config.ts";
import { restSchema } from "../downstream/rest/config.ts";
import { levelSchema, loggingSchema } from "../observability/config.ts";
import { metricsSchema } from "../observability/metrics/config.ts";
import { sessionLimitsSchema, sessionsSchema, stateSchema } from "../session/config.ts";
import { upstreamLimitsSchema } from "../upstream/config.ts";
import { entrySchema } from "../upstream/entry-config.ts";
import { upstreamKinds } from "../upstream/kinds.ts";
import { serverName } from "./server-names.ts";

const [firstKind, ...otherKinds] = upstreamKinds.map((kind) => kind.config.extend(entrySchema));
const kindLimits = Object.fromEntries(upstreamKinds.flatMap((kind) => Object.entries(kind.limits)));
if (firstKind === undefined) throw new Error("no upstream kind is registered");

/** Methods with credentials of their own, which a scraper can be given. */
const metricsAuthSchema = z
  .strictObject(
    Object.fromEntries(
      authMethods.flatMap(({ name, config }) =>
        name === "basic" || name === "bearer" ? [[name, config.optional()]] : [],
      ),
    ),
  )
  .describe(
    "Who may read /metrics; without this key, on a port of its own anyone who reaches it, otherwise the callers of the gateway.",
  )
  .meta({ examples: [{ bearer: { tokens: ["${METRICS_TOKEN}"] } }] });

const keys = z.strictObject({
  ...listenSchema,
  logging: loggingSchema
    .prefault({})
    .describe("What the gateway writes to stderr.")
    .meta({ examples: [{ level: "debug", format: "json" }] }),
  debug: z
    .strictObject({ level: levelSchema.describe("The same as logging.level, which takes precedence.") })
    .partial()
    .prefault({})
    .describe("The older spelling of logging.level.")
    .meta({ examples: [{ level: "debug" }] }),
  metrics: z
    .strictObject({ ...metricsSchema, auth: metricsAuthSchema.optional() })
    .prefault({})
    .describe("What the gateway counts, for Prometheus: GET /metrics.")
    .meta({ examples: [{ port: 9464 }, { auth: { bearer: { tokens: ["${METRICS_TOKEN}"] } } }] }),
  console: consoleSchema
    .prefault({})
    .describe("What people look at in a browser: servers, sessions, and their messages as they pass.")
    .meta({ examples: [{ enabled: true, record: "off" }] }),
  auth: z
    .strictObject({ ...authShape, ...permissionSchemas })
    .prefault({})
    .describe(
      "Who may call. A request is admitted if any enabled method accepts it; without a method, anyone may call.",
    )
    .meta({ examples: [{ bearer: { tokens: ["${MCP_GATEWAY_TOKEN}"] } }] }),
  rateLimit: rateLimitSchema
    .optional()
    .describe("How often each caller may; without this block there is no limit.")
    .meta({ examples: [{ defaultRpm: 600, byMethod: { "tools/call": 120 } }] }),
  audit: auditSchema
    .optional()
    .describe("The trail of who did what: one JSON line for each call and each refusal.")
    .meta({ examples: [{ file: "/var/log/mcp-gateway/audit.jsonl" }] }),
  policy: policySchema
    .optional()
    .describe("Who may do what, once it is known who calls. Without it, and without auth.permissions, everything.")
    .meta({ examples: [{ rules: [{ subject: { tenant: "acme" }, allow: { methods: ["*"], tools: ["git:*"] } }] }] }),
  oauth: oauthSchema
    .optional()
    .describe("Another spelling of auth.jwt: tokens of authorization servers such as Okta's.")
    .meta({
      examples: [{ provider: "okta", authorization_servers: ["https://example.okta.com/oauth2/default"] }],
    }),
  okta: oktaSchema
    .optional()
    .describe("What oauth needs for the provider okta.")
    .meta({ examples: [{ issuer: "${OKTA_ISSUER}" }] }),
  limits: z
    .strictObject({
      ...sessionLimitsSchema,
      ...upstreamLimitsSchema,
      ...kindLimits,
      ...downstreamLimitsSchema,
      ...accessLimitsSchema,
    })
    .prefault({})
    .describe("Upper bounds on what callers and servers could otherwise make grow without end.")
    .meta({ examples: [{ sessions: 50, idle: "10m" }] }),
  rest: restSchema
    .prefault({})
    .describe("Calls over plain HTTP: POST /api/<server>/<tool>.")
    .meta({ examples: [{ timeout: "30s", sessionless: "oneshot" }] }),
  openapi: openapiSchema
    .prefault({})
    .describe("The OpenAPI documents made from the tools.")
    .meta({ examples: [{ title: "Our tools" }] }),
  sessions: sessionsSchema
    .prefault({})
    .describe("Where sessions are kept while they have no process.")
    .meta({ examples: [{ store: "memory" }] }),
  state: stateSchema
    .prefault({})
    .describe("What survives a restart of the gateway.")
    .meta({ examples: [{ dir: "/var/lib/mcp-gateway" }] }),
  cache: cacheSchema
    .prefault({})
    .describe("What the servers list (tools, prompts, resources), so that a restarted gateway knows it at once.")
    .meta({ examples: [{ dir: "/var/cache/mcp-gateway" }] }),
  servers: z
    .record(serverName, z.discriminatedUnion("type", [firstKind, ...otherKinds]))
    .refine((servers) => Object.keys(servers).length > 0, "at least one server is needed")
    .describe("The catalog: each entry is an MCP server, started separately for every session.")
    .meta({ examples: [{ everything: { command: "npx", args: ["-y", "@modelcontextprotocol/server-everything"] } }] }),
  naming: namingSchema
    .prefault({})
    .describe("What tools and prompts are called where several servers share an endpoint.")
    .meta({ examples: [{ separator: ":" }] }),
  groups: z
    .record(serverName, groupSchema)
    .default({})
    .describe(
      "Selections of tools, prompts and resources with an endpoint of their own, which is used like a server's.",
    )
    .meta({ examples: [{ readers: { servers: ["git", "jira"], tools: ["git:git_log", "jira:get_*"] } }] }),
  routing: routingSchema
    .default([])
    .describe(
      "Where requests to /mcp go that name a tool, a prompt or a resource without its server. The first match wins.",
    )
    .meta({ examples: [[{ match: { tool: "math.*" }, server: "math" }]] }),
});

/** The schema of the config file, assembled from what each room declares. Schemas validate and default; none transforms. */
export const configSchema = keys.superRefine((config, context) => {
  for (const { path, message } of [...accessProblems(config), ...aggregateProblems(config)])
    context.addIssue({ code: "custom", path: [...path], message });
});

export type Config = z.output<typeof configSchema>;

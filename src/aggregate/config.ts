import { z } from "zod";

const globs = (what: string, example: string) =>
  z
    .array(z.string().min(1).max(1_024))
    .max(10_000)
    .optional()
    .describe(what)
    .meta({ examples: [[example]] });

const texts = (what: string, example: Readonly<Record<string, string>>) =>
  z
    .record(z.string().min(1).max(1_024), z.string().min(1).max(4_096))
    .default({})
    .describe(what)
    .meta({ examples: [example] });

/** The key `naming:`. */
export const namingSchema = z.strictObject({
  separator: z
    .string()
    .regex(/^[-_.:/]{1,4}$/, "must be one to four of the characters _ - . : /")
    .default("__")
    .describe(
      "What stands between a server's name and that of its tool or prompt, where several servers share an endpoint. In a call, __ and : " +
        "are understood as well.",
    )
    .meta({ examples: [":"] }),
});

/** An entry of `groups:`. */
export const groupSchema = z.strictObject({
  servers: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(1_000)
    .describe("The servers of the group, by name.")
    .meta({ examples: [["git", "jira"]] }),
  tools: globs(
    "Its tools, written tool or server:tool, with * for any run of characters. Without tools, prompts and resources: everything.",
    "git:*",
  ),
  prompts: globs("Its prompts, written like tools.", "jira:*"),
  resources: globs("Its resources, by URI.", "file:///public/*"),
  rename: texts("Tools and prompts under another name: what server:tool is called here.", { "git:git_log": "history" }),
  description: texts("Tools with another description, by server:tool.", {
    "git:git_log": "What was changed, and by whom.",
  }),
});

const pattern = (what: string, example: string) =>
  z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe(what)
    .meta({ examples: [example] });

const target = (what: string) =>
  z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(what)
    .meta({ examples: ["git"] });

/** An entry of `routing:`. */
const routeSchema = z.strictObject({
  match: z
    .strictObject({
      method: pattern("The MCP method.", "tools/call"),
      tool: pattern("The name in tools/call.", "math.*"),
      resource: pattern("The URI in resources/read.", "file:///*"),
      prompt: pattern("The name in prompts/get.", "report-*"),
    })
    .describe("Which requests: every key must fit; * stands for any run of characters.")
    .meta({ examples: [{ tool: "math.*" }] }),
  server: target("The server that they go to."),
  upstream: target("Another spelling of server."),
});

/** The key `routing:`. */
export const routingSchema = z.array(routeSchema).max(1_000);

type NamingConfig = z.output<typeof namingSchema>;
export type GroupConfig = z.output<typeof groupSchema>;
export type RouteConfig = z.output<typeof routeSchema>;

/** The keys of the config that are about endpoints in front of several servers. */
export interface AggregateConfig {
  readonly naming: NamingConfig;
  readonly groups: Readonly<Record<string, GroupConfig>>;
  readonly routing: readonly RouteConfig[];
  readonly servers: Readonly<Record<string, unknown>>;
}

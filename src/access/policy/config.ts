import { z } from "zod";
import { ruleKinds } from "./kinds.ts";
import { patterns, type Patterns } from "./patterns.ts";

const oneOrMore = (what: string, example: string | string[]) =>
  z
    .union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(1_000)])
    .optional()
    .describe(what)
    .meta({ examples: [example] });

const subjectSchema = z
  .strictObject({
    tenant: oneOrMore("The caller's tenant; * stands for any text.", "acme"),
    client: oneOrMore("The caller's client, that is its application; * stands for any text.", ["cursor", "vscode"]),
    principal: oneOrMore(
      "The caller's id, or kind:id: a user name, the id of an API key, the issuer and the sub of a token.",
      "alice",
    ),
    scopes: oneOrMore("The caller has one of these scopes (all, with auth.options.scope_mode: all).", ["mcp:write"]),
    groups: oneOrMore("The caller is in one of these groups.", ["admins"]),
  })
  .default({})
  .describe("Whom the rule is about: every key must fit. Without a key it is about everybody.")
  .meta({ examples: [{ tenant: "acme", client: "ci" }] });

const GRANT_KEYS = {
  methods: patterns("MCP methods.", "*"),
  ...Object.fromEntries(ruleKinds.map((kind) => [kind.key, kind.config])),
  servers: patterns("Servers, by name: the other keys are only about these; alone, everything on them.", "git"),
  console: z
    .boolean()
    .optional()
    .describe(
      "The console, for the servers of the rule that the caller may use anyway, with what others do there. Says nothing else about them.",
    )
    .meta({ examples: [true] }),
};

const grantSchema = z.strictObject(GRANT_KEYS).optional();

const ruleSchema = z.strictObject({
  subject: subjectSchema,
  allow: grantSchema
    .describe("What it may do. In every list, * stands for any run of characters.")
    .meta({ examples: [{ methods: ["*"], tools: ["git:*"] }] }),
  deny: grantSchema
    .describe("What it may not do, whatever any rule allows.")
    .meta({ examples: [{ tools: ["git:push"] }] }),
});

/** The key `policy:`. */
export const policySchema = z.strictObject({
  default: z.enum(["deny", "allow"]).default("deny").describe("What happens with everything that no rule is about."),
  reveal: z
    .boolean()
    .default(false)
    .describe("Answer 403 to what is refused. By default it looks as if it did not exist."),
  rules: z
    .array(ruleSchema)
    .max(1_000)
    .default([])
    .describe(
      "Who may do what. Their order does not matter: what any of them denies is denied, what any allows is allowed.",
    )
    .meta({ examples: [[{ subject: { tenant: "acme" }, allow: { methods: ["*"], tools: ["git:*"] } }]] }),
});

/** The keys below `auth:` that say which scopes a tool needs. */
export const permissionSchemas = {
  permissions: z
    .record(z.string().min(1).max(1_024), z.array(z.string().min(1).max(256)).max(100))
    .optional()
    .describe("The scopes that a tool needs, written server:tool, with * for any run of characters.")
    .meta({ examples: [{ "n8n:*": ["scope:user"], "admin:user_management": ["scope:admin"] }] }),
  options: z
    .strictObject({
      scope_mode: z
        .enum(["any", "all"])
        .default("any")
        .describe("Whether one of the scopes is enough, or all are needed."),
      default_scope: z
        .string()
        .min(1)
        .max(256)
        .nullable()
        .default(null)
        .describe("The scope for what no permission is about; null denies it.")
        .meta({ examples: ["scope:user"] }),
    })
    .optional()
    .describe("How the scopes of permissions are compared.")
    .meta({ examples: [{ scope_mode: "any", default_scope: null }] }),
};

type PolicyConfig = z.output<typeof policySchema>;
export type SubjectConfig = z.output<typeof subjectSchema>;
export type RuleConfig = PolicyConfig["rules"][number];
/** `allow` or `deny` of a rule. */
export type GrantConfig = Readonly<Record<string, Patterns | boolean>>;

/** What decides who may do what; `policy` and `permissions` are undefined when the config does not have them. */
export interface AccessRules {
  readonly policy: PolicyConfig | undefined;
  readonly permissions: Readonly<Record<string, readonly string[]>> | undefined;
  readonly options: { readonly scope_mode: "any" | "all"; readonly default_scope: string | null } | undefined;
}

/** The lists of `allow` or `deny` by their keys, without those that are missing. */
export function listsOf(grant: GrantConfig | undefined): ReadonlyMap<string, readonly string[]> {
  const lists = Object.entries(grant ?? {}).flatMap(([key, list]) =>
    Array.isArray(list) ? [[key, list] as const] : [],
  );
  return new Map(lists);
}

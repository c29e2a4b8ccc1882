import { z } from "zod";
import { isObject, member } from "../../lib/json.ts";
import { auditSinks } from "./sinks/sinks.ts";

const [firstSink, ...otherSinks] = auditSinks.map(({ name }) => name);
if (firstSink === undefined) throw new Error("no audit sink is registered");

/** The trail of who did what: one JSON line for each call and each refusal. */
export const auditSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe(
        "Whether the trail is written. Without this key it is once there is an audit, auth.apiKeys, auth.jwt or policy block.",
      )
      .meta({ examples: [true] }),
    sink: z
      .enum([firstSink, ...otherSinks])
      .optional()
      .describe("Where the lines go: stderr, among those of the log, unless audit.file is set.")
      .meta({ examples: ["stdout"] }),
    file: z
      .string()
      .min(1)
      .optional()
      .describe("The file to append to. It is created for this user only, and opened anew on SIGHUP.")
      .meta({ examples: ["/var/log/mcp-gateway/audit.jsonl"] }),
    environments: z
      .array(z.string().min(1))
      .default(["*"])
      .describe(
        "The environments in which the trail is written, * for all. The environment is MCP_GATEWAY_ENV, else NODE_ENV, else development.",
      )
      .meta({ examples: [["production", "staging"]] }),
    arguments: z
      .enum(["none", "digest", "redacted"])
      .default("none")
      .describe(
        "What is written of a tool's arguments: nothing, their SHA-256, or their first 2 KiB with secrets masked.",
      ),
    onError: z
      .enum(["allow", "refuse"])
      .default("allow")
      .describe("What happens to calls while the trail cannot be written."),
  })
  .refine(({ sink, file }) => sink !== "file" || file !== undefined, {
    path: ["file"],
    message: "the path of the file is needed",
  })
  .refine(({ sink, file }) => sink === undefined || sink === "file" || file === undefined, {
    path: ["sink"],
    message: "audit.file is only written with sink: file",
  });

export type AuditConfig = z.output<typeof auditSchema>;

export interface AuditEnvironment {
  readonly MCP_GATEWAY_ENV?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}

/** The environment that the gateway runs in. Empty variables count as unset. */
export function environmentOf({ MCP_GATEWAY_ENV, NODE_ENV }: AuditEnvironment): string {
  return [MCP_GATEWAY_ENV, NODE_ENV].find((name) => name !== undefined && name !== "") ?? "development";
}

/** The parts of the config that say who may do what: an operator who writes one wants to know what was done. */
const ACCESS_BLOCKS: readonly string[] = ["apiKeys", "jwt", "permissions"];

/** The audit block if the trail is to be written, with its defaults if there is none. */
export function activeAudit(config: object, env: AuditEnvironment): AuditConfig | undefined {
  const given = member(config, "audit");
  const audit = auditSchema.parse(given ?? {});
  const auth = member(config, "auth");
  const rules = isObject(auth) ? ACCESS_BLOCKS.some((name) => isPresent(auth[name])) : false;
  const isWanted = audit.enabled ?? (given !== undefined || rules || isPresent(member(config, "policy")));
  const isHere = audit.environments.some((name) => name === "*" || name === environmentOf(env));
  return isWanted && isHere ? audit : undefined;
}

/** An empty list or object is what a default leaves of a block that nobody wrote. */
function isPresent(block: unknown): boolean {
  if (Array.isArray(block)) return block.length > 0;
  return isObject(block) ? Object.keys(block).length > 0 : block !== undefined;
}

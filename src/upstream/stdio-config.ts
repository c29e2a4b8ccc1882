import { z } from "zod";
import { count, duration } from "../protocol/unit-schemas.ts";
import { isFillable, isTemplate, UNFILLABLE } from "./templates.ts";

/** A larger number is a mistake, or an attempt to bypass the caps in `limits`. */
const MAX_WARM = 32;

const fillable = z.string().refine(isFillable, UNFILLABLE);

/** An entry with a `command`. */
export const stdioEntrySchema = z.strictObject({
  type: z.literal("stdio").optional().describe("How the server is reached: as a process of its own for every session."),
  command: z
    .string()
    .min(1)
    .refine((command) => !isTemplate(command), "must not be filled in from a caller")
    .describe("The program to run, without a shell.")
    .meta({ examples: ["npx", "uvx", "/opt/servers/git-mcp"] }),
  args: z
    .array(fillable)
    .default([])
    .describe("Its arguments, one element each. {{headers.x-user-id}} and the like are filled in from the caller.")
    .meta({ examples: [["-y", "@modelcontextprotocol/server-filesystem", "/data"]] }),
  path: fillable
    .min(1)
    .optional()
    .describe("Its working directory.")
    .meta({ examples: ["/data"] }),
  env: z
    .record(z.string(), fillable)
    .default({})
    .describe("Environment variables in addition to the short list that it inherits.")
    .meta({ examples: [{ GITHUB_TOKEN: "${GITHUB_TOKEN}" }] }),
  inheritEnv: z.boolean().default(false).describe("Give it the gateway's whole environment, secrets included."),
  warm: z
    .number()
    .int()
    .min(0)
    .max(MAX_WARM)
    .default(0)
    .describe("Processes to keep started for the next sessions, which then do not wait for a start.")
    .meta({ examples: [2] }),
});

/** The keys of `limits:` that only apply to servers with a process. */
export const stdioLimitsSchema = {
  startsPerSecond: count(10).describe("Process starts per second."),
  startBurst: count(20).describe("Process starts at once after a quiet period."),
  startingPerServer: count(4).describe("Processes of one server that may be starting at the same time."),
  startQueue: duration("30s").describe("How long a start may wait for its turn."),
  crashLoop: count(5, 0).describe(
    "After this many exits within 3 minutes, each in the first 10 s of a process, a server is not started for a while; 0 = never.",
  ),
};

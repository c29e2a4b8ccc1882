import { z } from "zod";
import { optionalDuration } from "../protocol/unit-schemas.ts";

/** The keys that entries of every kind in `servers:` have. */
export const entrySchema = {
  timeout: optionalDuration
    .describe(
      "How long an answer of this server may take, on all transports; default: limits.request, and for REST calls rest.timeout.",
    )
    .meta({ examples: ["30s"] }),
  era: z
    .enum(["auto", "legacy", "modern"])
    .default("auto")
    .describe(
      "Which MCP it speaks: legacy begins with initialize (up to 2025-11-25), modern has no sessions (2026-07-28). Auto finds out.",
    )
    .meta({ examples: ["modern"] }),
  stateful: z
    .boolean()
    .default(false)
    .describe("Its processes hold state: none is ended early or replaced, and a session ends with its process."),
  isolation: z
    .enum(["principal", "call"])
    .default("principal")
    .describe(
      "What shares a process when clients of MCP 2026-07-28, which has no sessions, call: all calls of one caller, or none.",
    )
    .meta({ examples: ["call"] }),
  required: z
    .boolean()
    .default(false)
    .describe(
      "Whether the gateway is ready (/ready) only while this server can be started. It is started once at the beginning.",
    ),
  serial: z.boolean().default(false).describe("Run the REST calls of one session one after the other."),
};

import { z } from "zod";
import { optionalDuration } from "../protocol/unit-schemas.ts";

/** The keys that entries of every kind in `servers:` have. */
export const entrySchema = {
  timeout: optionalDuration
    .describe(
      "How long an answer of this server may take, on all transports; default: limits.request, and for REST calls rest.timeout.",
    )
    .meta({ examples: ["30s"] }),
  stateful: z
    .boolean()
    .default(false)
    .describe("Its processes hold state: none is ended early or replaced, and a session ends with its process."),
  required: z
    .boolean()
    .default(false)
    .describe(
      "Whether the gateway is ready (/ready) only while this server can be started. It is started once at the beginning.",
    ),
  serial: z.boolean().default(false).describe("Run the REST calls of one session one after the other."),
};

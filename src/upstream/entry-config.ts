import { z } from "zod";
import { optionalDuration } from "../protocol/unit-schemas.ts";

/** The keys that entries of every kind in `servers:` have. */
export const entrySchema = {
  timeout: optionalDuration
    .describe(
      "Time for an answer of this server, on all transports; limits.request, and for REST calls rest.timeout, unless told.",
    )
    .meta({ examples: ["30s"] }),
  stateful: z
    .boolean()
    .default(false)
    .describe(
      "Its processes remember what is said to them: none is ended early or replaced, and a session ends with its process.",
    ),
  serial: z.boolean().default(false).describe("Run the REST calls of one session one after the other."),
};

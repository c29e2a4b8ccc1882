import { z } from "zod";
import { optionalDuration } from "../protocol/unit-schemas.ts";

/** The keys that every entry of `servers:` has, whatever its kind. */
export const entrySchema = {
  timeout: optionalDuration
    .describe("Time for a REST call of its tools; rest.timeout unless told.")
    .meta({ examples: ["30s"] }),
  serial: z.boolean().default(false).describe("Run the REST calls of one session one after the other."),
};

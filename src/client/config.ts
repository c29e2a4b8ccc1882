import { z } from "zod";

/** The key `cache:`. */
export const cacheSchema = z.strictObject({
  dir: z
    .string()
    .min(1)
    .optional()
    .describe("The folder in which the lists of the servers are kept. Default: that of state.dir.")
    .meta({ examples: ["/var/cache/mcp-gateway"] }),
  store: z
    .enum(["file", "memory"])
    .default("file")
    .describe("Where the lists of the servers are kept. In files they survive a restart of the gateway.")
    .meta({ examples: ["memory"] }),
});

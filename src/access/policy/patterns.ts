import { z } from "zod";

/** A list of patterns in `allow` or `deny`. */
export const patterns = (what: string, example: string) =>
  z
    .array(z.string().min(1).max(1_024))
    .max(10_000)
    .optional()
    .describe(what)
    .meta({ examples: [[example]] });

export type Patterns = z.output<ReturnType<typeof patterns>>;

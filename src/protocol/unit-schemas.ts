import { z } from "zod";
import { DURATION_PATTERN, SIZE_PATTERN } from "../lib/units.ts";

const durationText = z
  .string()
  .regex(DURATION_PATTERN, 'must be a duration with its unit, such as "90s", "10m" or "off"');

/** Text such as "90s" or "10m"; "0" or "off" for no limit. Schemas check and default, `durationMs` converts. */
export const duration = (fallback: string): z.ZodDefault<z.ZodString> => durationText.default(fallback);

export const optionalDuration = durationText.optional();

/** Text such as "4MiB". */
export const size = (fallback: string): z.ZodDefault<z.ZodString> =>
  z.string().regex(SIZE_PATTERN, 'must be a size with its unit, such as "4MiB"').default(fallback);

export const count = (fallback: number, min = 1): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(min).default(fallback);

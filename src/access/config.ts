import { z } from "zod";
import { count } from "../protocol/unit-schemas.ts";
import { authMethods } from "./auth/methods.ts";
import { claimSchema } from "./oauth.ts";

/** The keys of `auth:`. */
export const authShape: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(authMethods.map(({ name, config }) => [name, config.optional()])),
  mode: z
    .enum(["apiKey"])
    .optional()
    .describe("Has no effect: a method is on when its own key says so.")
    .meta({ examples: ["apiKey"] }),
  ...claimSchema,
};

/** The keys of `limits:` that apply to callers who are not known yet. */
export const accessLimitsSchema = {
  failedLogins: count(10).describe(
    "Wrong credentials from one address within a minute; then only callers who were admitted from there before are let in.",
  ),
};

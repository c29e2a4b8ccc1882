import { size } from "../protocol/unit-schemas.ts";

/** The keys of `limits:` that apply to every kind of upstream. */
export const upstreamLimitsSchema = {
  messageBytes: size("16MiB").describe(
    "The longest message of a server that is passed on. All pages of its list of tools together may not be longer either.",
  ),
  queueBytes: size("4MiB").describe("How much may be queued for a server that does not read its input."),
};

import { size } from "../protocol/unit-schemas.ts";

/** The keys of `limits:` that apply to every kind of upstream. */
export const upstreamLimitsSchema = {
  messageBytes: size("16MiB").describe(
    "The longest message of a server that is passed on; its list of tools may be no longer, all pages together.",
  ),
  queueBytes: size("4MiB").describe("What may wait for a server that does not read its input."),
};

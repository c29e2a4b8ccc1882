import { count, duration, size } from "../protocol/unit-schemas.ts";

/** The keys of `limits:` that upstreams obey. */
export const upstreamLimitsSchema = {
  messageBytes: size("16MiB").describe("The longest message of a server that is passed on."),
  queueBytes: size("4MiB").describe("What may wait for a server that does not read its input."),
  startsPerSecond: count(10).describe("Process starts per second."),
  startBurst: count(20).describe("Process starts at once after a quiet time."),
  startingPerServer: count(4).describe("Processes of one server that may be starting at once."),
  startQueue: duration("5s").describe("How long a start may wait for its turn."),
  crashLoop: count(5, 0).describe(
    "Exits within 3 minutes, each in its first 10 s, after which a server rests; 0 = never.",
  ),
};

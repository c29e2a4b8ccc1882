import { z } from "zod";

/** The key `console:`. */
export const consoleSchema = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe(
      "Whether /console is served; default: yes when there is somebody who may use it: a rule of the policy says so, or without a " +
        "policy there are users with passwords, or without credentials at all the gateway listens on loopback only.",
    ),
  record: z
    .union([z.enum(["on", "off"]), z.boolean()])
    .default("on")
    .describe("Whether the last messages of each session are kept in memory, for people to look at."),
});

/** What the gateway keeps for a console that is on. */
export const keptFor = ({ record }: z.output<typeof consoleSchema>): "figures" | "messages" =>
  record === "off" || record === false ? "figures" : "messages";

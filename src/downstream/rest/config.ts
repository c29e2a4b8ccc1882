import { z } from "zod";
import { durationMs } from "../../lib/units.ts";
import { duration, size } from "../../protocol/unit-schemas.ts";
import type { RestSettings } from "./context.ts";

/** The keys of `rest:`. */
export const restSchema = z.strictObject({
  timeout: duration("60s").describe(
    "Time for a call from its arrival to its answer, a start and its turn included; a caller may ask for another with ?timeoutMs= or Prefer: wait=.",
  ),
  idle: duration("10m").describe("A session in which nothing was called for this long is ended."),
  sessionless: z
    .enum(["refuse", "oneshot"])
    .default("refuse")
    .describe(
      "A call without a session id: refuse it, or run it on a server that is started for it and ended after it.",
    ),
  sessionCreate: z
    .enum(["implicit", "explicit"])
    .default("implicit")
    .describe("May the first call with an id of the caller's own choice create its session?"),
  implicitSession: z
    .array(z.string().regex(/^[A-Za-z0-9-]+$/, "a header name"))
    .default([])
    .describe("Headers whose value may stand for a session id.")
    .meta({ examples: [["openai-conversation-id"]] }),
  toolErrors: z
    .enum(["result", "http"])
    .default("result")
    .describe("A tool that reports an error: answer 200 with its result, or 422 with a problem that holds it."),
  validateInput: z
    .enum(["on", "warn", "off"])
    .default("on")
    .describe("Check arguments against the tool's schema before the call."),
  validateOutput: z
    .enum(["strict", "warn", "off"])
    .default("off")
    .describe(
      "Check structured results against the tool's schema: refuse what does not fit, only log it, or do not look.",
    ),
  maxResponseChars: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("Cut the text of results at this many characters; 0 = never.")
    .meta({ examples: [100_000] }),
  exposeStderr: z
    .boolean()
    .default(false)
    .describe("Tell callers, on REST and on MCP, the last words of a server that ended."),
  catalogAge: duration("5m").describe("How old the list of a server's tools may be."),
  replayAge: duration("10m").describe("How long the answer to a call with an Idempotency-Key is kept."),
  replayBytes: size("16MiB").describe("What the kept answers may take together."),
});

/** `limits`: the session limits that also apply to REST. */
export function restSettings(
  rest: z.output<typeof restSchema>,
  limits: { readonly requestMax: string; readonly inFlight: number },
): RestSettings {
  return {
    timeoutMs: durationMs(rest.timeout),
    maxTimeoutMs: durationMs(limits.requestMax),
    idleMs: durationMs(rest.idle),
    oneshot: rest.sessionless === "oneshot",
    onlyMinted: rest.sessionCreate === "explicit",
    implicitSession: rest.implicitSession,
    toolErrorsAsHttp: rest.toolErrors === "http",
    validateInput: rest.validateInput,
    validateOutput: rest.validateOutput,
    maxResponseChars: rest.maxResponseChars,
    inFlight: limits.inFlight,
  };
}

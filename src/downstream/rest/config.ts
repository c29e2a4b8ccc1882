import { z } from "zod";
import { durationMs, sizeBytes } from "../../lib/units.ts";
import { duration, size } from "../../protocol/unit-schemas.ts";
import type { RestContext, RestSettings } from "./context.ts";
import { IdempotencyStore } from "./idempotency.ts";
import { MintedIds } from "./minted-ids.ts";

/** The keys of `rest:`. */
export const restSchema = z.strictObject({
  timeout: duration("60s").describe(
    "How long a call may take from its arrival to its answer, including a start and the wait for its turn; a caller may ask for another time with ?timeoutMs= or Prefer: wait=.",
  ),
  idle: duration("10m").describe("A session without a call for this long is ended."),
  sessionless: z
    .enum(["refuse", "oneshot"])
    .default("refuse")
    .describe("What to do with a call without a session id: refuse it, or start a server for this one call."),
  sessionCreate: z
    .enum(["implicit", "explicit"])
    .default("implicit")
    .describe(
      "Whether a call with an id that the caller chose creates the session (implicit), or ids must come from the gateway (explicit).",
    ),
  implicitSession: z
    .array(z.string().regex(/^[A-Za-z0-9-]+$/, "a header name"))
    .default([])
    .describe("Headers whose value is taken as the session id when there is no other.")
    .meta({ examples: [["openai-conversation-id"]] }),
  toolErrors: z
    .enum(["result", "http"])
    .default("result")
    .describe(
      "How to report an error of a tool: status 200 with its result, or 422 with a problem body that contains it.",
    ),
  validateInput: z
    .enum(["on", "warn", "off"])
    .default("on")
    .describe("Check arguments against the tool's schema before the call."),
  validateOutput: z
    .enum(["strict", "warn", "off"])
    .default("off")
    .describe(
      "Check structured results against the tool's schema: refuse what does not match, only log it, or do not check.",
    ),
  maxResponseChars: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("Cut the text of results after this many characters; 0 = never.")
    .meta({ examples: [100_000] }),
  exposeStderr: z
    .boolean()
    .default(false)
    .describe("Tell callers, on REST and on MCP, the last lines that a server wrote to stderr before it ended."),
  catalogAge: duration("5m").describe("How old the cached list of a server's tools may be."),
  replayAge: duration("10m").describe("How long the answer to a call with an Idempotency-Key is kept."),
  replayBytes: size("16MiB").describe("How much the kept answers may take together."),
});

type RestConfig = z.output<typeof restSchema>;

/** The session limits that also apply to REST. */
interface SharedLimits {
  readonly requestMax: string;
  readonly inFlight: number;
}

/** The parts of REST that are made from the config. */
export function restParts(
  rest: RestConfig,
  limits: SharedLimits,
): Pick<RestContext, "settings" | "idempotency" | "minted"> {
  return {
    settings: restSettings(rest, limits),
    idempotency: new IdempotencyStore({ maxAgeMs: durationMs(rest.replayAge), bytes: sizeBytes(rest.replayBytes) }),
    minted: new MintedIds(durationMs(rest.idle)),
  };
}

function restSettings(rest: RestConfig, limits: SharedLimits): RestSettings {
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

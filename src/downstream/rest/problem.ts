import type { GatewayError, Reason } from "../../protocol/errors.ts";
import { accepts } from "../accept.ts";
import type { DownstreamContext } from "../context.ts";
import { titleOf } from "../problem-title.ts";
import { publicPrefix } from "../public-path.ts";
import type { ErrorWriter } from "../refusals.ts";
import { requestIdOf } from "../request-id.ts";
import { endAnswer, type RestAnswer } from "./answer.ts";

/** Where a problem occurred, as far as known. */
export interface ProblemPlace {
  readonly requestId: string;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly accept: string | undefined;
  /** The path prefix under which the caller sees the gateway. */
  readonly publicPrefix?: string | undefined;
}

/** Statuses that depend on load or time and not on the request, so that repeating it may succeed. */
const RETRYABLE = new Set([409, 429, 503, 504]);
/** A tool that asked for input asks again. */
const FUTILE: ReadonlySet<Reason> = new Set(["input_required"]);

/** Maximum length of a tool name, which comes from the caller. */
const TOOL = 200;

/** The body of an error on REST (RFC 9457), with extension members for programs and language models. */
export function problemOf(error: GatewayError, place: ProblemPlace): object {
  const { requestId, server, tool, publicPrefix: prefix = "" } = place;
  const { data = {} } = error.details;
  const { exitCode, signal, ...rest } = data;
  return {
    type: `${prefix}/problems/${error.restCode}`,
    title: titleOf(error.restCode),
    status: error.status,
    detail: error.message,
    instance: `/requests/${requestId}`,
    code: error.restCode,
    ...(error.reason !== error.restCode && { reason: error.reason }),
    requestId,
    ...(server !== undefined && { server }),
    ...(tool !== undefined && { tool: tool.slice(0, TOOL) }),
    retryable: RETRYABLE.has(error.status) && !FUTILE.has(error.reason),
    ...rest,
    ...(exitCode !== undefined && { exit: { code: exitCode, signal } }),
  };
}

export function problemAnswer(error: GatewayError, place: ProblemPlace): RestAnswer {
  const type = accepts(place.accept, "application/problem+json") ? "application/problem+json" : "application/json";
  return {
    status: error.status,
    headers: { "Content-Type": type },
    body: `${JSON.stringify(problemOf(error, place))}\n`,
  };
}

/** The error writer for problem bodies, with the server and tool of the path. */
export function problemWriter(
  { publicPath }: Pick<DownstreamContext, "publicPath">,
  names: Pick<ProblemPlace, "server" | "tool"> = {},
): ErrorWriter {
  return (error, request, response) => {
    const { accept } = request.headers;
    const prefix = publicPrefix(request, publicPath);
    endAnswer(
      response,
      problemAnswer(error, { ...names, requestId: requestIdOf(response), accept, publicPrefix: prefix }),
    );
  };
}

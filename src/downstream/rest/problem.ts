import type { GatewayError } from "../../protocol/errors.ts";
import { accepts } from "../accept.ts";
import type { DownstreamContext } from "../context.ts";
import { titleOf } from "../problem-title.ts";
import { publicPrefix } from "../public-path.ts";
import type { ErrorWriter } from "../refusals.ts";
import { requestIdOf } from "../request-id.ts";
import { endAnswer, type RestAnswer } from "./answer.ts";

/** Where a problem happened, as far as it is known. */
export interface ProblemPlace {
  readonly requestId: string;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly accept: string | undefined;
  /** What stands before our paths as the caller sees them. */
  readonly publicPrefix?: string | undefined;
}

/** Worth trying again as it is: the cause is load or time, not the request. */
const RETRYABLE = new Set([409, 429, 503, 504]);

/** Of the name of a tool, which is the caller's word only. */
const TOOL = 200;

/** The body of an error on REST (RFC 9457), with members that programs and language models can act on. */
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
    retryable: RETRYABLE.has(error.status),
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

/** The writer of problem bodies, for a path that names these. */
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

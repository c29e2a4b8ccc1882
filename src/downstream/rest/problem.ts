import type { ServerResponse } from "node:http";
import type { GatewayError } from "../../protocol/errors.ts";
import { accepts } from "../accept.ts";
import { setErrorHeaders } from "../errors.ts";
import { endAnswer, type RestAnswer } from "./answer.ts";

/** Where a problem happened, as far as it is known. */
export interface ProblemPlace {
  readonly requestId: string;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly accept: string | undefined;
  readonly exposeStderr: boolean;
  /** What stands before our paths as the caller sees them. */
  readonly publicPrefix?: string | undefined;
}

/** Worth trying again as it is: the cause is load or time, not the request. */
const RETRYABLE = new Set([409, 429, 503, 504]);

/** The body of an error on REST (RFC 9457), with members that programs and language models can act on. */
export function problemOf(error: GatewayError, place: ProblemPlace): object {
  const { requestId, server, tool, exposeStderr, publicPrefix = "" } = place;
  const { data = {} } = error.details;
  const { stderr, exitCode, signal, ...rest } = data;
  return {
    type: `${publicPrefix}/problems/${error.restCode}`,
    title: titleOf(error.restCode),
    status: error.status,
    detail: error.message,
    instance: `/requests/${requestId}`,
    code: error.restCode,
    requestId,
    ...(server !== undefined && { server }),
    ...(tool !== undefined && { tool }),
    retryable: RETRYABLE.has(error.status),
    ...rest,
    ...(exitCode !== undefined && { exit: { code: exitCode, signal } }),
    ...(exposeStderr && stderr !== undefined && { stderr }),
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

export function writeProblem(response: ServerResponse, error: GatewayError, place: ProblemPlace): void {
  if (response.headersSent) {
    // Too late for a status: cut it, so that nobody takes half an answer for a whole one.
    response.destroy();
    return;
  }
  setErrorHeaders(response, error);
  endAnswer(response, problemAnswer(error, place));
}

/** `call_timeout` → "Call timeout". */
function titleOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

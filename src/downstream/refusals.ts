import type { IncomingMessage, ServerResponse } from "node:http";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import { prefersHtml } from "./accept.ts";
import { requestIdOf } from "./request-id.ts";
import { askedPath } from "./target.ts";

/** Tells an error in the form that the callers of a route read: there is one writer for each kind of body. */
export type ErrorWriter<
  Asked extends IncomingMessage = IncomingMessage,
  Answer extends ServerResponse = ServerResponse,
> = (error: GatewayError, request: Asked, response: Answer) => void;

/** Answers a request that failed, with the writer of its route. Never throws. */
export type Refuse = <Asked extends IncomingMessage, Answer extends ServerResponse>(
  thrown: unknown,
  request: Asked,
  response: Answer,
  write: ErrorWriter<Asked, Answer>,
) => void;

/** The one place where a failed request is logged and answered: to people with `writePage`, to programs with the writer of the route. */
export function refusals(emit: Emit, writePage: ErrorWriter): Refuse {
  const answer: Refuse = (thrown, request, response, write) => {
    const error = toGatewayError(thrown);
    const { method = "" } = request;
    emit({ type: "refused", requestId: requestIdOf(response), method, path: askedPath(request), error });
    if (response.headersSent) {
      // Too late for a status: cut it, so that nobody takes half an answer for a whole one.
      response.destroy();
      return;
    }
    setErrorHeaders(response, error);
    // A person with a browser opens addresses; what writes is a program, whatever it accepts.
    const isVisit = (method === "GET" || method === "HEAD") && prefersHtml(request.headers.accept);
    if (isVisit) writePage(error, request, response);
    else write(error, request, response);
  };
  return (thrown, request, response, write) => {
    guarded(emit, "a refusal could not be written", () => answer(thrown, request, response, write));
    // Nobody is left waiting for what could not be written.
    if (!response.headersSent) response.destroy();
  };
}

/** The headers that an error brings on any route. */
function setErrorHeaders(response: ServerResponse, { details, retryAfterMs, status }: GatewayError): void {
  if (details.challenges !== undefined) response.setHeader("WWW-Authenticate", details.challenges);
  if (details.allow !== undefined) response.setHeader("Allow", details.allow);
  if (retryAfterMs !== undefined) response.setHeader("Retry-After", Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  response.setHeader("Cache-Control", "no-store");
  // The rest of a body that was refused is not worth reading.
  if (status === 413) response.setHeader("Connection", "close");
}

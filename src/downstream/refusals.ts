import type { IncomingMessage, ServerResponse } from "node:http";
import { bearerChallenge, withResourceMetadata } from "../protocol/challenges.ts";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import { prefersHtml } from "./accept.ts";
import { setQuotaHeaders } from "./quota-headers.ts";
import { requestIdOf } from "./request-id.ts";
import { askedPath } from "./target.ts";

/** Writes an error in the format that the clients of a route expect; one writer for each format. */
export type ErrorWriter<Req extends IncomingMessage = IncomingMessage, Res extends ServerResponse = ServerResponse> = (
  error: GatewayError,
  request: Req,
  response: Res,
) => void;

/** Responds to a failed request with the writer of its route. Never throws. */
export type Refuse = <Req extends IncomingMessage, Res extends ServerResponse>(
  thrown: unknown,
  request: Req,
  response: Res,
  write: ErrorWriter<Req, Res>,
) => void;

/** The only place where failed requests are logged and answered: browsers get `writePage`, programs the writer of the route. */
export function refusals(
  emit: Emit,
  writePage: ErrorWriter,
  metadataUrl: (request: IncomingMessage) => string | undefined = () => undefined,
  addressOf: (request: IncomingMessage) => string | undefined = ({ socket }) => socket.remoteAddress,
): Refuse {
  const answer: Refuse = (thrown, request, response, write) => {
    const error = toGatewayError(thrown);
    const { method = "" } = request;
    const address = addressOf(request);
    emit({ type: "refused", requestId: requestIdOf(response), method, path: askedPath(request), address, error });
    if (response.headersSent) {
      // The status has been sent: destroys the response, so that an incomplete body is not taken for a complete one.
      response.destroy();
      return;
    }
    setErrorHeaders(response, error);
    setChallenges(response, error, metadataUrl(request));
    // A person with a browser opens addresses; what writes is a program, whatever it accepts.
    const isVisit = (method === "GET" || method === "HEAD") && prefersHtml(request.headers.accept);
    if (isVisit) writePage(error, request, response);
    else write(error, request, response);
  };
  return (thrown, request, response, write) => {
    guarded(emit, "a refusal could not be written", () => answer(thrown, request, response, write));
    // When the error could not be written, at least closes the connection.
    if (!response.headersSent) response.destroy();
  };
}

/** The headers of an error response, the same on every route. */
function setErrorHeaders(response: ServerResponse, { details, retryAfterMs, status }: GatewayError): void {
  if (details.allow !== undefined) response.setHeader("Allow", details.allow);
  if (retryAfterMs !== undefined) response.setHeader("Retry-After", Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  if (details.quota !== undefined) setQuotaHeaders(response, details.quota);
  response.setHeader("Cache-Control", "no-store");
  // The rest of a refused body is not read.
  if (status === 413) response.setHeader("Connection", "close");
}

/** How to be admitted (RFC 9110 §11.6.1), and where to learn about tokens (RFC 9728 §5.1). */
function setChallenges(response: ServerResponse, error: GatewayError, metadataUrl: string | undefined): void {
  const challenges = error.details.challenges ?? scopeChallenges(error);
  if (challenges === undefined) return;
  const complete =
    metadataUrl === undefined ? challenges : challenges.map((one) => withResourceMetadata(one, metadataUrl));
  response.setHeader("WWW-Authenticate", complete);
}

/** RFC 6750 §3.1. */
function scopeChallenges({ reason, details: { scopes } }: GatewayError): readonly string[] | undefined {
  if (reason !== "insufficient_scope") return undefined;
  return [bearerChallenge({ error: reason, description: "The access token lacks a scope", scopes })];
}

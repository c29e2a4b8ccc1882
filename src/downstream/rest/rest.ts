import type { IncomingMessage, ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import { RestCalls } from "./calls.ts";
import { callerHeadersOf } from "../caller-headers.ts";
import { credentialsOf } from "../credentials.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { namesDocument } from "../openapi/target.ts";
import { publicPrefix } from "../public-path.ts";
import { quotaWriter } from "../quota-headers.ts";
import { requestIdOf } from "../request-id.ts";
import type { Route } from "../route.ts";
import { sendJson } from "../send-json.ts";
import { pathOf, queryOf } from "../target.ts";
import type { RestContext } from "./context.ts";
import { describeAll, describeServer, describeTool } from "./describe.ts";
import { ToolFinder } from "./find-tool.ts";
import { problemWriter, type ProblemPlace } from "./problem.ts";
import { createSession, deleteSession, giveSessionId, showSession } from "./session-routes.ts";
import { restTarget, type RestTarget } from "./target.ts";

/** A request below `/api` with its context. */
interface RestVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: RestTarget;
  readonly principal: Principal;
  readonly query: URLSearchParams | undefined;
  readonly requestId: string;
  readonly tools: ToolFinder;
}

/** REST: everything below `/api` except the OpenAPI documents. Errors are problem bodies. */
export function restRoute(context: RestContext): Route<RestTarget> {
  const tools = new ToolFinder(context);
  const calls = new RestCalls(context, tools);

  const serveAs = (
    request: IncomingMessage,
    response: ServerResponse,
    target: RestTarget,
    principal: Principal,
  ): Promise<void> | void => {
    const query = queryOf(request.url ?? "");
    const requestId = requestIdOf(response);
    return serve({ request, response, target, principal, query, requestId, tools }, context, calls);
  };

  const serveLater = async (
    request: IncomingMessage,
    response: ServerResponse,
    target: RestTarget,
    admitted: Promise<Principal>,
  ): Promise<void> => {
    const principal = await admitted;
    // The client may have left while a key was fetched.
    if (!response.destroyed) await serveAs(request, response, target, principal);
  };

  return {
    match: ({ url = "" }) => {
      const path = pathOf(url);
      return path.startsWith("/api") && !namesDocument(path) ? restTarget(path) : undefined;
    },
    serve: (request, response, target) => {
      const admitted = context.gate.admit(credentialsOf(request, context));
      return admitted instanceof Promise
        ? serveLater(request, response, target, admitted)
        : serveAs(request, response, target, admitted);
    },
    errorWriter: (target) => problemWriter(context, namesOf(target)),
  };
}

function serve(visit: RestVisit, context: RestContext, calls: RestCalls): Promise<void> | void {
  const { request, response, target, principal, query, requestId } = visit;
  switch (target.kind) {
    case "tool": {
      context.visibility.checkServer(principal, target.server);
      if (allowed(request, "GET", "POST") === "GET") {
        return describeTool(target.server, target.tool, visit, context).then((tool) => sendJson(response, tool));
      }
      return calls.handle({
        request,
        response,
        visit: {
          requestId,
          principal,
          server: target.server,
          publicPrefix: prefixOf(request, context),
          onQuota: quotaWriter(response, context.hasQuotas),
          caller: callerHeadersOf(request, context.callerHeaders),
        },
        tool: target.tool,
        query,
      });
    }
    case "server":
      context.visibility.checkServer(principal, target.server);
      allowed(request, "GET");
      return describeServer(target.server, visit, context).then((server) => sendJson(response, server));
    case "index":
      allowed(request, "GET");
      return describeAll(visit, context).then((all) => sendJson(response, all));
    case "new-id":
      allowed(request, "GET");
      return giveSessionId(response, principal, context);
    case "sessions":
      allowed(request, "POST");
      return createSession(request, response, principal, context);
    case "session":
      if (allowed(request, "GET", "DELETE") === "GET") return showSession(response, principal, target.id, context);
      return deleteSession(response, principal, target.id, context);
    case "broken":
      throw new GatewayError("invalid_request", "The path contains an invalid percent escape.");
  }
}

/** The request method if it is allowed; HEAD counts as GET. */
function allowed({ method = "" }: IncomingMessage, ...methods: readonly string[]): string {
  const asked = method === "HEAD" ? "GET" : method;
  if (methods.includes(asked)) return asked;
  throw methodNotAllowed(method, methods.join(", ").replace("GET", "GET, HEAD"));
}

const prefixOf = (request: IncomingMessage, { publicPath }: RestContext): string => publicPrefix(request, publicPath);

function namesOf(target: RestTarget): Pick<ProblemPlace, "server" | "tool"> {
  if (target.kind === "tool") return { server: target.server, tool: target.tool };
  return target.kind === "server" ? { server: target.server } : {};
}

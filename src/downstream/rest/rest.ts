import type { NextFunction, Request, RequestHandler, Response } from "express";
import { GatewayError, toGatewayError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import { RestCalls } from "./calls.ts";
import type { RestContext } from "./context.ts";
import { describeAll, describeServer, describeTool } from "./describe.ts";
import { writeProblem } from "./problem.ts";
import { createSession, deleteSession, giveSessionId, showSession } from "./session-routes.ts";
import { restTarget, type RestTarget } from "./target.ts";

/** A request below `/api`, with what is known of it so far. */
interface RestVisit {
  readonly request: Request;
  readonly response: Response;
  readonly target: RestTarget;
  readonly principal: Principal;
  readonly query: URLSearchParams | undefined;
  readonly requestId: string;
}

/** REST: everything below `/api` (ACE-13 to ACE-17). Errors are problem bodies. */
export function restRoutes(context: RestContext): RequestHandler {
  const calls = new RestCalls(context);

  return async (request: Request, response: Response, next: NextFunction) => {
    if (!request.url.startsWith("/api")) return next();
    const requestId = String(response.locals["requestId"]);
    const queryAt = request.url.indexOf("?");
    let target: RestTarget | undefined;
    try {
      target = restTarget(queryAt === -1 ? request.url : request.url.slice(0, queryAt));
      if (target === undefined) return next();
      const principal = context.doorkeeper.admit({ authorization: request.headers.authorization });
      const query = queryAt === -1 ? undefined : new URLSearchParams(request.url.slice(queryAt));
      await serve({ request, response, target, principal, query, requestId }, context, calls);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      context.events.emit({ type: "refused", requestId, method: request.method, path: request.path, error });
      const [server, tool] = namesOf(target);
      const { exposeStderr } = context.settings;
      writeProblem(response, error, { requestId, server, tool, accept: request.headers.accept, exposeStderr });
    }
  };
}

async function serve(visit: RestVisit, context: RestContext, calls: RestCalls): Promise<void> {
  const { request, response, target, principal, query, requestId } = visit;
  switch (target.kind) {
    case "tool": {
      refuseUnknown(target.server, context);
      if (allowed(request, "GET", "POST") === "GET") return showTool(response, target, context);
      return calls.handle({
        request,
        response,
        visit: { requestId, principal, server: target.server },
        tool: target.tool,
        query,
      });
    }
    case "server":
      refuseUnknown(target.server, context);
      allowed(request, "GET");
      return void response.json(await describeServer(target.server, context));
    case "index":
      allowed(request, "GET");
      return void response.json(await describeAll(context));
    case "new-id":
      allowed(request, "GET");
      return giveSessionId(response, principal, context);
    case "sessions":
      allowed(request, "POST");
      return createSession(request, response, principal, context);
    case "session":
      if (allowed(request, "GET", "DELETE") === "GET") return showSession(response, principal, target.id, context);
      return deleteSession(response, principal, target.id, context);
  }
}

async function showTool(
  response: Response,
  { server, tool: name }: { server: string; tool: string },
  context: RestContext,
): Promise<void> {
  const tool = await context.catalog.find(server, name);
  if (tool === undefined) throw new GatewayError("tool_not_found", `The server "${server}" has no such tool.`);
  response.json(describeTool(server, tool));
}

function refuseUnknown(server: string, { hasServer }: RestContext): void {
  if (!hasServer(server)) throw new GatewayError("server_not_found", "No such server; GET /api lists them.");
}

/** The method, when it is one of these (a HEAD counts as its GET). */
function allowed({ method }: Request, ...methods: readonly string[]): string {
  const asked = method === "HEAD" ? "GET" : method;
  if (methods.includes(asked)) return asked;
  throw new GatewayError("method_not_allowed", `${method} is not allowed here.`, { allow: methods.join(", ") });
}

function namesOf(target: RestTarget | undefined): [server?: string, tool?: string] {
  if (target?.kind === "tool") return [target.server, target.tool.slice(0, 200)];
  return target?.kind === "server" ? [target.server] : [];
}

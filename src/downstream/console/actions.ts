import type { Request, Response } from "express";
import type { OperatorAction } from "../../protocol/events.ts";
import { principalKey, type Principal } from "../../protocol/principal.ts";
import { readJsonBody } from "../body.ts";
import { callerHeadersOf } from "../caller-headers.ts";
import type { Visit } from "../context.ts";
import { unknownServer } from "../did-you-mean.ts";
import type { DocumentContext } from "../openapi/context.ts";
import { quotaWriter } from "../quota-headers.ts";
import { requestIdOf } from "../request-id.ts";
import { sendJson } from "../send-json.ts";
import { readAgain } from "./again.ts";
import type { Console } from "./console.ts";
import type { ListedTool } from "./console-api.ts";

/** A POST of a caller who may use the console, sent by its page. */
interface ActionRequest {
  readonly context: DocumentContext;
  readonly console: Console;
  readonly principal: Principal;
  readonly request: Request;
  readonly response: Response;
}

export type Action = (asked: ActionRequest) => Promise<void>;

export const endSession: Action = async (asked) => {
  await bodyOf(asked);
  const { console, principal, response } = asked;
  const { server, end } = console.sessionOf(principal, param(asked.request, "key"));
  tell(asked, "end session", server);
  await end();
  response.status(204).end();
};

export const stopServer: Action = async (asked) => {
  const server = serverOf(asked);
  await bodyOf(asked);
  tell(asked, "stop server", server);
  await asked.console.sources.stop(server);
  asked.response.status(204).end();
};

/** Lists the tools of a server anew, and tells those that the caller may call. */
export const listTools: Action = async (asked) => {
  const server = serverOf(asked);
  await bodyOf(asked);
  tell(asked, "list tools", server);
  const { context, principal, response } = asked;
  const { list } = context.visibility.tools(principal, await context.catalog.refresh(server));
  const tools: ListedTool[] = [...list.tools.values()].map(({ name, description, inputSchema }) => {
    return { name, description, inputSchema };
  });
  sendJson(response, { tools });
};

export const callAgain: Action = async (asked) => {
  const server = serverOf(asked);
  const { context, console, principal, request, response } = asked;
  const given = readAgain(await bodyOf(asked));
  tell(asked, "call again", server);
  const visit: Visit = {
    requestId: requestIdOf(response),
    principal,
    server,
    onQuota: quotaWriter(response, context.hasQuotas),
    caller: callerHeadersOf(request, context.callerHeaders),
  };
  const result = await console.again.call(visit, given, response);
  if (!response.destroyed) sendJson(response, result);
};

function tell({ context, principal, response }: ActionRequest, action: OperatorAction, server: string): void {
  const requestId = requestIdOf(response);
  context.events.emit({ type: "operated", requestId, principal: principalKey(principal), action, server });
}

/** Throws when the caller sees no such server in the console. */
function serverOf({ console, principal, request }: ActionRequest): string {
  const server = param(request, "name");
  if (console.access.sees(principal, server)) return server;
  throw unknownServer(server, console.access.servers(principal));
}

/** Only JSON is accepted, which a form of another site cannot send; what is not needed of it is ignored. */
async function bodyOf({ context, principal, request, response }: ActionRequest): Promise<string> {
  return (await readJsonBody(request, context.bodies, principal, response)).toString();
}

/** Parameters of our paths are single segments. */
export function param({ params }: Request, name: string): string {
  const value = params[name];
  return typeof value === "string" ? value : "";
}

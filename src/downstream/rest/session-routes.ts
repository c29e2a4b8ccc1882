import type { IncomingMessage, ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { Session } from "../../protocol/session.ts";
import { publicPrefix } from "../public-path.ts";
import { sendJson } from "../send-json.ts";
import type { RestContext } from "./context.ts";

/** `GET /api/sessionid`: issues an id. Starts nothing. */
export function giveSessionId(response: ServerResponse, principal: Principal, { minted }: RestContext): void {
  sendJson(response, { sessionId: minted.mint(principal) });
}

/** `POST /api/sessions`: issues an id, with its lifetime. */
export function createSession(
  request: IncomingMessage,
  response: ServerResponse,
  principal: Principal,
  context: RestContext,
): void {
  const sessionId = context.minted.mint(principal);
  const { idleMs } = context.settings;
  const ttlSeconds = Number.isFinite(idleMs) ? Math.round(idleMs / 1_000) : undefined;
  const now = Date.now();
  const created = {
    sessionId,
    createdAt: new Date(now).toISOString(),
    ...(ttlSeconds !== undefined && { expiresAt: new Date(now + idleMs).toISOString(), ttlSeconds }),
  };
  const headers = { Location: `${publicPrefix(request, context.publicPath)}/api/sessions/${sessionId}` };
  sendJson(response, created, { status: 201, headers });
}

/** `GET /api/sessions/<id>`: the servers that run in the session. */
export function showSession(response: ServerResponse, principal: Principal, id: string, context: RestContext): void {
  const running = sessionsOf(principal, id, context);
  if (running.length === 0 && !context.minted.has(principal, id)) {
    throw new GatewayError("session_not_found", "No such session; it may have ended.");
  }
  const servers = Object.fromEntries(
    context.visibility.servers(principal).map((name) => [name, { state: "not started" }]),
  );
  for (const { server } of running) servers[server] = { state: "running" };
  sendJson(response, { sessionId: id, servers });
}

/** `DELETE /api/sessions/<id>`: ends all servers of the session. Another principal's session gets the same response as an unknown one. */
export async function deleteSession(
  response: ServerResponse,
  principal: Principal,
  id: string,
  context: RestContext,
): Promise<void> {
  context.minted.delete(principal, id);
  await Promise.all(sessionsOf(principal, id, context).map((session) => session.close("client closed")));
  response.writeHead(204).end();
}

function sessionsOf(principal: Principal, id: string, { sessions, visibility }: RestContext): Session[] {
  return visibility.servers(principal).flatMap((server) => sessions.look(principal, server, id, "rest") ?? []);
}

import type { Session } from "../../protocol/session.ts";
import { McpClient } from "../../client/mcp-client.ts";
import type { Visit } from "../context.ts";
import type { RestContext } from "./context.ts";
import { RestSession } from "./rest-session.ts";

/** The sessions of REST callers, by ids that the caller chose or was issued. */
export class RestSessions {
  readonly #context: RestContext;
  readonly #live = new WeakMap<Session, RestSession>();

  constructor(context: RestContext) {
    this.#context = context;
  }

  existing({ principal, server }: Visit, sessionId: string | undefined): RestSession | undefined {
    if (sessionId === undefined) return undefined;
    const session = this.#context.sessions.look(principal, server, sessionId, "rest");
    return session === undefined ? undefined : this.#live.get(session);
  }

  /** Without an id, the session serves this one call only. */
  open({ principal, server, requestId, caller }: Visit, sessionId: string | undefined): RestSession {
    const { sessions, client: clientSettings, settings, callsOf } = this.#context;
    const id = sessionId === undefined ? {} : { id: sessionId };
    const client = new McpClient(
      sessions,
      { principal, server, transport: "rest", requestId, caller, ...id },
      clientSettings,
    );
    const { serial } = callsOf(server);
    const session = new RestSession(client, { requestId, serial, maxWaiting: settings.inFlight });
    this.#live.set(client.session, session);
    return session;
  }
}

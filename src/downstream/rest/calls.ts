import type { IncomingMessage, ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import { readJsonBody } from "../body.ts";
import type { Visit } from "../context.ts";
import { endAnswer, type RestAnswer } from "./answer.ts";
import { readArguments } from "./arguments.ts";
import { hasBody, limitOf, type RestCall } from "./rest-call.ts";
import { Caller } from "./caller.ts";
import { checkedArguments } from "./check-call.ts";
import type { RestContext } from "./context.ts";
import { Deadline } from "./deadline.ts";
import { refuseTask, type ToolFinder } from "./find-tool.ts";
import type { RunningCall } from "./idempotency.ts";
import { preferencesOf } from "./preferences.ts";
import type { RestSession } from "./rest-session.ts";
import { RestSessions } from "./rest-sessions.ts";
import { resultForm } from "./result-form.ts";
import { sendCall } from "./send-call.ts";
import { sessionIdOf } from "./session-id.ts";

export interface CallRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visit: Visit;
  readonly tool: string;
  readonly query: URLSearchParams | undefined;
}

/** `POST /api/<server>/<tool>`: arguments in, result out. The gateway acts as the MCP client of the caller's session. */
export class RestCalls {
  readonly #context: RestContext;
  readonly #sessions: RestSessions;
  readonly #tools: ToolFinder;

  constructor(context: RestContext, tools: ToolFinder) {
    this.#context = context;
    this.#sessions = new RestSessions(context);
    this.#tools = tools;
  }

  async handle({ request, response, visit, tool, query }: CallRequest): Promise<void> {
    const { settings, streams, bodies } = this.#context;
    const { accept, "idempotency-key": key } = request.headers;
    const form = resultForm(accept, query?.get("result") ?? undefined);
    const sessionId = sessionIdOf(request, query, settings.implicitSession);
    this.#checkSessionId(visit, sessionId);
    const preferences = preferencesOf(request, query);
    const isKept = typeof key === "string";
    const limit = limitOf(preferences, query, visit.server, this.#context);
    const caller = new Caller(new Deadline(limit), response, isKept);
    // The body's memory is reserved until the call is answered.
    const body = hasBody(request) ? (await readJsonBody(request, bodies, visit.principal, response)).toString() : "";
    const call: RestCall = { visit, tool, form, accept, sessionId, preferences, given: readArguments(body), caller };
    const running = isKept ? this.#begin(call, key, body) : undefined;
    if (running !== undefined && "status" in running) return endAnswer(response, running, streams.limits.stallMs);
    await this.#run(call, running);
  }

  #checkSessionId({ principal, server }: Visit, sessionId: string | undefined): void {
    const { settings, minted, sessions, serverNames } = this.#context;
    if (sessionId === undefined) {
      if (settings.oneshot) return;
      throw new GatewayError(
        "session_required",
        "Add ?sessionId= to the URL: GET /api/sessionid gives an id, or choose your own.",
      );
    }
    if (!settings.onlyMinted || minted.has(principal, sessionId)) return;
    // An id stays valid as long as a session opened with it exists.
    const isLive = (name: string): boolean => sessions.look(principal, name, sessionId, "rest") !== undefined;
    if (isLive(server) || serverNames.some(isLive)) return;
    throw new GatewayError("session_not_found", "No such session; GET /api/sessionid gives an id.");
  }

  #begin(
    { visit, tool, form, accept, sessionId, preferences }: RestCall,
    key: string,
    body: string,
  ): RestAnswer | RunningCall {
    if (form === "stream")
      throw new GatewayError("invalid_request", "A stream cannot be replayed: leave out the Idempotency-Key.");
    const { principal, server } = visit;
    // The answer for one person is none for another who calls with the same credential.
    const person = this.#context.callsOf(server).callerKey?.(principal, visit.caller);
    const content = [sessionId, form, accept, preferences.toolErrorsAsHttp, body, person];
    return this.#context.idempotency.begin({ principal, server, tool, key, content });
  }

  async #run(call: RestCall, running: RunningCall | undefined): Promise<void> {
    const { visit, sessionId, caller } = call;
    let session: RestSession | undefined;
    try {
      const existing = this.#sessions.existing(visit, sessionId);
      const listed =
        this.#tools.known(visit, call.tool, existing) ?? (await this.#tools.find(visit, call.tool, existing, caller));
      refuseTask(listed);
      const checked = checkedArguments(listed, call, this.#context);
      const given = checked instanceof Promise ? await checked : checked;
      caller.refuseIfLeft();
      // Looked up again: a concurrent call with the same id may have opened the session while this one was looking for its tool.
      session = this.#sessions.existing(visit, sessionId) ?? this.#sessions.open(visit, sessionId);
      if (sessionId !== undefined) caller.response.setHeader("X-MCP-Session", session === existing ? "reused" : "new");
      if (!session.tryEnter()) await session.enter(caller);
      try {
        await sendCall(session.client, { ...call, given, listed }, running, this.#context);
      } finally {
        session.leave();
      }
    } finally {
      running?.forget();
      if (sessionId === undefined) void session?.client.session.close("client closed");
    }
  }
}

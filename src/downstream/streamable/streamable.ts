import type { IncomingMessage, ServerResponse } from "node:http";
import { Soon } from "../../lib/soon.ts";
import { readClientMessages, type ClientMessages } from "../../protocol/client-frame.ts";
import { GatewayError, refusalOf } from "../../protocol/errors.ts";
import type { Frame, RequestFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { Session } from "../../protocol/session.ts";
import { accepts } from "../accept.ts";
import { readJsonBody } from "../body.ts";
import type { DownstreamContext, Visit } from "../context.ts";
import { answerForm } from "./answer-form.ts";
import { Conversation, type Expected } from "./conversation.ts";
import type { PostAnswer } from "./post-answer.ts";
import { knowsPriming, protocolVersion, refuseModern, requestedVersion } from "./versions.ts";

/** An answer that comes within this time (up to twice) may be a plain JSON body. */
const INSTANT_MS = 25;

/** Streamable HTTP with sessions (MCP 2025-03-26, 2025-06-18, 2025-11-25, transports). */
export class StreamableDownstream {
  readonly #context: DownstreamContext;
  readonly #conversations = new WeakMap<Session, Conversation>();
  readonly #undecided = new Soon<PostAnswer>(INSTANT_MS, (post) => post.startStream());

  constructor(context: DownstreamContext) {
    this.#context = context;
  }

  async post(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void> {
    const messages = readClientMessages(await readJsonBody(request, this.#context.bodies, visit.principal));
    const requests = messages.frames.filter((frame) => frame.kind === "request");
    try {
      if (requests.length === 0) return this.#accept(request, response, visit, messages.frames);
      this.#ask(request, response, visit, { ...messages, requests });
    } catch (error) {
      // With the id, so that the caller's own request fails and not only its connection.
      throw refusalOf(error, requests[0]?.id);
    }
  }

  /** The stream for what the server says unasked. */
  listen(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
    protocolVersion(request.headers["mcp-protocol-version"]);
    const session = this.#find(visit, sessionIdOf(request));
    if (!accepts(request.headers.accept, "text/event-stream")) {
      throw new GatewayError("not_acceptable", "This is an event stream: accept text/event-stream.");
    }
    const lastEventId = request.headers["last-event-id"];
    this.#conversationOf(session).listen(response, typeof lastEventId === "string" ? lastEventId : undefined);
  }

  /** The client says goodbye. The server's end is not waited for. */
  delete(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
    void this.#find(visit, sessionIdOf(request)).close("client closed");
    response.writeHead(204).end();
  }

  /** Notifications and answers: taken, and that is all there is to say. */
  #accept(request: IncomingMessage, response: ServerResponse, visit: Visit, frames: readonly Frame[]): void {
    protocolVersion(request.headers["mcp-protocol-version"]);
    const session = this.#find(visit, sessionIdOf(request));
    for (const frame of frames) session.receive(frame, visit);
    response.writeHead(202, { "Content-Length": 0 }).end();
  }

  #ask(request: IncomingMessage, response: ServerResponse, visit: Visit, asked: Asked): void {
    for (const frame of asked.frames) refuseModern(frame);
    protocolVersion(request.headers["mcp-protocol-version"]);
    const form = answerForm(request.headers.accept);
    const ids = asked.requests.map((frame) => frame.id);
    refuseTwins(ids);
    const opening = asked.requests.find((frame) => frame.method === methods.initialize);
    if (opening !== undefined && asked.isBatch) {
      throw new GatewayError("invalid_request", "initialize must not be part of a batch.");
    }
    const session = opening === undefined ? this.#find(visit, sessionIdOf(request)) : this.#open(visit, opening);
    response.setHeader("Mcp-Session-Id", session.id);
    try {
      this.#pass(session, asked, visit, { response, ids, isBatch: asked.isBatch, form });
    } catch (error) {
      // Nobody has learnt its id: it would only wait for its idle time.
      if (opening !== undefined) void session.close("client closed");
      response.removeHeader("Mcp-Session-Id");
      throw error;
    }
  }

  #pass(session: Session, { frames }: Asked, visit: Visit, expected: Expected): void {
    // All of them first: a batch is refused as a whole, or not at all.
    session.judge(frames);
    const conversation = this.#conversationOf(session);
    const post = conversation.expect(expected);
    let passed = 0;
    try {
      for (const frame of frames) {
        session.receive(frame, visit);
        passed++;
      }
    } catch (error) {
      conversation.forget(frames.slice(passed).flatMap((left) => (left.kind === "request" ? left.id : [])));
      throw error;
    }
    conversation.begin(post);
  }

  #open(visit: Visit, opening: Frame): Session {
    return this.#context.sessions.open({
      ...visit,
      transport: "streamable-http",
      outlet: (session) => {
        const conversation = new Conversation(session, {
          context: this.#context,
          replayLimits: this.#context.limits.replay,
          undecided: this.#undecided,
          primes: knowsPriming(requestedVersion(opening)),
        });
        this.#conversations.set(session, conversation);
        return conversation;
      },
    });
  }

  #find({ principal, server }: Visit, id: string | undefined): Session {
    if (id === undefined) {
      throw new GatewayError("session_required", "Send the Mcp-Session-Id that initialize was answered with.");
    }
    return this.#context.sessions.find(principal, server, id, "streamable-http");
  }

  #conversationOf(session: Session): Conversation {
    const conversation = this.#conversations.get(session);
    if (conversation === undefined) throw new Error(`no conversation for a session of ${session.server}`);
    return conversation;
  }
}

interface Asked extends ClientMessages {
  readonly requests: readonly RequestFrame[];
}

function sessionIdOf(request: IncomingMessage): string | undefined {
  const id = request.headers["mcp-session-id"];
  return typeof id === "string" && id !== "" ? id : undefined;
}

function refuseTwins(ids: readonly RequestId[]): void {
  if (ids.length > 1 && new Set(ids).size < ids.length)
    throw new GatewayError("invalid_request", "Two requests of a batch have the same id.");
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { attempt } from "../../lib/attempt.ts";
import { DelayQueue } from "../../lib/delay-queue.ts";
import { readClientMessages, type ClientMessages } from "../../protocol/client-frame.ts";
import { isModern } from "../../protocol/eras/modern-request.ts";
import { GatewayError, refusalOf } from "../../protocol/errors.ts";
import type { RequestFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import type { Outlet, Session } from "../../protocol/session.ts";
import { accepts } from "../accept.ts";
import { readJsonBody } from "../body.ts";
import type { DownstreamContext, Visit } from "../context.ts";
import { ModernDownstream } from "../modern/modern.ts";
import { whenClosed } from "../when-closed.ts";
import { answerForm, type AnswerForm } from "./answer-form.ts";
import { Conversation } from "./conversation.ts";
import type { PostAnswer } from "./post-answer.ts";
import { checkVersionHeader } from "./versions.ts";

/** A response that is complete within this time (or up to twice as long) may be sent as a plain JSON body. */
const INSTANT_MS = 25;
/** A client that has lost the answer to `initialize` comes back for it within this time (or up to twice as long). */
const RESUME_MS = 3_000;

/** Streamable HTTP with sessions (MCP 2025-03-26, 2025-06-18, 2025-11-25, transports). */
export class StreamableDownstream {
  readonly #context: DownstreamContext;
  readonly #conversations = new WeakMap<Session, Conversation>();
  readonly #undecided: DelayQueue<PostAnswer>;
  /** Sessions whose client was cut off before the answer to `initialize`, and has not been back. */
  readonly #cutOff = new Set<Session>();
  readonly #forsaken: DelayQueue<Session>;
  readonly #modern: ModernDownstream;

  constructor(context: DownstreamContext) {
    this.#context = context;
    this.#modern = new ModernDownstream(context);
    this.#undecided = new DelayQueue(INSTANT_MS, (post) => context.streams.guard(() => post.startStream()));
    this.#forsaken = new DelayQueue(RESUME_MS, (session) => context.streams.guard(() => this.#forsake(session)));
  }

  async post(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void> {
    const messages = readClientMessages(await readJsonBody(request, this.#context.bodies, visit.principal));
    if (isModern(messages, request.headers)) return this.#modern.post(request, response, visit, messages);
    const requests = messages.frames.filter((frame) => frame.kind === "request");
    try {
      if (requests.length === 0) return await this.#take(request, response, visit, messages);
      const asked = this.#ask(request, response, visit, { ...messages, requests });
      if (asked instanceof Promise) await asked;
    } catch (error) {
      // With the id of the request, so that the client fails that request and not only its connection.
      throw refusalOf(error, requests[0]?.id);
    }
  }

  /** Opens the stream for messages that belong to no request. */
  listen(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
    checkVersionHeader(request.headers["mcp-protocol-version"]);
    const session = this.#find(visit, sessionIdOf(request));
    if (!accepts(request.headers.accept, "text/event-stream")) {
      throw new GatewayError("not_acceptable", "This URL is an event stream: send Accept: text/event-stream.");
    }
    const lastEventId = request.headers["last-event-id"];
    this.#conversationOf(session).listen(response, typeof lastEventId === "string" ? lastEventId : undefined);
  }

  /** Ends the session at the client's request, without waiting for its server to end. */
  delete(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
    checkVersionHeader(request.headers["mcp-protocol-version"]);
    void this.#find(visit, sessionIdOf(request)).close("client closed");
    response.writeHead(204).end();
  }

  /** Relays notifications and responses, which get no response of their own. */
  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    visit: Visit,
    messages: ClientMessages,
  ): Promise<void> {
    checkVersionHeader(request.headers["mcp-protocol-version"]);
    const received = this.#find(visit, sessionIdOf(request)).receive(messages, visit);
    if (received instanceof Promise) await received;
    response.writeHead(202, { "Content-Length": 0 }).end();
  }

  /** Returns a promise when the messages have to wait for their admission. */
  #ask(
    request: IncomingMessage,
    response: ServerResponse,
    visit: Visit,
    messages: RequestMessages,
  ): Promise<void> | void {
    checkVersionHeader(request.headers["mcp-protocol-version"]);
    const form = answerForm(request.headers.accept);
    const opening = messages.requests.find((frame) => frame.method === methods.initialize);
    if (opening === undefined) {
      const session = this.#find(visit, sessionIdOf(request));
      return this.#pass(session, messages, visit, { response, form });
    }
    if (messages.isBatch) throw new GatewayError("invalid_request", "initialize must not be part of a batch.");
    const session = this.#context.sessions.open({ ...visit, transport: "streamable-http", outlet: this.#outlet });
    const giveUp = (error: unknown): never => {
      void session.close("client closed");
      throw error;
    };
    const passed = attempt(() => this.#pass(session, messages, visit, { response, form }), giveUp);
    whenClosed(response, () => {
      if (response.writableFinished) return;
      this.#cutOff.add(session);
      // Without the headers the client does not know the id, so the session would only sit idle.
      if (response.headersSent) this.#forsaken.add(session);
      else this.#forsake(session);
    });
    return passed;
  }

  #forsake(session: Session): void {
    if (this.#cutOff.delete(session)) void session.close("client closed");
  }

  #pass(
    session: Session,
    messages: RequestMessages,
    visit: Visit,
    { response, form }: ResponseOptions,
  ): Promise<void> | void {
    const conversation = this.#conversationOf(session);
    const { isBatch, requests } = messages;
    const post = conversation.expect({ requests: requests.length, isBatch, form }, response);
    // Set before the messages are relayed: a batch that cancels its own requests completes the response meanwhile.
    response.setHeader("Mcp-Session-Id", session.id);
    const { requestId, principal, onQuota, caller } = visit;
    try {
      const received = session.receive(messages, { requestId, principal, onQuota, caller, reply: post });
      if (received instanceof Promise) return this.#beginLater(conversation, post, received, response);
    } catch (error) {
      // A refusal carries no session id.
      response.removeHeader("Mcp-Session-Id");
      throw error;
    }
    conversation.begin(post);
  }

  async #beginLater(
    conversation: Conversation,
    post: PostAnswer,
    received: Promise<void>,
    response: ServerResponse,
  ): Promise<void> {
    try {
      await received;
    } catch (error) {
      response.removeHeader("Mcp-Session-Id");
      throw error;
    }
    conversation.begin(post);
  }

  readonly #outlet = (session: Session): Outlet => {
    const conversation = new Conversation(session, { context: this.#context, undecided: this.#undecided });
    this.#conversations.set(session, conversation);
    return conversation;
  };

  #find({ principal, server, requestId, caller }: Visit, id: string | undefined): Session {
    if (id === undefined) {
      throw new GatewayError("session_required", "Send the Mcp-Session-Id header from the answer to initialize.");
    }
    const { sessions } = this.#context;
    const transport = "streamable-http";
    const session = sessions.resume({ principal, server, requestId, caller, id, transport, outlet: this.#outlet });
    if (this.#cutOff.size > 0) this.#cutOff.delete(session);
    return session;
  }

  #conversationOf(session: Session): Conversation {
    const conversation = this.#conversations.get(session);
    if (conversation === undefined) throw new Error(`no conversation for a session of ${session.server}`);
    return conversation;
  }
}

interface RequestMessages extends ClientMessages {
  readonly requests: readonly RequestFrame[];
}

interface ResponseOptions {
  readonly response: ServerResponse;
  readonly form: AnswerForm;
}

function sessionIdOf(request: IncomingMessage): string | undefined {
  const id = request.headers["mcp-session-id"];
  return typeof id === "string" && id !== "" ? id : undefined;
}

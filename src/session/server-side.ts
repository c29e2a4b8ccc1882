import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { resultLine } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Deadlines } from "./deadlines.ts";
import { renew } from "./exchanges.ts";
import type { Presence } from "./presence.ts";
import type { SessionParts } from "./session-parts.ts";

export interface ServerSideOptions {
  readonly parts: SessionParts;
  readonly presence: Presence;
  readonly deadlines: Deadlines;
  /** Who sent the latest message of the client. */
  readonly speaker: () => Principal;
  /** Sends a message of the gateway's own to the server. */
  readonly send: (frame: Frame) => void;
  /** The server has refused to be initialized. */
  readonly refused: () => void;
}

/** Passes the messages of the server to the client: each to the request that it belongs to, else to the outlet. */
export class ServerSide {
  readonly #parts: SessionParts;
  readonly #presence: Presence;
  readonly #deadlines: Deadlines;
  readonly #speaker: () => Principal;
  readonly #send: (frame: Frame) => void;
  readonly #refused: () => void;

  constructor({ parts, presence, deadlines, speaker, send, refused }: ServerSideOptions) {
    this.#parts = parts;
    this.#presence = presence;
    this.#deadlines = deadlines;
    this.#speaker = speaker;
    this.#send = send;
    this.#refused = refused;
  }

  pass(frame: Frame): void {
    const { session, context, reporter } = this.#parts;
    this.#deadlines.spoken();
    // An HTTP+SSE client is present as long as its stream is open, so messages to it count as activity.
    if (session.transport === "sse") this.#presence.touch();
    reporter.message("server", frame, undefined);
    switch (frame.kind) {
      case "response":
        return this.#answer(frame);
      case "request":
        return this.#ask(frame);
      case "notification":
        if (announcesLists(frame.method)) context.onListsChanged(session.server);
        return this.#notify(frame);
    }
  }

  #answer(frame: ResponseFrame): void {
    const { recorder, exchanges, session } = this.#parts;
    recorder.response(frame);
    // Late, duplicate, or with an unknown id: no exchange waits for it.
    const exchange = exchanges.answer(frame);
    if (exchange === undefined) return;
    this.#presence.touch();
    // Initialization failed, so there is no reason to keep the process.
    const isOpening = exchange.method === methods.initialize && session.transport !== "modern";
    if (frame.failed && isOpening) this.#refused();
  }

  #ask(frame: RequestFrame): void {
    // Answered here, because clients respond to pings late or never (LibreChat drops quick ones) and the server only checks the connection.
    if (frame.method === methods.ping) {
      return this.#send({ kind: "response", id: frame.id, failed: false, line: resultLine(frame.id, {}) });
    }
    const { serverRequests, outlet } = this.#parts;
    serverRequests.add(frame.id, performance.now());
    outlet.deliver(frame);
  }

  /** Progress goes to its request and restarts the request's timeout, within the maximum duration. */
  #notify(frame: NotificationFrame): void {
    const { context, session, exchanges } = this.#parts;
    if (context.screen?.delivers(this.#speaker(), session.server, frame) === false) return;
    const isProgress = frame.method === methods.progress;
    const exchange = isProgress ? exchanges.withToken(frame.params?.["progressToken"]) : undefined;
    if (exchange === undefined) return this.#deliver(frame);
    renew(exchange, performance.now(), context.limits.requestMaxMs);
    exchange.reply.message(frame);
  }

  #deliver(frame: NotificationFrame): void {
    const { serverRequests, outlet } = this.#parts;
    if (frame.method === methods.cancelled && serverRequests.withdraw(frame.params))
      this.#deadlines.answered(performance.now());
    outlet.deliver(frame);
  }
}

/** Whether a notification tells that a list of the server has changed. */
const announcesLists = (method: string): boolean =>
  method === methods.toolsChanged || method === methods.promptsChanged || method === methods.resourcesChanged;

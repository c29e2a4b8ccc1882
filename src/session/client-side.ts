import type { Submission } from "../protocol/admission.ts";
import type { ClientMessages } from "../protocol/client-frame.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { Reply } from "../protocol/exchange.ts";
import { faultFrame } from "../protocol/fault-frame.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import type { Reception } from "../protocol/session.ts";
import { withTraceContext } from "../protocol/trace-meta.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";
import type { Deadlines } from "./deadlines.ts";
import { replyThrough, type Opening } from "./exchanges.ts";
import type { Presence } from "./presence.ts";
import type { SessionParts } from "./session-parts.ts";

export interface ClientSideOptions {
  readonly parts: SessionParts;
  readonly presence: Presence;
  readonly deadlines: Deadlines;
  /** Sends a message to the server. */
  readonly send: (frame: Frame, caller?: CallerHeaders) => void;
}

/** Passes the messages of the client, once admitted, to the server, and opens an exchange for each request. */
export class ClientSide {
  readonly #parts: SessionParts;
  readonly #presence: Presence;
  readonly #deadlines: Deadlines;
  readonly #send: (frame: Frame, caller?: CallerHeaders) => void;
  /** For responses to requests that have no reply of their own. */
  readonly #outletReply: Reply;

  constructor({ parts, presence, deadlines, send }: ClientSideOptions) {
    this.#parts = parts;
    this.#presence = presence;
    this.#deadlines = deadlines;
    this.#send = send;
    this.#outletReply = replyThrough(parts.outlet);
  }

  /** `submission` is undefined for messages that nothing was asked about. */
  pass(frame: Frame, reception: Reception, submission: Submission | undefined): void {
    this.#parts.reporter.message("client", frame, reception.requestId);
    switch (frame.kind) {
      case "request":
        return this.#passRequest(frame, reception, submission);
      case "notification":
        return this.#passNotification(frame, submission);
      case "response":
        return this.#passResponse(frame);
    }
  }

  /** Answers the requests among the messages with an error; none is passed. */
  answer({ frames }: ClientMessages, { reply = this.#outletReply, requestId }: Reception, error: GatewayError): void {
    const { reporter } = this.#parts;
    reporter.refused(error, requestId);
    for (const frame of frames) {
      if (frame.kind !== "request") continue;
      const answer = faultFrame(frame.id, error, requestId);
      reporter.turnedAway(frame, answer);
      reply.answer(answer);
    }
  }

  #passRequest(frame: RequestFrame, reception: Reception, submission: Submission | undefined): void {
    const { context, recorder, reporter, exchanges } = this.#parts;
    const { admission, screen } = context;
    const records = submission && admission?.open(submission, frame);
    const screened = submission && screen?.request(submission.principal, submission.server, frame);
    const relayed = screened?.frame ?? frame;
    if (screened?.answer === undefined) recorder.message(relayed);
    const span = reporter.call(relayed, reception.requestId);
    this.#open(relayed, reception, { records, revise: screened?.revise, span });
    if (screened?.answer !== undefined) return void exchanges.answer(screened.answer);
    const trace = span?.context;
    this.#send(trace === undefined ? relayed : withTraceContext(relayed, trace), reception.caller);
  }

  #open(
    frame: RequestFrame,
    { requestId, reply = this.#outletReply, timeoutMs }: Reception,
    parts: Pick<Opening, "records" | "revise" | "span">,
  ): void {
    const times = this.#deadlines.timesFor(timeoutMs);
    const startedAt = this.#presence.activeAt;
    this.#parts.exchanges.open(frame, { requestId, reply, startedAt, ...times, ...parts });
  }

  #passNotification(frame: NotificationFrame, submission: Submission | undefined): void {
    const { screen } = this.#parts.context;
    if (submission !== undefined && screen?.passes(submission.principal, submission.server, frame) === false) return;
    this.#parts.recorder.message(frame);
    this.#send(frame);
    if (frame.method !== methods.cancelled) return;
    const id = frame.params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    // The server need not respond to a cancelled request (MCP, utilities, cancellation), so the exchange ends here.
    this.#parts.exchanges.cancel(id);
  }

  #passResponse(frame: ResponseFrame): void {
    // Not relayed: the server could take it for the response to a later request of its own.
    if (!this.#parts.serverRequests.take(frame.id)) return;
    this.#send(frame);
    this.#deadlines.answered(this.#presence.activeAt);
  }
}

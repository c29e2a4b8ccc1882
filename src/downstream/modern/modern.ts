import type { IncomingMessage, ServerResponse } from "node:http";
import { DelayQueue } from "../../lib/delay-queue.ts";
import type { ClientMessages } from "../../protocol/client-frame.ts";
import { MODERN_REVISION, modernMethods } from "../../protocol/eras/modern.ts";
import { readRequest } from "../../protocol/eras/modern-request.ts";
import { checkHeaderParams } from "../../protocol/eras/param-headers.ts";
import { GatewayError, refusalOf } from "../../protocol/errors.ts";
import type { RequestFrame } from "../../protocol/frame.ts";
import type { DownstreamContext, Visit } from "../context.ts";
import { answerForm } from "../streamable/answer-form.ts";
import { ModernAnswer } from "./modern-answer.ts";

/**
 * After this time, or up to twice as long, an answer becomes an event stream, so that proxies see something. Not sooner, because an
 * error has its HTTP status only in a JSON body.
 */
const STREAM_AFTER_MS = 1_000;

/** Streamable HTTP without sessions (MCP 2026-07-28, transports, Streamable HTTP): each POST is one request, complete in itself. */
export class ModernDownstream {
  readonly #context: DownstreamContext;
  readonly #undecided: DelayQueue<ModernAnswer>;

  constructor(context: DownstreamContext) {
    this.#context = context;
    this.#undecided = new DelayQueue(STREAM_AFTER_MS, (answer) => context.streams.guard(() => answer.startStream()));
  }

  async post(
    request: IncomingMessage,
    response: ServerResponse,
    visit: Visit,
    { frames, isBatch }: ClientMessages,
  ): Promise<void> {
    const [frame] = frames;
    if (isBatch || frame === undefined) {
      throw new GatewayError("invalid_request", `MCP ${MODERN_REVISION} has no batches; send one message at a time.`);
    }
    if (frame.kind === "response") {
      throw new GatewayError("invalid_request", `Clients of MCP ${MODERN_REVISION} send no responses.`);
    }
    if (frame.kind === "notification") {
      // The revision defines none that a client could send over HTTP; whatever it is, it concerns no request.
      response.writeHead(202, { "Content-Length": 0 }).end();
      return;
    }
    try {
      const answer = this.#answer(request, response, frame);
      const passed = this.#pass(request, visit, frame, answer);
      answer.begin(passed instanceof Promise ? await passed : passed);
    } catch (error) {
      throw refusalOf(error, frame.id);
    }
  }

  #answer({ headers }: IncomingMessage, response: ServerResponse, { method }: RequestFrame): ModernAnswer {
    const form = answerForm(headers.accept);
    const isListen = method === modernMethods.listen;
    if (isListen && form === "json") {
      throw new GatewayError("not_acceptable", "A listen is an event stream: send Accept: text/event-stream.");
    }
    const { streams } = this.#context;
    return new ModernAnswer(response, { form, isListen, streams, undecided: this.#undecided });
  }

  #pass({ headers }: IncomingMessage, visit: Visit, frame: RequestFrame, reply: ModernAnswer) {
    const { principal, server, requestId, onQuota, caller } = visit;
    const { admission, modern, visibility } = this.#context;
    const envelope = readRequest(frame, headers);
    const messages = { frames: [frame], isBatch: false };
    admission?.foresee({ principal, server, sessionId: "", transport: "modern", messages, reception: { requestId } });
    const args = frame.params?.["arguments"];
    const tool = frame.params?.["name"];
    return modern.call({
      principal,
      server,
      requestId,
      frame,
      envelope,
      reply,
      onQuota,
      caller,
      checkParams: (params) => {
        if (reply.hasLeft) throw new GatewayError("session_ended", "The client has closed the stream of the request.");
        // What is wanted of the caller of a tool that it may not use is not told to it.
        if (typeof tool === "string" && !visibility.mayCall(principal, server, tool)) return;
        checkHeaderParams(params, args, headers);
      },
    });
  }
}

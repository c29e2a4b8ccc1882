import type { ServerResponse } from "node:http";
import { toGatewayError } from "../../protocol/errors.ts";
import type { NotificationFrame, ResponseFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import { resultText } from "../../protocol/result-text.ts";
import type { Visit } from "../context.ts";
import { EventStream } from "../event-stream.ts";
import type { RestContext } from "./context.ts";
import { problemOf } from "./problem.ts";
import { rpcFailure } from "./rpc-failure.ts";

/** A call answered as events: `progress` and `log` as they come, then exactly one `result` or `error` (a problem). */
export class CallStream {
  readonly #events: EventStream;
  readonly #context: RestContext;
  readonly #visit: Visit;
  #isClogged = false;
  #lastId = 0;

  constructor(response: ServerResponse, context: RestContext, visit: Visit) {
    this.#context = context;
    this.#visit = visit;
    this.#events = new EventStream(response, {
      heartbeats: context.heartbeats,
      bufferBytes: context.limits.streamBytes,
      stallMs: context.limits.stallMs,
      onClogged: () => (this.#isClogged = true),
      onDrained: () => (this.#isClogged = false),
      onClosed: () => undefined,
    });
  }

  notify({ method, params = {} }: NotificationFrame): void {
    // A slow reader misses what is only on the way: the server is not held up for one call among others.
    if (this.#isClogged) return;
    const { progressToken: _token, _meta, ...shown } = params;
    if (method === methods.progress) this.#send("progress", JSON.stringify(shown));
    if (method === methods.message) this.#send("log", JSON.stringify(shown));
  }

  finish(frame: ResponseFrame, tool: string): void {
    if (frame.failed) return this.fail(rpcFailure(frame, this.#visit.server, tool), tool);
    this.#send("result", resultText(frame.line));
    this.#events.end();
  }

  fail(thrown: unknown, tool: string): void {
    const { requestId, server } = this.#visit;
    const { exposeStderr } = this.#context.settings;
    const problem = problemOf(toGatewayError(thrown), { requestId, server, tool, accept: undefined, exposeStderr });
    this.#send("error", JSON.stringify(problem));
    this.#events.end();
  }

  #send(event: string, data: string | Buffer): void {
    this.#events.send(data, { event, id: String(++this.#lastId) });
  }
}

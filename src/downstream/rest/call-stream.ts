import type { ServerResponse } from "node:http";
import type { Line } from "../../lib/lines.ts";
import { toGatewayError } from "../../protocol/errors.ts";
import type { NotificationFrame, ResponseFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import { resultText } from "../../protocol/result-text.ts";
import type { Visit } from "../context.ts";
import { EventStream } from "../event-stream.ts";
import type { RestContext } from "./context.ts";
import { problemOf } from "./problem.ts";
import { truncateResult } from "./truncate.ts";
import { rpcFailure } from "./rpc-failure.ts";

/** A call whose response is an event stream: `progress` and `log` events, then exactly one `result` or `error` (a problem body). */
export class CallStream {
  readonly #context: RestContext;
  readonly #visit: Visit;
  #events: EventStream | undefined;
  #isClogged = false;
  #lastId = 0;

  constructor(context: RestContext, visit: Visit) {
    this.#context = context;
    this.#visit = visit;
  }

  /** Called once the call was sent: from here on errors are sent as events too. */
  begin(response: ServerResponse): void {
    this.#events = new EventStream(response, this.#context.streams, {
      onClogged: () => (this.#isClogged = true),
      onDrained: () => (this.#isClogged = false),
      onClosed: () => undefined,
    });
  }

  notify({ method, params = {} }: NotificationFrame): void {
    // A slow reader misses progress and logs: the server is not paused for one of several calls.
    if (this.#isClogged) return;
    const { progressToken: _token, _meta, ...shown } = params;
    if (method === methods.progress) this.#send("progress", JSON.stringify(shown));
    if (method === methods.message) this.#send("log", JSON.stringify(shown));
  }

  finish(frame: ResponseFrame, tool: string): void {
    if (frame.failed) return this.fail(rpcFailure(frame, this.#visit.server, tool), tool);
    this.#send("result", truncateResult(resultText(frame.line), this.#context.settings.maxResponseChars).result);
    this.#events?.end();
  }

  fail(thrown: unknown, tool: string): void {
    const problem = problemOf(toGatewayError(thrown), { ...this.#visit, tool, accept: undefined });
    this.#send("error", JSON.stringify(problem));
    this.#events?.end();
  }

  #send(event: string, data: Line): void {
    this.#events?.send(data, { event, id: String(++this.#lastId) });
  }
}

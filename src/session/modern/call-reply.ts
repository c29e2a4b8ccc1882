import { listenResult } from "../../protocol/eras/listen.ts";
import { withProgressToken, withResponseId, withSubscriptionId } from "../../protocol/eras/ids.ts";
import { isLogged, type LogLevel } from "../../protocol/eras/modern-request.ts";
import type { Reply } from "../../protocol/exchange.ts";
import type { NotificationFrame, ProgressToken, ResponseFrame } from "../../protocol/frame.ts";
import { resultLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";

export interface CallReplyOptions {
  readonly reply: Reply;
  /** The id and the token that the client chose. */
  readonly id: RequestId;
  readonly token: ProgressToken | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly isListen: boolean;
  /** It waits for nothing any more. */
  readonly onOver: () => void;
}

/** Where the answer of one call in a shared process goes: with the ids that its client knows. */
export class CallReply implements Reply {
  readonly #options: CallReplyOptions;

  constructor(options: CallReplyOptions) {
    this.#options = options;
  }

  get isListen(): boolean {
    return this.#options.isListen;
  }

  message(frame: NotificationFrame): void {
    const { reply, token } = this.#options;
    if (frame.method === methods.progress && token !== undefined) reply.message(withProgressToken(frame, token));
  }

  /** A notification on the stream of a listen. */
  tell(frame: NotificationFrame): void {
    const { reply, id, isListen } = this.#options;
    if (isListen) reply.message(withSubscriptionId(frame, id));
  }

  /** A log message that can only be of this call. */
  log(frame: NotificationFrame): void {
    const { reply, logLevel } = this.#options;
    if (logLevel !== undefined && isLogged(frame.params?.["level"], logLevel)) reply.message(frame);
  }

  answer(frame: ResponseFrame): void {
    const { reply, id, isListen, onOver } = this.#options;
    onOver();
    if (!isListen) return reply.answer(withResponseId(frame, id));
    // The process was not needed any more; nothing has gone wrong.
    if (frame.fault?.reason === "session_ended") {
      return reply.answer({ kind: "response", id, failed: false, line: resultLine(id, listenResult(id)) });
    }
    reply.answer(withSubscriptionId(withResponseId(frame, id), id));
  }

  withdrawn(): void {
    const { reply, onOver } = this.#options;
    onOver();
    reply.withdrawn();
  }
}

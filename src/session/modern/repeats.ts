import type { RequestFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import type { OpenRequest } from "../../protocol/upstream.ts";

/** The requests that a server had not run when it forgot its session. Each is sent again once. */
export class Repeats {
  #waiting: readonly RequestFrame[] = [];
  readonly #repeated = new WeakSet<RequestFrame>();

  /** Those that may be sent again. */
  among(open: readonly OpenRequest[], isWaitedFor: (id: RequestId) => boolean): readonly RequestFrame[] {
    return open.flatMap(({ frame, mayHaveRun }) =>
      mayHaveRun || !isWaitedFor(frame.id) || this.#repeated.has(frame) ? [] : [frame],
    );
  }

  /** They wait for the new session. */
  keep(frames: readonly RequestFrame[]): void {
    for (const frame of frames) this.#repeated.add(frame);
    this.#waiting = frames;
  }

  take(): readonly RequestFrame[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

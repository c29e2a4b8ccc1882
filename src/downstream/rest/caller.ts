import type { ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import type { Deadline } from "./deadline.ts";

/** The caller that waits for the result of a call. */
export class Caller {
  readonly deadline: Deadline;
  readonly response: ServerResponse;
  /** The response is stored under an idempotency key: the call runs on even if its caller leaves. */
  readonly isKept: boolean;

  constructor(deadline: Deadline, response: ServerResponse, isKept: boolean) {
    this.deadline = deadline;
    this.response = response;
    this.isKept = isKept;
  }

  /**
   * Whether the caller has disconnected. A response queued behind another one (pipelining) is not marked as destroyed, but its
   * socket is.
   */
  get hasLeft(): boolean {
    return !this.isKept && (this.response.destroyed || this.response.req.socket.destroyed);
  }

  refuseIfLeft(): void {
    if (this.hasLeft) throw callerLeft();
  }

  /** Runs once, when the caller leaves or the response is finished. */
  onLeave(left: () => void): void {
    if (!this.isKept) this.response.once("close", left);
  }

  offLeave(left: () => void): void {
    this.response.off("close", left);
  }
}

/** Only logged: there is no one left to receive it. */
export const callerLeft = (): GatewayError => new GatewayError("session_ended", "The caller disconnected.");

import type { ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import type { Deadline } from "./deadline.ts";

/** Who waits for the answer of a call. */
export class Caller {
  readonly deadline: Deadline;
  readonly response: ServerResponse;
  /** The answer is kept for who comes back with the same key: the call runs although its caller has left. */
  readonly isKept: boolean;

  constructor(deadline: Deadline, response: ServerResponse, isKept: boolean) {
    this.deadline = deadline;
    this.response = response;
    this.isKept = isKept;
  }

  /** Nobody wants the answer any more. A response that waits behind another one (pipelining) does not say so: its socket does. */
  get hasLeft(): boolean {
    return !this.isKept && (this.response.destroyed || this.response.req.socket.destroyed);
  }

  refuseIfLeft(): void {
    if (this.hasLeft) throw callerLeft();
  }

  /** Runs once when the caller leaves, or when it is answered. */
  onLeave(left: () => void): void {
    if (!this.isKept) this.response.once("close", left);
  }

  offLeave(left: () => void): void {
    this.response.off("close", left);
  }
}

/** Told to nobody but the log. */
export const callerLeft = (): GatewayError => new GatewayError("session_ended", "The caller disconnected.");

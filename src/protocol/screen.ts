import type { NotificationFrame, RequestFrame, ResponseFrame } from "./frame.ts";
import type { Principal } from "./principal.ts";

/** How a request is treated that may not go on, or be answered, as it is. */
export interface ScreenedRequest {
  /** Relayed in its place. */
  readonly frame?: RequestFrame;
  /** Its answer, without asking the server. */
  readonly answer?: ResponseFrame;
  /** Turns the server's answer into what the client may see. May throw a GatewayError, which is the answer then. */
  readonly revise?: (answer: ResponseFrame) => ResponseFrame;
}

/** Keeps from a client what it may not see of a server, on every transport. */
export interface Screen {
  /** Undefined when the request is relayed, and answered, as it is. */
  request(principal: Principal, server: string, frame: RequestFrame): ScreenedRequest | undefined;
  /** Whether a notification of the client is relayed. */
  passes(principal: Principal, server: string, frame: NotificationFrame): boolean;
  /** Whether a notification of the server is delivered. */
  delivers(principal: Principal, server: string, frame: NotificationFrame): boolean;
}

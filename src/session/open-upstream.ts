import type { GatewayError } from "../protocol/errors.ts";
import type { OpenRequest, Upstream } from "../protocol/upstream.ts";
import { GreetedUpstream, type GreetedOptions } from "./greeted-upstream.ts";
import type { SessionRecord } from "./session-record.ts";

export interface OpeningOptions extends Omit<GreetedOptions, "record"> {
  /** The handshake to replay on the client's behalf; undefined when the client initializes the server itself. */
  readonly record: SessionRecord | undefined;
}

/** Connects to the server of a session. Throws when the start is refused immediately; `ended` is only called later. */
export function openUpstream({ record, ...options }: OpeningOptions): Upstream {
  let isOpen = false;
  let refusal: GatewayError | undefined;
  const listener = {
    ...options.listener,
    ended: (error: GatewayError, open?: readonly OpenRequest[]) => {
      if (isOpen) options.listener.ended(error, open);
      else refusal = error;
    },
  };
  const upstream =
    record === undefined
      ? options.connect(options.destination, listener)
      : new GreetedUpstream({ ...options, listener, record });
  if (refusal !== undefined) throw refusal;
  isOpen = true;
  return upstream;
}

import { brokenError, isLostSession } from "./failure.ts";
import type { Outcome } from "./call-listener.ts";
import type { WireRequest } from "./wire-call.ts";
import type { Wire } from "./wire.ts";

export interface PingListener {
  /** The server has answered. */
  heard(): void;
  /** It does not know the session any more. */
  lost(): void;
}

/** Sends a ping. What it says does not matter, only that it says something. */
export function sendPing(wire: Wire, request: WireRequest, { heard, lost }: PingListener): void {
  const { circuit, server } = wire.remote;
  wire.start(request, {
    begun: heard,
    ...ignoring((outcome) => {
      if (outcome.kind === "status" && isLostSession(outcome)) return lost();
      if (outcome.kind === "broken" && outcome.wasSent) circuit.failed(brokenError(server, outcome));
    }),
  });
}

/** A listener for a response of which only the end matters. */
export const ignoring = (
  over: (outcome: Outcome) => void,
): { event: () => void; json: () => void; tooLong: () => void; over: (outcome: Outcome) => void } => ({
  event: () => undefined,
  json: () => undefined,
  tooLong: () => undefined,
  over,
});

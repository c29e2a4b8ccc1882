import { Clock } from "../lib/clock.ts";
import { guarded, type Emit } from "../protocol/events.ts";

/** An open event stream, as the shared timers see it. */
export interface TendedStream {
  /** Writes a comment, so that proxies and clients do not close an idle connection. */
  beat(): void;
  /** Checks whether the reader has taken anything since the last check, and disconnects one that has stalled. */
  look(): void;
}

export interface StreamLimits {
  /** Bytes that may be buffered for a slow reader before its server is paused. */
  readonly bufferBytes: number;
  /** How long a reader with buffered data may take nothing; Infinity means no limit. */
  readonly stallMs: number;
  readonly heartbeatMs: number;
}

const FAILED = "an event stream failed";
/** The number of stall checks within `stallMs`. */
const LOOKS = 4;

/** The limits and timers shared by all event streams of a gateway. */
export class StreamCare {
  readonly limits: StreamLimits;
  readonly heartbeats: Clock<TendedStream>;
  /** Streams with buffered data. */
  readonly stalls: Clock<TendedStream>;
  readonly emit: Emit;

  constructor(limits: StreamLimits, emit: Emit) {
    this.limits = limits;
    this.emit = emit;
    this.heartbeats = new Clock(limits.heartbeatMs, (stream) => this.guard(() => stream.beat()));
    this.stalls = new Clock(limits.stallMs / LOOKS, (stream) => this.guard(() => stream.look()));
  }

  /** Runs the callback of a socket event; an error is reported and not rethrown. */
  guard(run: () => void): void {
    guarded(this.emit, FAILED, run);
  }

  report(cause: unknown): void {
    this.emit({ type: "trouble", what: FAILED, cause });
  }
}

import { Clock } from "../lib/clock.ts";
import { guarded, type Emit } from "../protocol/events.ts";

/** What the clocks look after: an open event stream. */
export interface TendedStream {
  /** Writes something that means nothing, lest a proxy or a client takes silence for death. */
  beat(): void;
  /** Has the reader taken anything since the last look? One who takes nothing for too long is cut off. */
  look(): void;
}

export interface StreamLimits {
  /** Bytes that may wait for a slow reader before its server is made to wait. */
  readonly bufferBytes: number;
  /** How long a reader for whom something waits may take nothing at all; Infinity for ever. */
  readonly stallMs: number;
  readonly heartbeatMs: number;
}

const FAILED = "an event stream failed";
/** How often within `stallMs` a stream for whose reader something waits is looked at. */
const LOOKS = 4;

/** What all event streams of a gateway share: their limits, and the clocks that look after them. */
export class StreamCare {
  readonly limits: StreamLimits;
  readonly heartbeats: Clock<TendedStream>;
  /** Streams for whose readers something waits. */
  readonly stalls: Clock<TendedStream>;
  readonly emit: Emit;

  constructor(limits: StreamLimits, emit: Emit) {
    this.limits = limits;
    this.emit = emit;
    this.heartbeats = new Clock(limits.heartbeatMs, (stream) => this.guard(() => stream.beat()));
    this.stalls = new Clock(limits.stallMs / LOOKS, (stream) => this.guard(() => stream.look()));
  }

  /** For whatever the events of a socket set off. */
  guard(run: () => void): void {
    guarded(this.emit, FAILED, run);
  }

  report(cause: unknown): void {
    this.emit({ type: "trouble", what: FAILED, cause });
  }
}

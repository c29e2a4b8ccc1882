import { readClientMessages, type ClientMessages } from "../../src/protocol/client-frame.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { Reply } from "../../src/protocol/exchange.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { RequestId } from "../../src/protocol/jsonrpc.ts";
import type { EndReason, Outlet } from "../../src/protocol/session.ts";
import { readServerLine } from "../../src/protocol/server-frame.ts";
import type { Connect, ServerSettings, Upstream, UpstreamListener } from "../../src/protocol/upstream.ts";
import { SessionRecords, type RecordLimits } from "../../src/session/records.ts";

// Both ends of a session: the server behind its upstream, and the client behind its outlet.

/** A server that does what the test says and records what it receives. */
export class FakeServer implements Upstream {
  readonly sent: unknown[] = [];
  readonly lines: string[] = [];
  readonly frames: Frame[] = [];
  readonly listener: UpstreamListener;
  isPaused = false;
  isFull = false;
  closings = 0;
  /** What `close` waits for. */
  gone: Promise<void> = Promise.resolve();

  constructor(listener: UpstreamListener) {
    this.listener = listener;
  }

  checkRoom(): void {
    if (this.isFull) throw new GatewayError("queue_full", "The server does not read.");
  }

  send(frame: Frame): void {
    const { line } = frame;
    this.frames.push(frame);
    this.lines.push(line.toString());
    this.sent.push(JSON.parse(line.toString()));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): Promise<void> {
    this.closings++;
    return this.gone;
  }

  /** Writes one message. */
  says(message: object): void {
    const frame = readServerLine(JSON.stringify({ jsonrpc: "2.0", ...message }));
    if (frame === undefined || frame.kind === "none") throw new Error("the fake server wrote no message");
    this.listener.frame(frame);
  }
}

/** The servers in the order of their start. */
export function fakeServers(): { readonly connect: Connect; readonly servers: FakeServer[] } {
  const servers: FakeServer[] = [];
  const connect: Connect = (_label, listener) => {
    const server = new FakeServer(listener);
    servers.push(server);
    return server;
  };
  return { connect, servers };
}

/** A client that records what it receives. */
export class FakeClient implements Outlet {
  isConnected = true;
  readonly got: unknown[] = [];
  readonly lines: string[] = [];
  readonly requestIds: (RequestId | undefined)[] = [];
  readonly cancelledIds: RequestId[] = [];
  readonly ends: (readonly [EndReason, GatewayError | undefined])[] = [];

  deliver(frame: Frame): void {
    this.#note(frame, frame.kind === "response" ? frame.id : undefined);
  }

  /** The reply for requests of this client. */
  replyTo(id: RequestId): Reply {
    return {
      message: (frame) => this.#note(frame, id),
      answer: (frame) => this.#note(frame, id),
      withdrawn: () => this.cancelledIds.push(id),
    };
  }

  ended(reason: EndReason, error: GatewayError | undefined): void {
    this.ends.push([reason, error]);
  }

  #note(frame: Frame, requestId: RequestId | undefined): void {
    this.lines.push(frame.line.toString());
    this.got.push(JSON.parse(frame.line.toString()));
    this.requestIds.push(requestId);
  }
}

/** One message of a client, or a batch of them, as its downstream reads it. */
export function clientMessages(message: object | readonly object[]): ClientMessages {
  const whole = (one: object): object => Object.assign({ jsonrpc: "2.0" }, one);
  return readClientMessages(JSON.stringify(Array.isArray(message) ? message.map(whole) : whole(message)));
}

export const settingsOf = (): ServerSettings => ({
  isStateful: false,
  timeoutMs: undefined,
  era: "auto",
  isolation: "principal",
  fingerprint: "one",
});

export function memoryRecords(limits: Partial<RecordLimits> = {}): SessionRecords {
  return new SessionRecords({
    limits: { retentionMs: 86_400_000, records: 100, recordsPerPrincipal: 50, size: 100_000, ...limits },
    secret: Buffer.alloc(32, 1),
    fingerprintOf: () => "one",
  });
}

export function fakeEvents(tracing = false) {
  const emitted: GatewayEvent[] = [];
  return {
    emitted,
    events: { emit: (event: GatewayEvent) => emitted.push(event), tracing, exchanges: true, logsRequests: false },
  };
}

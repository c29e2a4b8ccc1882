import type { GatewayError } from "./errors.ts";
import type { ExchangeOutcome } from "./exchange.ts";
import type { Line } from "../lib/lines.ts";
import type { MessageRecorder } from "./recording.ts";
import type { EndReason, Transport } from "./session.ts";
import type { Spans } from "./spans.ts";

interface SessionRef {
  readonly server: string;
  readonly sessionId: string;
}

/** Every event that the log, metrics and audit can subscribe to. */
export type GatewayEvent =
  | { type: "request"; requestId: string; method: string; path: string; status: number; ms: number }
  | {
      type: "refused";
      requestId: string;
      method: string;
      path: string;
      address?: string | undefined;
      error: GatewayError;
    }
  /** Messages of a session that were refused with an answer over MCP, while their HTTP request was not. */
  | ({ type: "session.refused"; requestId: string; error: GatewayError } & SessionRef)
  | ({ type: "session.opened"; transport: Transport; principal: string; requestId: string } & SessionRef)
  | ({ type: "session.closed"; transport: Transport; reason: EndReason; requests: number } & SessionRef)
  | ({ type: "session.hibernated"; reason: EndReason } & SessionRef)
  | ({ type: "session.woken" } & SessionRef)
  | ({ type: "session.message"; from: "client" | "server"; line: Line; requestId: string | undefined } & SessionRef)
  | ({
      type: "exchange";
      transport: Transport;
      principal: string;
      requestId: string;
      method: string;
      /** The name in a `tools/call`, as the client wrote it: any text. */
      tool: string | undefined;
      outcome: ExchangeOutcome;
      ms: number;
    } & SessionRef)
  | ({ type: "tools.listed"; line: Line } & SessionRef)
  | ({ type: "session.timeout"; method: string; afterMs: number } & SessionRef)
  | ({
      type: "server.started";
      pid: number;
      command: string;
      isWarm: boolean;
      requestId: string | undefined;
    } & SessionRef)
  | ({ type: "server.ready"; pid: number; ms: number } & SessionRef)
  | ({ type: "server.adopted"; pid: number } & SessionRef)
  | ({ type: "server.exited"; pid: number; code: number | null; signal: string | null; asked: boolean } & SessionRef)
  /** `wasReady`: it had started, so that the next session may find it well. */
  | ({ type: "server.failed"; error: GatewayError; wasReady?: boolean } & SessionRef)
  | ({ type: "server.stderr"; text: string; dropped: number } & SessionRef)
  | ({ type: "server.garbage"; sample: string; dropped: number } & SessionRef)
  | ({ type: "server.bad-message"; why: string; dropped: number } & SessionRef)
  | { type: "store.lost"; reason: string }
  | { type: "store.back" }
  | { type: "audit.failed"; cause: unknown }
  | { type: "audit.back" }
  | { type: "audit.dropped"; lines: number }
  /** Somebody did something in the console. */
  | { type: "operated"; requestId: string; principal: string; action: OperatorAction; server: string }
  | { type: "modern-only"; server: string }
  | ({ type: "server.connected" } & SessionRef)
  | ({ type: "server.forgot" } & SessionRef)
  | { type: "origin.paused"; origin: string; error: GatewayError }
  | { type: "origin.away"; origin: string; error: GatewayError; waitMs: number }
  | { type: "origin.resumed"; origin: string }
  | { type: "client.garbage"; sample: string; why: string; dropped: number }
  | { type: "trouble"; what: string; cause: unknown };

export type OperatorAction = "end session" | "stop server" | "list tools" | "call again";

export type Emit = (event: GatewayEvent) => void;

/** The events of one gateway. `tracing` is true when a listener wants every message: check it before creating such an event. */
export interface Events {
  readonly emit: Emit;
  readonly tracing: boolean;
  /** True when a listener wants every exchange: check it before creating such an event. */
  readonly exchanges: boolean;
  /** True when HTTP requests are logged. */
  readonly logsRequests: boolean;
  /** Undefined unless a trace is on. */
  readonly spans?: Spans | undefined;
  /** Undefined unless messages are recorded. */
  readonly recorder?: MessageRecorder | undefined;
}

/**
 * Runs the callback of a timer, a socket, a stream or a child process. An error is reported and not rethrown: thrown out of such
 * a callback it would end the process.
 */
export function guarded(emit: Emit, what: string, run: () => void): void {
  try {
    run();
  } catch (cause) {
    emit({ type: "trouble", what, cause });
  }
}

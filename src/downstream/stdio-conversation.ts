import type { ClientMessages } from "../protocol/client-frame.ts";
import type { Frame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { anonymous } from "../protocol/principal.ts";
import type { Outlet, Session, SessionOpener, Transport } from "../protocol/session.ts";

/** The messages of one era, and the session that they belong to. */
export class Conversation implements Outlet {
  readonly isConnected = true;
  readonly deliver: (frame: Frame) => void;
  readonly #sessions: SessionOpener;
  readonly #server: string;
  readonly #transport: Transport;
  #session: Session | undefined;
  #isPaused = false;

  constructor(sessions: SessionOpener, server: string, transport: Transport, deliver: (frame: Frame) => void) {
    this.deliver = deliver;
    this.#sessions = sessions;
    this.#server = server;
    this.#transport = transport;
  }

  waitsFor(id: RequestId): boolean {
    return this.#session?.waitsFor(id) === true;
  }

  /** Throws a GatewayError when they are refused. */
  receive(messages: ClientMessages): void {
    this.#session ??= this.#open();
    // It lasts until one side ends it (MCP 2026-07-28, patterns, subscriptions).
    const isLasting = messages.frames.some(
      (frame) => frame.kind === "request" && frame.method === "subscriptions/listen",
    );
    // Without an admission it is never asked to wait.
    void this.#session.receive(messages, { requestId: "", ...(isLasting && { timeoutMs: Number.POSITIVE_INFINITY }) });
  }

  pause(): void {
    this.#isPaused = true;
    this.#session?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#session?.resume();
  }

  /** The next message begins another session. */
  ended(): void {
    this.#session = undefined;
  }

  #open(): Session {
    const session = this.#sessions.open({
      principal: anonymous,
      server: this.#server,
      transport: this.#transport,
      requestId: "",
      outlet: () => this,
    });
    if (this.#isPaused) session.pause();
    return session;
  }
}
